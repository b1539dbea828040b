"""The Patchrooms door does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from schemathesis.generation.case import Case

from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.patchrooms.routes import OPERATIONS
from tests.contract.patchrooms.api import WEBM, Api, audio, failure, picture, report, screenshot, text
from tests.harness.cast import Cast
from tests.schema.conftest import ON_ENGINES, House
from tests.schema.trial import Json, Refusal, Trial

pytestmark = [pytest.mark.hypothesis, ON_ENGINES]

LABELS = [f"{operation.method} {PatchroomsDoor.prefix}{operation.path}" for operation in OPERATIONS]
KEYED = [label for label, operation in zip(LABELS, OPERATIONS, strict=True) if not operation.public]
PLACED = [label for label in LABELS if "{" in label]

INGEST = "POST /api/v1/ingest/{projectKey}"
FEEDBACK = "/api/v1/projects/{projectId}/feedback"
CHANNELS = "/api/v1/projects/{projectId}/channels"
FILE = "GET /api/v1/projects/{projectId}/files/{fileId}"

REFUSALS = {
    INGEST: (
        Refusal(400, r"^Send screenshots and audio as multipart/form-data"),
        Refusal(400, r"^The form has no part .*, which a block names\.$"),
        Refusal(400, r"^No block names the part .*\.$"),
        Refusal(400, r"^Two blocks name the file .*\.$"),
        Refusal(415, r"^A voice note must be WebM or MP4\.$"),
        Refusal(415, r"^A screenshot must be a PNG or a JPEG\.$"),
        Refusal(415, r"^The screenshot can't be read: its header is broken\.$"),
        Refusal(400, r"^Texts must not have NUL characters\.$", rb"\\u0000"),
    ),
    f"POST {CHANNELS}": (Refusal(409, r"^This project already has a channel [a-z0-9-]+\.$"),),
    FILE: (Refusal(416, r"^The file has [\d,]+ bytes; the range lies behind them\.$"),),
}
"""What the document can't tell: which files and parts belong together and what is in them, which keys are taken, how
long a file is, and that no text in free-form JSON has a NUL character."""


@pytest.fixture(scope="module")
def document(house: House) -> Json:
    """The document, with what must name something that is there narrowed to what is there."""
    found: Json = house.http.get("/api/v1/openapi.json").json()
    listing = found["paths"][FEEDBACK]["get"]["parameters"]
    next(each for each in listing if each["name"] == "before")["schema"] = {"enum": list(house.reports)}
    found["components"]["schemas"]["NewHint"]["properties"]["channelKey"] = {"enum": ["bug", "feature"]}
    # schemathesis doesn't look at a text's `contentSchema`.
    plain = found["paths"]["/api/v1/ingest/{projectKey}"]["post"]["requestBody"]["content"]["text/plain"]
    plain["schema"] = {"enum": [json.dumps(report()), json.dumps(report(text("Plain")))]}
    return found


@pytest.fixture
def trial(house: House, document: Json, examples: int, seed: int) -> Trial:
    owner = house.cast.owner
    named = {
        "projectId": owner.project.id,
        "projectKey": owner.project.project_key,
        "reportId": house.reports[0],
        "fileId": house.files[0],
        "channelKey": house.channel,
    }
    headers = {"Authorization": f"Bearer {owner.key}"}
    return Trial(str(house.http.base_url), document, headers, named, examples, seed=seed)


@pytest.mark.parametrize("label", LABELS)
def test_answers_are_as_described(trial: Trial, label: str) -> None:
    numbers = itertools.count(1)

    def name_new_channel(case: Case[Any]) -> None:
        """The default channel's key, which the document's example has, is taken."""
        positive = case.meta is not None and case.meta.generation.mode.is_positive
        if positive and isinstance(case.body, dict) and case.body.get("key") == "bug":
            case.body["key"] = f"new-{next(numbers)}"

    outcome = replace(trial, refusals=REFUSALS.get(label, ()), prepare=name_new_channel).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.reached, outcome.statuses


@pytest.mark.parametrize("label", PLACED)
def test_answers_are_as_described_at_any_place(trial: Trial, label: str) -> None:
    """With the paths' names made up as well, most of which stand for nothing or another's."""
    accepted = ("2xx", "403", "404")
    elsewhere = replace(trial, parameters={}, accepted=accepted, refused=(*trial.refused, "403"))
    outcome = elsewhere.run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)


def test_whole_numbers_may_be_written_with_a_point(house: House) -> None:
    """To JSON Schema 1200.0 is as whole as 1200; 1200.5 isn't."""
    owner = house.cast.owner
    api = Api(house.http, owner.project.id, owner.project.project_key, owner.key)
    sent = report(screenshot() | {"width": 7.0, "height": 5.0}, audio() | {"durationMs": 1200.0})
    shot, voice = api.stored(api.send_form(sent, ("shot", picture()), ("voice", WEBM)))["blocks"]
    assert (shot["width"], shot["height"], voice["durationMs"]) == (7, 5, 1200)
    assert all(isinstance(number, int) for number in (shot["width"], shot["height"], voice["durationMs"]))
    half = report(audio() | {"durationMs": 1200.5})
    assert failure(api.send_form(half, ("voice", WEBM))) == (400, "BAD_REQUEST")


def test_stories_are_as_described(trial: Trial) -> None:
    """One request after another, with what the ones before it answered."""
    place = {name: trial.parameters[name] for name in ("projectId", "projectKey")}
    accepted = ("2xx", "304", "400", "404", "409", "416")
    outcome = replace(trial, parameters=place, accepted=accepted).run_stories()
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.reached, outcome.statuses


@pytest.mark.parametrize("label", KEYED)
def test_nobody_is_told_to_show_a_key(trial: Trial, label: str) -> None:
    """Without a key, and with made-up ones."""
    outcome = replace(trial.with_headers({}, 401), examples=5).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.statuses.keys() <= {401, 405}


@pytest.mark.parametrize("label", KEYED)
def test_a_wrong_key_opens_nothing(trial: Trial, label: str) -> None:
    headers = {"Authorization": f"Bearer pr_sk_{'x' * 40}"}
    outcome = replace(trial.with_headers(headers, 401), examples=5).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.statuses.keys() <= {401, 405}


@pytest.mark.parametrize("label", KEYED)
def test_the_outsiders_key_opens_nothing(trial: Trial, cast: Cast, label: str) -> None:
    headers = {"Authorization": f"Bearer {cast.outsider.key}"}
    outcome = replace(trial.with_headers(headers, 401, 403), examples=5).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.statuses.keys() <= {401, 403, 405}
    assert outcome.statuses[403]
