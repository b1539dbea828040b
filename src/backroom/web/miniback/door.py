"""The Miniback door: what its endpoints share."""

from __future__ import annotations

from starlette.types import Scope

from backroom.web.http import Answer
from backroom.web.miniback.errors import answer_failure
from backroom.web.miniback.keys import note_meter
from backroom.web.shared import SharedDoor


class MinibackDoor(SharedDoor):
    """Everything below `/api` that no other door takes."""

    prefix = "/api"

    async def before_refusal(self, scope: Scope) -> None:
        await note_meter(self.shared, scope)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)
