"""The Miniback door: what its endpoints share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from backroom.web.http import Answer, Operation
from backroom.web.miniback.errors import answer_failure
from backroom.web.miniback.keys import note_meter
from backroom.web.page_cache import PageCache
from backroom.web.shared import Shared, SharedDoor


class MinibackDoor(SharedDoor):
    """Everything below `/api` that no other door takes."""

    prefix = "/api"

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared) -> None:
        super().__init__(operations, shared)
        self.pages = PageCache()

    async def before_refusal(self, scope: Scope) -> None:
        await note_meter(self.shared, scope)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)
