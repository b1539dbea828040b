"""What an agent waits for: 200 reports listed over MCP, one call after the other on one connection."""

import http.client
import json
import time
from collections.abc import Sequence
from statistics import median

from bench.backroom import BackroomFailed, Served
from bench.lab import Lab
from bench.table import Figure, Target

CALLS = 40  # in each round
LISTED = 200  # reports
TARGET = Target("≤ 20 ms", at_most=20)

LISTS = {
    "200 reports over MCP": {},
    "200 open reports of a channel over MCP": {"status": "open", "channelKey": "bug"},
    "200 resolved reports over MCP": {"status": "resolved"},
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
        self.listed(LISTED)

    def listed(self, limit: int, **wanted: str) -> int:
        """Call list_reports and return how many reports it answered. Raises BackroomFailed."""
        params = {"name": "list_reports", "arguments": {"limit": limit, **wanted}}
        message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        self._connection.request("POST", "/mcp", body=message, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BackroomFailed(f"list_reports: {answer.status} {body[:500]!r}")
        return len(json.loads(body)["result"]["structuredContent"]["reports"])

    def time(self, **wanted: str) -> float:
        """Return the median time of CALLS calls, in milliseconds, the reading of their answers included."""
        times = []
        for _ in range(CALLS):
            started = time.perf_counter()
            self.listed(LISTED, **wanted)
            times.append((time.perf_counter() - started) * 1000)
        return median(times)


def mcp(lab: Lab) -> Sequence[Figure]:
    """Measure list_reports at its largest, unfiltered and filtered, on the big store."""
    store = lab.big if lab.options.big else lab.small
    size = f"{lab.options.big or 1000:,} reports"
    with lab.backroom(store) as served:
        served.server.settle()
        caller = Caller(served)
        return [_line(lab, caller, f"{name}, {size}", wanted) for name, wanted in LISTS.items()]


def _line(lab: Lab, caller: Caller, name: str, wanted: dict[str, str]) -> Figure:
    times = [caller.time(**wanted) for _ in range(lab.options.rounds)]
    lab.say(f"  {name}: {median(times):.1f} ms")
    spread = f"{min(times):.1f} to {max(times):.1f}"
    return Figure(name, f"{median(times):.1f} ms", judged=median(times), target=TARGET, spread=spread)
