"""Reporters that send without pause through both ways in, and remember what they were promised."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from backroom.accounts.rules import Kind
from backroom.accounts.usage import used
from backroom.clock import month_of, now_ms
from backroom.store.tables import reports
from tests.harness.cast import Cast
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.server import Server
from tests.reports.recount import counted, recounted
from tests.store.fixtures import database_of

REPORTERS = 8
PROMISED = (200, 201)


@dataclass(frozen=True)
class Sent:
    """One report, as often as it is sent: every second goes through each dialect."""

    number: int
    client_id: UUID = field(default_factory=uuid4)

    @property
    def patchrooms(self) -> bool:
        return self.number % 2 == 0

    @property
    def stored_as(self) -> str:
        """Its client id in the store."""
        return str(self.client_id) if self.patchrooms else f"idem:{self.client_id}"

    def request(self, cast: Cast, size: int = 200) -> tuple[str, bytes, dict[str, str]]:
        """Path, body and headers; the message has about `size` characters."""
        text = f"Report {self.number} " + "x" * size
        headers = {"Content-Type": "application/json"}
        if self.patchrooms:
            body: dict[str, Any] = {"clientId": str(self.client_id), "blocks": [{"type": "text", "text": text}]}
            return f"/api/v1/ingest/{cast.owner.project.project_key}", _json(body), headers
        headers |= {"x-api-key": cast.owner.miniback_key, "Idempotency-Key": str(self.client_id)}
        return f"/api/projects/{cast.owner.project.id}/feedback", _json({"message": text}), headers


@dataclass(frozen=True)
class Answered:
    """An answer: its status, its body decoded, and the id of the report where it names one."""

    status: int
    body: Any

    @property
    def id(self) -> str:
        told = self.body.get("data", self.body)
        return str(told["id"])


class Client:
    """One reporter's connection, made anew after a failure."""

    def __init__(self, server: Server, cast: Cast) -> None:
        self._server, self._cast = server, cast
        self._connection: http.client.HTTPConnection | None = None

    def send(self, sent: Sent, size: int = 200) -> Answered:
        """Sends the report once. Raises OSError or HTTPException where no answer comes."""
        path, body, headers = sent.request(self._cast, size)
        return self.ask("POST", path, body, headers)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answered:
        """Any request, answered in JSON."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE)
            self._connection.request(method, path, body, headers or {})
            answer = self._connection.getresponse()
            return Answered(answer.status, json.loads(answer.read()))
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def send_once(server: Server, cast: Cast, sent: Sent) -> Answered:
    """Sends a report on a connection of its own."""
    client = Client(server, cast)
    try:
        return client.send(sent)
    finally:
        client.close()


class Load:
    """What was sent to a server, and the ids that were promised in answer, by number."""

    def __init__(self, server: Server, cast: Cast) -> None:
        self._server, self._cast = server, cast
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._since = now_ms()
        self.promised: dict[Sent, str] = {}
        self.open: set[Sent] = set()
        self.refused: list[Answered] = []
        self.unanswered = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Reporters send for the time of the block, each one report after the other until no answer comes."""
        self._ending.clear()
        threads = [threading.Thread(target=self._report, daemon=True) for _ in range(REPORTERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            for thread in threads:
                thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads), "somebody waits for an answer that doesn't come"

    def wait_for(self, more: int) -> None:
        """Returns once `more` reports were promised from now on."""
        before = len(self.promised)
        wait_until(lambda: len(self.promised) >= before + more, f"{more} promises")

    def _report(self) -> None:
        client = Client(self._server, self._cast)
        while not self._ending.is_set() and self._send(client, Sent(next(self._numbers))):
            pass
        client.close()

    def _send(self, client: Client, sent: Sent) -> bool:
        """Sends it once; whether there was an answer."""
        with self._lock:
            self.open.add(sent)
        try:
            answer = client.send(sent)
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
            return False
        with self._lock:
            if answer.status in PROMISED:
                self.promised[sent] = answer.id
                self.open.discard(sent)
            else:
                self.refused.append(answer)
        return True

    def send_again(self) -> None:
        """What a client does that got no promise: it sends the same report again."""
        client = Client(self._server, self._cast)
        for sent in sorted(self.open, key=lambda each: each.number):
            self._send(client, sent)
        client.close()
        assert not self.open

    def check(self) -> None:
        """Every promised report is stored exactly once under the id that was promised, none else, and counted."""
        db = database_of(self._cast.store)
        try:
            rows = db.read_now(lambda conn: conn.execute(select(reports.c.client_id, reports.c.id)).all())
            assert len(rows) == len({row.client_id for row in rows}), "stored twice"
            stored = {row.client_id: row.id for row in rows}
            assert {sent.stored_as: id_ for sent, id_ in self.promised.items()} == {
                sent.stored_as: stored.get(sent.stored_as) for sent in self.promised
            }
            known = {sent.stored_as for sent in self.promised} | {sent.stored_as for sent in self.open}
            assert set(stored) <= known
            assert db.read_now(counted) == db.read_now(recounted)
            # A test may begin in one month and end in the next.
            months = {month_of(moment): moment for moment in (self._since, now_ms())}
            workspace = self._cast.owner.workspace
            assert sum(db.read_now(used, workspace, Kind.FEEDBACK, moment) for moment in months.values()) == len(rows)
        finally:
            db.close()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
