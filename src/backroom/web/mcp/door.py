"""The agents' door: what its endpoints share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.types import Scope

from backroom.config import Settings
from backroom.files.blobs import Blobs
from backroom.projects.directory import Directory
from backroom.store.database import Database
from backroom.web.http import Answer, Door
from backroom.web.key_usage import KeyUsage
from backroom.web.limits import Limits
from backroom.web.mcp.errors import answer_failure
from backroom.web.mcp.routes import OPERATIONS
from backroom.web.sessions import origin_of

if TYPE_CHECKING:
    from backroom.web.mcp.sdk import Sdk


class McpDoor(Door):
    """`/mcp` and what tells clients how to connect."""

    def __init__(
        self, db: Database, directory: Directory, blobs: Blobs, limits: Limits, key_usage: KeyUsage, settings: Settings
    ) -> None:
        super().__init__(OPERATIONS)
        self.db = db
        self.directory = directory
        self.blobs = blobs
        self.limits = limits
        self.key_usage = key_usage
        self.settings = settings
        self._sdk: asyncio.Task[Sdk] | None = None

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope, origin_of(self, scope))

    async def sdk(self) -> Sdk:
        """The MCP SDK at work for this door.

        It takes half a second and 36 MB to import, which only those who have agents shall pay, with their first call.
        """
        if self._sdk is None:
            self._sdk = asyncio.create_task(asyncio.to_thread(_load, self))
        try:
            return await asyncio.shield(self._sdk)
        except ImportError:
            self._sdk = None
            raise


def is_for_agents(path: str) -> bool:
    """Whether a path is this door's."""
    return path in ("/mcp", "/mcp/") or path.startswith(("/.well-known/oauth-", "/oauth/"))


def _load(door: McpDoor) -> Sdk:
    from backroom.web.mcp.sdk import Sdk

    return Sdk(door)
