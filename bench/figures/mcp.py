"""What an agent waits for: 200 reports listed over MCP, one call after the other on one connection."""

import http.client
import json
from collections.abc import Sequence
from functools import partial

from bench.backroom import BackroomFailed, Served
from bench.figures.lines import timed_line
from bench.lab import Lab
from bench.table import Figure, Target

LISTED = 200  # reports
TARGET = Target("≤ 20 ms", at_most=20)

# What is asked for, and how many reports that must be; nothing in a filled store is resolved.
LISTS: dict[str, tuple[dict[str, str], int]] = {
    "200 reports over MCP": ({}, LISTED),
    "200 open reports of a channel over MCP": ({"status": "open", "channelKey": "bug"}, LISTED),
    "a list over MCP that finds nothing": ({"status": "resolved"}, 0),
}


class Caller:
    """An agent's connection to a server; the SDK is loaded with the first call, which isn't timed."""

    def __init__(self, served: Served) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=60)
        self._headers = {
            "Authorization": f"Bearer {served.store.secret_key}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-11-25",
        }
        self.list_reports({}, LISTED)

    def list_reports(self, wanted: dict[str, str], count: int) -> None:
        """Ask for LISTED reports. Raises BackroomFailed where it isn't ``count`` of them that come."""
        params = {"name": "list_reports", "arguments": {"limit": LISTED, **wanted}}
        message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        self._connection.request("POST", "/mcp", body=message, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BackroomFailed(f"list_reports: {answer.status} {body[:500]!r}")
        found = len(json.loads(body)["result"]["structuredContent"]["reports"])
        if found != count:
            raise BackroomFailed(f"list_reports: {found} reports of {wanted}, not {count}")


def mcp(lab: Lab) -> Sequence[Figure]:
    """Measure list_reports at its largest, unfiltered and filtered, on the big store; its answers are read too."""
    store = lab.big if lab.options.big else lab.small
    size = f"{lab.options.big or 1000:,} reports"
    with lab.backroom(store) as served:
        served.server.settle()
        caller = Caller(served)
        return [
            timed_line(lab, f"{name}, {size}", partial(caller.list_reports, wanted, count), TARGET)
            for name, (wanted, count) in LISTS.items()
        ]
