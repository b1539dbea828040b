"""The agents' door: what its endpoints share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from backroom.web.http import Answer, Operation
from backroom.web.mcp.errors import answer_failure
from backroom.web.sessions import origin_of
from backroom.web.shared import Shared, SharedDoor

if TYPE_CHECKING:
    from backroom.web.mcp.sdk import Sdk


class McpDoor(SharedDoor):
    """`/mcp` and what tells clients how to connect."""

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared) -> None:
        super().__init__(operations, shared)
        self._sdk: asyncio.Task[Sdk] | None = None

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope, origin_of(self, scope))

    async def sdk(self) -> Sdk:
        """The MCP SDK at work for this door.

        It takes half a second and 36 MB to import, which only those who have agents shall pay, with their first call.
        """
        if self._sdk is None:
            self._sdk = asyncio.create_task(asyncio.to_thread(_load, self.shared))
        try:
            return await asyncio.shield(self._sdk)
        except ImportError:
            self._sdk = None
            raise


def is_for_agents(path: str) -> bool:
    """Whether a path is this door's."""
    return path in ("/mcp", "/mcp/") or path.startswith(("/.well-known/oauth-", "/oauth/"))


def _load(shared: Shared) -> Sdk:
    from backroom.web.mcp.sdk import Sdk

    return Sdk(shared)
