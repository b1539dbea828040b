"""The Miniback door does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from schemathesis.generation.case import Case

from backroom.web.miniback.door import MinibackDoor
from backroom.web.miniback.routes import OPERATIONS
from tests.harness.cast import Cast
from tests.schema.conftest import ON_ENGINES, House
from tests.schema.trial import Json, Refusal, Trial

pytestmark = [pytest.mark.hypothesis, ON_ENGINES]

LABELS = [f"{operation.method} {MinibackDoor.prefix}{operation.path}" for operation in OPERATIONS]
KEYED = [label for label, operation in zip(LABELS, OPERATIONS, strict=True) if not operation.public]
PLACED = [label for label in LABELS if "{" in label]

SEND = "POST /api/feedback"
PROJECT = "/api/projects/{projectId}"
SPOILING = {f"PUT {PROJECT}", f"DELETE {PROJECT}", f"POST {PROJECT}/api-key"}
"""What changes or ends a project, or the key to it: tried on another project than the one that has the key."""

NUL = Refusal(400, r"^Context must have no NUL character$", rb"\\u0000")
REFUSALS = {
    SEND: (NUL,),
    f"POST {PROJECT}/feedback": (NUL,),
    "POST /api/projects": (Refusal(400, r"^Slug is already taken$"),),
    f"PUT {PROJECT}": (Refusal(400, r"^Slug is already taken$"),),
}
"""What the document can't tell: which slugs are taken, and that no text in free-form JSON has a NUL character."""


@pytest.fixture(scope="module")
def document(house: House) -> Json:
    """The document, with what must name something that is there narrowed to what is there."""
    found: Json = house.http.get("/api/openapi.json").json()
    project = house.cast.owner.project
    listing = {each["name"]: each for each in found["paths"]["/api/feedback"]["get"]["parameters"]}
    listing["project"]["schema"] = {"enum": [project.id]}
    listing["projectSlug"]["schema"] = {"enum": [project.slug]}
    found["components"]["schemas"]["WidgetFeedbackIn"]["properties"]["projectSlug"] = {"enum": [project.slug]}
    return found


@pytest.fixture
def trial(house: House, document: Json, examples: int, seed: int) -> Trial:
    named = {"projectId": house.cast.owner.project.id, "feedbackId": house.reports[0]}
    return Trial(str(house.http.base_url), document, house.miniback, named, examples, seed=seed)


@pytest.mark.parametrize("label", LABELS)
def test_answers_are_as_described(trial: Trial, house: House, label: str) -> None:
    def give_something_to_delete(case: Case[Any]) -> None:
        if case.method == "DELETE" and case.path_parameters:
            make = {"projectId": house.new_project, "feedbackId": house.new_report}
            case.path_parameters |= {name: make[name]() for name in case.path_parameters}

    named = {**trial.parameters, **({"projectId": house.spare_project} if label in SPOILING else {})}
    refusals = REFUSALS.get(label, ())
    outcome = replace(trial, parameters=named, refusals=refusals, prepare=give_something_to_delete).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.reached, outcome.statuses


def test_answers_to_a_widget_are_as_described(trial: Trial) -> None:
    """Without a key (Miniback, "Routes", B)."""
    used = Refusal(400, r"^This Idempotency-Key was used for another message$")
    outcome = replace(trial, headers={"x-feedback-source": "widget"}, refusals=(NUL, used)).run(SEND)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.reached, outcome.statuses


@pytest.mark.parametrize("label", PLACED)
def test_answers_are_as_described_at_any_place(trial: Trial, label: str) -> None:
    """With the paths' names made up as well, which stand for nothing."""
    elsewhere = replace(trial, parameters={}, accepted=("404",), refused=("400", "404", "413", "415"))
    outcome = elsewhere.run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)


def test_stories_are_as_described(trial: Trial) -> None:
    """One request after another: what was made is there, and what was deleted is gone."""
    accepted = ("2xx", "304", "400", "404")
    stories = replace(trial, parameters={}, accepted=accepted, refused=("400", "404", "413", "415"))
    outcome = stories.run_stories(f"DELETE {PROJECT}", f"POST {PROJECT}/api-key")
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.reached, outcome.statuses


@pytest.mark.parametrize("label", KEYED)
def test_nobody_is_told_to_show_a_key(trial: Trial, label: str) -> None:
    """Without a key, and with made-up ones."""
    outcome = replace(trial.with_headers({}, 401, 403), examples=5).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.statuses.keys() <= {401, 403, 405}
    assert outcome.statuses[401]


@pytest.mark.parametrize("label", KEYED)
def test_a_wrong_key_opens_nothing(trial: Trial, label: str) -> None:
    headers = {"x-api-key": f"mbk_{'x' * 40}"}
    outcome = replace(trial.with_headers(headers, 401, 403), examples=5).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert outcome.statuses.keys() <= {401, 403, 405}
    assert outcome.statuses[403]


@pytest.mark.parametrize("label", [label for label in KEYED if "{" in label])
def test_the_outsiders_key_opens_nothing(trial: Trial, cast: Cast, label: str) -> None:
    headers = {"x-api-key": cast.outsider.miniback_key}
    outcome = replace(trial.with_headers(headers, 400, 401, 403, 404, 415), examples=5).run(label)
    assert not outcome.problems, "\n\n".join(outcome.problems)
    assert not outcome.reached, outcome.statuses
