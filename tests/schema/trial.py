"""Operations of an OpenAPI document, tried by schemathesis on a running server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import schemathesis
from schemathesis import hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import Status, StopReason, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.case import Case
from schemathesis.openapi.checks import RejectedPositiveData

from tests.harness.processes import PATIENCE

Json = dict[str, Any]

PHASES = ("examples", "coverage", "fuzzing", "stateful")
ACCEPTED = ("2xx", "304")
COUNTED = {"message": 10_000, "name": 80}
REFUSED = ("400", "404", "413", "415", "416")


@dataclass(frozen=True)
class Refusal:
    """A refusal of what the document's schemas allow, as they can't tell all.

    `error` is a pattern of its text, `sent` one of the request's body.
    """

    status: int
    error: str
    sent: bytes = b""

    def matches(self, response: Response) -> bool:
        """Whether the answer is this refusal."""
        body = response.request.body
        sent = body if isinstance(body, bytes) else str(body or "").encode()
        return response.status_code == self.status and self.names(response.json()["error"], sent)

    def names(self, error: str, sent: bytes) -> bool:
        """Whether this is the `error`'s text, and `sent` the body of its request."""
        return bool(re.search(self.error, error) and re.search(self.sent, sent))


@dataclass(frozen=True)
class Outcome:
    """What a trial found: the checks that failed, each with a request to copy, and how often each status came."""

    problems: Sequence[str]
    statuses: Mapping[int, int]

    @property
    def reached(self) -> bool:
        """Whether the operation did its work at least once."""
        return any(200 <= status < 300 for status in self.statuses)


@dataclass(frozen=True)
class Trial:
    """How a document's operations are tried.

    `headers` go with every request. `parameters` are what path parameters stand for (left out, they are made up as
    well). `accepted` and `refused` are the statuses that data may get which the schemas allow and don't allow;
    `refusals` are exceptions from the first. `prepare` may change a request just before it is sent. The same `seed`
    gives the same requests.
    """

    url: str
    document: Json
    headers: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    examples: int = 20
    accepted: Sequence[str] = ACCEPTED
    refused: Sequence[str] = REFUSED
    refusals: Sequence[Refusal] = ()
    prepare: Callable[[Case[Any]], None] = lambda _case: None
    seed: int = 1

    def run(self, label: str) -> Outcome:
        """Tries one operation, `POST /api/feedback`, with its examples, its corner cases, and random requests."""
        config = self._config("examples", "coverage", "fuzzing")
        return self._run(schemathesis.openapi.from_dict(self.document, config=config).include(name=label))

    def run_stories(self, *left_out: str) -> Outcome:
        """Tries all operations but those, one after another, each with what the ones before it answered."""
        schema = schemathesis.openapi.from_dict(self.document, config=self._config("stateful"))
        return self._run(schema.exclude(name=list(left_out)) if left_out else schema)

    def _run(self, schema: schemathesis.BaseSchema) -> Outcome:
        schema.hook(self._filter_failure())
        problems: list[str] = []
        statuses: Counter[int] = Counter()
        with self._prepared():
            for event in from_schema(schema).execute():
                problems += _problems(event)
                if isinstance(event, events.ScenarioFinished):
                    statuses.update(_statuses(event.recorder))
        return Outcome([f"{problem}\n(seed {schema.config.seed})" for problem in problems], statuses)

    def with_headers(self, headers: Mapping[str, str], *allowed: int) -> Trial:
        """The same with other headers, where just these statuses may be answered, whatever is sent."""
        statuses = [str(status) for status in allowed]
        return replace(self, headers=headers, accepted=statuses, refused=statuses)

    def _config(self, *phases: str) -> SchemathesisConfig:
        values: Json = {
            "seed": self.seed,
            "base-url": self.url,
            "headers": dict(self.headers),
            "parameters": {f"path.{name}": value for name, value in self.parameters.items()},
            "request-timeout": PATIENCE,
            "checks": {
                "positive_data_acceptance": {"expected-statuses": list(self.accepted)},
                "negative_data_rejection": {"expected-statuses": list(self.refused)},
            },
            "generation": {"max-examples": self.examples, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
            # What one run found must not change the next.
            "cache": {"enabled": False},
            # The keys are the test's own; a request that can be copied is worth more.
            "output": {"sanitization": {"enabled": False}},
        }
        return SchemathesisConfig.from_dict(values)

    def _filter_failure(self) -> Callable[..., bool]:
        def filter_failure(_context: Any, failure: Failure, _case: Case[Any], response: Response) -> bool:
            named = any(refusal.matches(response) for refusal in self.refusals)
            return not (named and isinstance(failure, RejectedPositiveData))

        return filter_failure

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """Lets `prepare` see every request; schemathesis takes this hook for all schemas at once only."""

        def before_call(_context: Any, case: Case[Any], _kwargs: Json) -> None:
            _lengthen(case)
            self.prepare(case)

        schemathesis.hook(before_call)
        try:
            yield
        finally:
            hooks.unregister(before_call)


def _lengthen(case: Case[Any]) -> None:
    """White space around a text isn't counted, which no schema says: what is too long by that alone gets letters."""
    if isinstance(case.body, dict):
        for name, most in COUNTED.items():
            text = case.body.get(name)
            if isinstance(text, str) and len(text) > most >= len(text.strip()):
                case.body[name] = text.strip().ljust(most + 1, "x")


def _problems(event: events.EngineEvent) -> Iterator[str]:
    """What an event of the engine says that is wrong, with the API, its document or the trial itself."""
    if isinstance(event, events.ScenarioFinished):
        yield from _failures(event.recorder)
        if event.status is Status.ERROR:
            yield f"{event.label} ended in an error"
    elif isinstance(event, events.NonFatalError):
        yield f"{event.label}: {event.value!r}"
    elif isinstance(event, events.FatalError):
        yield repr(event.exception)
    elif isinstance(event, events.SchemaAnalysisWarnings):
        yield from map(str, event.warnings)
    elif isinstance(event, events.EngineFinished) and event.stop_reason is not StopReason.COMPLETED:
        yield f"The trial was not completed: {event.stop_reason}"


def _failures(recorder: ScenarioRecorder) -> Iterator[str]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                found = recorder.interactions[case_id].response
                answer = f"{found.status_code} {found.content[:500]!r}" if found else "no answer"
                failure = check.failure_info
                yield f"{check.name}: {failure.failure}\n{failure.code_sample}\n{answer}"


def _statuses(recorder: ScenarioRecorder) -> Iterator[int]:
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            yield interaction.response.status_code
