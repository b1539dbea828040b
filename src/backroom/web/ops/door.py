"""The ops door: what its endpoints share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from backroom.errors import Failure
from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Answer, Operation, json_answer, wants_page
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
        status = failure_status(error)
        if status == 404 and wants_page(scope):
            return page_answer("missing.html", 404)
        text = error.message if isinstance(error, Failure) else "Internal error"
        return json_answer({"error": text}, status, failure_headers(error))
