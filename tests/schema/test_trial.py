"""A trial finds out a document that doesn't tell the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.harness.cast import ALL_SCOPES
from tests.schema.conftest import House
from tests.schema.trial import Json, Refusal, Trial

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

PROJECT = "/api/v1/projects/{projectId}"
CHANNELS = f"{PROJECT}/channels"
FEEDBACK = f"{PROJECT}/feedback"
TAKEN = Refusal(409, "already")


def hide_a_status(document: Json) -> None:
    del document["paths"][CHANNELS]["post"]["responses"]["201"]


def hide_a_failure(document: Json) -> None:
    del document["paths"][CHANNELS]["post"]["responses"]["400"]


def promise_a_field(document: Json) -> None:
    document["components"]["schemas"]["ChannelOut"]["required"].append("colour")


def mistake_a_type(document: Json) -> None:
    document["components"]["schemas"]["ChannelOut"]["properties"]["archived"] = {"type": "string"}


def forget_that_null_is_answered(document: Json) -> None:
    document["components"]["schemas"]["ReportOut"]["properties"]["identity"] = {"type": "object"}


def promise_another_content_type(document: Json) -> None:
    answer = document["paths"][CHANNELS]["get"]["responses"]["200"]
    answer["content"] = {"application/xml": answer["content"].pop("application/json")}


def promise_a_header(document: Json) -> None:
    header = {"required": True, "schema": {"type": "string"}}
    document["paths"][CHANNELS]["get"]["responses"]["200"]["headers"] = {"x-total": header}


def promise_to_take_any_key(document: Json) -> None:
    document["components"]["schemas"]["NewChannel"]["properties"]["key"] = {"type": "string"}


def promise_to_refuse_long_names(document: Json) -> None:
    document["components"]["schemas"]["NewChannel"]["properties"]["name"]["maxLength"] = 10


def promise_that_a_key_is_needed(document: Json) -> None:
    document["paths"]["/api/v1/docs"]["get"]["security"] = [{"secretKey": []}]


def promise_a_method(document: Json) -> None:
    document["paths"][CHANNELS]["put"] = document["paths"][CHANNELS]["post"]


LIES: list[tuple[Callable[[Json], None], str, str]] = [
    (hide_a_status, f"POST {CHANNELS}", "status_code_conformance"),
    (hide_a_failure, f"POST {CHANNELS}", "status_code_conformance"),
    (promise_a_field, f"GET {CHANNELS}", "response_schema_conformance"),
    (mistake_a_type, f"GET {CHANNELS}", "response_schema_conformance"),
    (forget_that_null_is_answered, f"GET {FEEDBACK}", "response_schema_conformance"),
    (promise_another_content_type, f"GET {CHANNELS}", "content_type_conformance"),
    (promise_a_header, f"GET {CHANNELS}", "response_headers_conformance"),
    (promise_to_take_any_key, f"POST {CHANNELS}", "positive_data_acceptance"),
    (promise_to_refuse_long_names, f"POST {CHANNELS}", "negative_data_rejection"),
    (promise_that_a_key_is_needed, "GET /api/v1/docs", "ignored_auth"),
    (promise_a_method, f"PUT {CHANNELS}", "status_code_conformance"),
]


@pytest.fixture
def trial(house: House) -> Trial:
    """On a project of its own: what one trial makes, another that makes the same would find taken."""
    cli, project = house.cast.cli, house.new_project()
    house.new_report(project)
    key = cli("key", "create", "--project", project, *(f"--scope={scope}" for scope in ALL_SCOPES))["key"]
    document: Any = house.http.get("/api/v1/openapi.json").json()
    headers = {"Authorization": f"Bearer {key}"}
    named = {"projectId": project}
    return Trial(str(house.http.base_url), document, headers, named, refusals=(TAKEN,))


@pytest.mark.parametrize(("lie", "label", "check"), LIES, ids=[lie.__name__ for lie, _, _ in LIES])
def test_a_lie_is_found(trial: Trial, lie: Callable[[Json], None], label: str, check: str) -> None:
    lie(trial.document)
    found = {problem.partition(":")[0] for problem in trial.run(label).problems}
    assert check in found


def test_a_lie_is_found_in_a_story(trial: Trial) -> None:
    del trial.document["paths"][FEEDBACK]["get"]["responses"]["200"]
    outcome = replace(trial, accepted=("2xx", "304", "400", "404", "409")).run_stories()
    assert {problem.partition(":")[0] for problem in outcome.problems} == {"status_code_conformance"}


@pytest.mark.parametrize("label", [f"POST {CHANNELS}", f"GET {CHANNELS}"])
def test_the_truth_passes(trial: Trial, label: str) -> None:
    outcome = trial.run(label)
    assert outcome.problems == []
    assert outcome.reached


def test_a_refusal_excuses_only_what_it_names(trial: Trial) -> None:
    for refusals in ((), (Refusal(409, "^Taken$"),), (Refusal(409, "already", b"no such body"),)):
        problems = replace(trial, refusals=refusals).run(f"POST {CHANNELS}").problems
        assert {problem.partition(":")[0] for problem in problems} == {"positive_data_acceptance"}


class Failing(BaseHTTPRequestHandler):
    """A server that answers everything with a 500, in the dialect's words."""

    def do_GET(self) -> None:
        body = b'{"error":"Internal error","code":"INTERNAL"}'
        self.send_response(500)
        for name, value in (("content-type", "application/json"), ("content-length", str(len(body)))):
            self.send_header(name, value)
        self.send_header("x-request-id", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test's output is not its log."""


def test_an_error_of_the_servers_own_is_a_problem_though_it_is_described(trial: Trial) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as failing:
        thread = threading.Thread(target=failing.serve_forever)
        thread.start()
        outcome = replace(trial, url=f"http://127.0.0.1:{failing.server_port}").run(f"GET {CHANNELS}")
        failing.shutdown()
        thread.join()
    assert "not_a_server_error" in {problem.partition(":")[0] for problem in outcome.problems}


def test_a_server_that_is_gone_is_a_problem(trial: Trial) -> None:
    outcome = replace(trial, url="http://127.0.0.1:9").run(f"GET {CHANNELS}")
    assert outcome.problems
    assert not outcome.reached
