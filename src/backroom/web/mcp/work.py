"""What a tool, a resource or a prompt works with."""

from __future__ import annotations

from typing import NamedTuple

from backroom.web.mcp.auth import Caller
from backroom.web.shared import Shared


class Work(NamedTuple):
    """One message of one agent. `origin` is where people reach the server; `now` in milliseconds since the epoch."""

    shared: Shared
    caller: Caller
    origin: str
    now: int

    def link(self, report: str) -> str:
        """The report's page in the dashboard."""
        return f"{self.origin}/r/{report}"
