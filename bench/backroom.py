"""Backroom as the benchmark meets it: its command line, its two dialects, and stores to serve."""

import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.load import Load
from bench.process import Server, clean_environment, free_port, serve

COMMAND = Path(sys.executable).parent / "backroom"
PAGE = 50  # reports


class BackroomFailed(Exception):
    """A command or a request of the benchmark's own was refused; the message says which and how."""


@dataclass(frozen=True)
class Store:
    """A store with one project, and its keys. ``database`` is empty for SQLite in ``data``."""

    data: Path
    database: str
    project_id: str
    project_key: str
    secret_key: str = field(repr=False)
    miniback_key: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that a process needs to work on this store without limits."""
        address = {"BACKROOM_DATABASE_URL": self.database} if self.database else {}
        return {"BACKROOM_DATA": str(self.data), "BACKROOM_RATE_LIMITS": "off", **address}

    def copy(self, data: Path, database: str = "") -> "Store":
        """Return a copy in the new folder ``data``; nobody may serve this one meanwhile."""
        shutil.copytree(self.data, data)
        return replace(self, data=data, database=database)


def create_store(data: Path, database: str = "") -> Store:
    """Create a person, a workspace, a project and its keys by the command line."""
    blank = Store(data, database, "", "", "", "")
    person = command(blank, "user", "create", "--email", "owner@example.com", "--password-stdin")
    workspace = ["--workspace", person["workspaceId"]]
    project = command(blank, "project", "create", *workspace, "--name", "Benchmark")
    new_key = ["key", "create", "--project", project["id"]]
    secret = command(blank, *new_key, "--scope", "feedback:read")
    miniback = command(blank, *new_key, "--miniback")
    return Store(data, database, project["id"], project["projectKey"], secret["key"], miniback["key"])


def command(store: Store, *words: str) -> Any:
    """Run a command of Backroom on a store and return its JSON. Raises BackroomFailed."""
    done = subprocess.run(
        [str(COMMAND), *words, "--json"],
        env={**clean_environment(), **store.environment},
        input="correct horse battery staple 4711\n",
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise BackroomFailed(f"backroom {' '.join(words)}: {done.stderr[-1000:]}{done.stdout[-1000:]}")
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Served:
    """A running Backroom, its store, and the loads to put on it."""

    server: Server
    store: Store

    def ingest_patchrooms(self) -> Load:
        """Reports through Patchrooms' dialect, with client ids that sort by time."""
        url = f"{self.server.url}/api/v1/ingest/{self.store.project_key}"
        return Load("patchrooms_ingest", url, status=201)

    def ingest_patchrooms_random(self) -> Load:
        """The same with random client ids."""
        return replace(self.ingest_patchrooms(), client_ids="random")

    def ingest_miniback(self) -> Load:
        """Reports through Miniback's dialect."""
        url = f"{self.server.url}/api/projects/{self.store.project_id}/feedback"
        return Load("miniback_ingest", url, status=201, key=self.store.miniback_key)

    def page(self, before: str = "") -> Load:
        """A page of reports through Patchrooms' dialect, the newest or those before an id."""
        return Load("get", self.server.url + self._page_path(PAGE, before), self._bearer)

    def page_anew(self) -> Load:
        """The newest page, each time as if it were asked for the first time."""
        return replace(self.page(), script="get_anew")

    def unchanged(self) -> Load:
        """The newest page with the ETag that it has now."""
        etag = self._request(self._page_path(PAGE), self._bearer)[1].get("ETag")
        if not etag:
            raise BackroomFailed("the page of reports has no ETag")
        return Load("get", self.page().url, {**self._bearer, "If-None-Match": etag}, status=304)

    def miniback_page(self) -> Load:
        """A page of reports with ``total`` through Miniback's dialect."""
        return Load("get", self.server.url + self._miniback_path(PAGE), self._api_key)

    def page_bytes(self) -> int:
        """Return the length of the newest page's body."""
        return len(self._request(self._page_path(PAGE), self._bearer)[0])

    def miniback_page_bytes(self) -> int:
        """Return the length of the body of Miniback's page."""
        return len(self._request(self._miniback_path(PAGE), self._api_key)[0])

    def total(self) -> int:
        """Return how many reports the store says it has."""
        body = json.loads(self._request(self._miniback_path(1), self._api_key)[0])
        return int(body["pagination"]["total"])

    def cursor_at(self, depth: int) -> str:
        """Return the id of the report that ``depth`` reports are newer than or the same as."""
        cursor, passed = "", 0
        while passed < depth:
            step = min(100, depth - passed)
            body = json.loads(self._request(self._page_path(step, cursor), self._bearer)[0])
            cursor, passed = body["nextCursor"], passed + step
            if cursor is None:
                raise BackroomFailed(f"the store ends before depth {depth}")
        return str(cursor)

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.store.secret_key}"}

    @property
    def _api_key(self) -> dict[str, str]:
        return {"x-api-key": self.store.miniback_key}

    def _page_path(self, limit: int, before: str = "") -> str:
        path = f"/api/v1/projects/{self.store.project_id}/feedback?limit={limit}"
        return f"{path}&before={before}" if before else path

    def _miniback_path(self, limit: int) -> str:
        return f"/api/projects/{self.store.project_id}/feedback?limit={limit}"

    def _request(self, path: str, headers: dict[str, str]) -> tuple[bytes, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise BackroomFailed(f"GET {path}: {answer.status} {body[:500]!r}")
        return body, answer.headers


@contextmanager
def serve_backroom(store: Store, log: Path, cores: str | None) -> Iterator[Served]:
    """Serve a store on a free port until the block ends."""
    port = free_port()
    with serve(serve_command(store, port), port, log, cores=cores, env=store.environment) as server:
        yield Served(server, store)


def serve_command(store: Store, port: int) -> Sequence[str]:
    """Return the command that serves a store."""
    return [str(COMMAND), "serve", "--port", str(port), "--data", str(store.data)]
