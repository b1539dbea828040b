"""The ops door: what its endpoints share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from backroom.errors import Failure, StoreFailed
from backroom.web.http import Answer, MethodNotAllowed, NoSuchPath, Operation, json_answer, wants_page
from backroom.web.ops.probe import Probe
from backroom.web.pages import page_answer
from backroom.web.shared import Shared, SharedDoor


class OpsDoor(SharedDoor):
    """Everything that no other door takes."""

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared) -> None:
        super().__init__(operations, shared)
        self.probe = Probe(shared.db, shared.settings.ready_timeout)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """JSON, or a page where a browser asks for a path that isn't there."""
        if isinstance(error, NoSuchPath):
            if wants_page(scope):
                return page_answer("missing.html", 404)
            return json_answer({"error": "Not found"}, 404)
        if isinstance(error, MethodNotAllowed):
            return json_answer({"error": error.message}, 405, [(b"allow", ", ".join(error.allowed).encode())])
        if isinstance(error, Failure):
            return json_answer({"error": error.message}, 503 if isinstance(error, StoreFailed) else 400)
        return json_answer({"error": "Internal error"}, 500)
