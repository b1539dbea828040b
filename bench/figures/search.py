"""A text searched through Miniback's list at the big size, one call after the other: its page and its exact total."""

import http.client
import json
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from bench.backroom import BackroomFailed, Served
from bench.figures.lines import timed_line
from bench.lab import Lab
from bench.table import Figure, Target

TARGET = Target("≤ 100 ms", at_most=100)

# Every word of the vocabulary is in about a third of the reports, all of which are NEW.
SEARCHES: dict[str, dict[str, str]] = {
    "a word of every third report": {"search": "coupon"},
    "the same in the whole list's tenth thousand": {"search": "coupon", "page": "100", "pageSize": "100"},
    "the same among NEW ones": {"search": "coupon", "status": "NEW"},
    "the same among RESOLVED ones, of which there are none": {"search": "coupon", "status": "RESOLVED"},
    "a word that no report has": {"search": "zebrafish"},
}


class Searcher:
    """A program's connection to a server."""

    def __init__(self, served: Served) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=60)
        self._headers = {"x-api-key": served.store.miniback_key}

    def search(self, asked: dict[str, str]) -> None:
        """Ask for a page. Raises BackroomFailed where that fails, or the total is less than what the page has."""
        self._connection.request("GET", f"/api/feedback?{urlencode(asked)}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BackroomFailed(f"search {asked}: {answer.status} {body[:500]!r}")
        found = json.loads(body)
        if len(found["data"]) > found["pagination"]["total"]:
            raise BackroomFailed(f"search {asked}: a page of more than there are")


def search(lab: Lab) -> Sequence[Figure]:
    """Measure the searches on the big store, or on the small one where there is no big one."""
    store = lab.big if lab.options.big else lab.small
    size = f"{lab.options.big or 1000:,} reports"
    with lab.backroom(store) as served:
        served.server.settle()
        searcher = Searcher(served)
        return [
            timed_line(lab, f"Miniback's search: {name}, {size}", partial(searcher.search, asked), TARGET)
            for name, asked in SEARCHES.items()
        ]
