"""Every path of the agents' door."""

from __future__ import annotations

from typing import Any

from backroom.web.http import Operation
from backroom.web.mcp.endpoint import handle

OPERATIONS: list[Operation[Any]] = [
    Operation("POST", "/mcp", handle, "The Model Context Protocol.", failures=(401, 403, 413, 503)),
]
