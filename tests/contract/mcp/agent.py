"""An agent: the official SDK's client on the real server, and the same door without any client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import httpx2
import mcp_types as types
from mcp.client.client import Client, ConnectMode
from mcp.client.streamable_http import streamable_http_client

from tests.harness.processes import PATIENCE

T = TypeVar("T")
Json = dict[str, Any]

MODERN = "2026-07-28"
EARLIER = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


@dataclass(frozen=True)
class Agent:
    """Somebody's agent. `key` is what it sends as its bearer, `mode` how its client begins."""

    url: str
    key: str
    mode: ConnectMode = "auto"

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Does `work` with a connected client."""

        async def go() -> T:
            headers = {"authorization": f"Bearer {self.key}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
                Client(streamable_http_client(f"{self.url}/mcp", http_client=http), mode=self.mode) as client,
            ):
                return await work(client)

        return asyncio.run(go())

    def tools(self) -> dict[str, types.Tool]:
        """The tools that it is shown, by name."""
        return {tool.name: tool for tool in self.run(lambda client: client.list_tools()).tools}

    def call(self, tool: str, /, **arguments: Any) -> types.CallToolResult:
        """Calls a tool; whether it failed is in the result."""
        return self.run(lambda client: client.call_tool(tool, arguments))

    def done(self, tool: str, /, **arguments: Any) -> Any:
        """The structured answer of a tool that must not fail."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        return result.structured_content

    def refused(self, tool: str, /, **arguments: Any) -> str:
        """The words of a tool that must fail."""
        result = self.call(tool, **arguments)
        assert result.is_error, text_of(result)
        return text_of(result)

    def post(self, method: str, params: Json | None = None, **more: Any) -> httpx.Response:
        """Sends a bare JSON-RPC message, without a handshake; `key=` another bearer, None for none."""
        key = more.pop("key", self.key)
        headers = more.pop("headers", {}) | ({"authorization": f"Bearer {key}"} if key is not None else {})
        message: Json = {"jsonrpc": "2.0", "id": 1, "method": method}
        if params is not None:
            message["params"] = params
        return httpx.post(f"{self.url}/mcp", json=message, headers=headers)

    def post_call(self, tool: str, arguments: Json | None = None, **more: Any) -> httpx.Response:
        """The bare message that calls a tool."""
        return self.post("tools/call", {"name": tool, "arguments": arguments or {}}, **more)


def text_of(result: types.CallToolResult) -> str:
    """The first text of a result, which is the documented one."""
    first = result.content[0]
    assert isinstance(first, types.TextContent)
    return first.text


def texts_of(result: types.CallToolResult) -> str:
    """All of a result's texts."""
    return "\n".join(part.text for part in result.content if isinstance(part, types.TextContent))
