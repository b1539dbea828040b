"""What a tool, a resource or a prompt works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.web.mcp.auth import Caller

if TYPE_CHECKING:
    from backroom.web.mcp.door import McpDoor


class Work(NamedTuple):
    """One message of one agent. `origin` is where people reach the server; `now` in milliseconds since the epoch."""

    door: McpDoor
    caller: Caller
    origin: str
    now: int

    def link(self, report: str) -> str:
        """The report's page in the dashboard."""
        return f"{self.origin}/r/{report}"
