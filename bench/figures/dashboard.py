"""The dashboard as a browser asks for it: one page after the other on one connection, signed in."""

import http.client
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from bench.backroom import BackroomFailed, Served
from bench.figures.lines import timed_line
from bench.lab import Lab
from bench.process import clean_environment
from bench.table import Figure, Target

INBOX_TARGET = Target("≤ 15 ms", at_most=15)
REPORT_TARGET = Target("≤ 10 ms", at_most=10)
SIZE_TARGET = Target("≤ 60 kB", at_most=60_000)
ASSET = re.compile(rb'(?:href|src)="(/static/[^"#]+)')

INBOXES = {
    "inbox": "/inbox",
    "inbox of a status and a channel": "/inbox?status=open&channel=bug",
    "searched inbox": "/inbox?status=any&q=coupon",
    "inbox filtered and searched": "/inbox?status=open&channel=bug&source=API&q=calendar+language",
    "inbox of a person": "/inbox?status=any&person=customer-4711",
    "inbox of a page, searched": "/inbox?status=any&page=shop.example.com/checkout&q=invoice",
    "search that finds nothing": "/inbox?status=any&q=zebrafish",
}


class Reader:
    """A browser's connection to the dashboard; with ``part`` the page's own script asks."""

    def __init__(self, served: Served, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=60)
        self.part = False
        self._headers = {"Cookie": f"backroom={token}", "Accept": "text/html", "Accept-Encoding": "gzip"}

    def get(self, path: str, *, plain: bool = False) -> bytes:
        """Return the body, gzipped unless ``plain``. Raises BackroomFailed."""
        headers = self._headers | ({"Accept-Encoding": "identity"} if plain else {})
        if self.part:
            headers["Backroom-Part"] = "true"
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BackroomFailed(f"GET {path}: {answer.status}")
        return body


def dashboard(lab: Lab) -> Sequence[Figure]:
    """Measure the inbox, filtered and searched too, a report, and how much the first view loads."""
    store = lab.big if lab.options.big else lab.small
    size = f"{lab.options.big or 1000:,} reports"
    with lab.backroom(store) as served:
        served.server.settle()
        env = {**clean_environment(), **store.environment}
        words = [sys.executable, "-m", "bench.session"]
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
        reader = Reader(served, done.stdout.strip())
        first = reader.get("/inbox", plain=True)
        report = re.findall(rb'href="(/r/[0-9a-f]{24})', first)[0].decode()
        lines = [
            timed_line(lab, f"{name}, {size}", partial(reader.get, path), INBOX_TARGET)
            for name, path in INBOXES.items()
        ]
        open_report = partial(reader.get, report)
        reader.part = True
        lines.append(timed_line(lab, f"opening a report beside the list, {size}", open_report, REPORT_TARGET))
        reader.part = False
        lines.append(timed_line(lab, f"a report's page with its list, {size}", open_report, INBOX_TARGET))
        return [*lines, _first_view(reader, first)]


def _first_view(reader: Reader, page: bytes) -> Figure:
    """The page and everything that it loads of ours, once, as it goes over the wire; pictures of reports aside."""
    paths = {path.decode() for path in ASSET.findall(page)} | {"/inbox"}
    total = sum(len(reader.get(path)) for path in sorted(paths))
    return Figure("first view of the inbox", f"{total:,} bytes", judged=total, target=SIZE_TARGET)
