"""Calls of keys are counted in memory and written every few seconds, at the latest when the server stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from backroom.access import ALL_SCOPES, operator
from backroom.accounts.commands import create_workspace
from backroom.accounts.rules import Plan
from backroom.clock import DAY, now_ms
from backroom.config import read_settings
from backroom.projects.commands import create_project, create_secret_key
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.store.tables import api_keys, key_days
from backroom.web.key_usage import KeyUsage
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.processes import wait_until
from tests.harness.store import Store

NOW = 1_780_478_062_000
NEVER = 3600.0
"""Seconds to gather that no test waits for."""


def database_of(store: Store) -> Database:
    settings = read_settings(store.env)
    return Database(settings.database_url, settings.data)


@pytest.fixture
def db(store: Store) -> Iterator[Database]:
    """The store with its writers running."""
    running = database_of(store)
    migrate(running)
    running.start()
    yield running
    running.close()


@pytest.fixture
def keys(db: Database) -> list[str]:
    """The ids of two keys of one project."""
    workspace = db.write_now(create_workspace, "W", Plan.PRO, NOW)
    project = db.write_now(create_project, operator(workspace), "Room", None, NOW)
    made = [db.write_now(create_secret_key, operator(), project, ALL_SCOPES, "k", NOW) for _ in range(2)]
    return [key.id for key in made]


@pytest.fixture
def uses_of(db: Database) -> Iterator[Callable[[float], KeyUsage]]:
    """`uses_of(seconds)` makes a counter that ends with the test."""
    made: list[KeyUsage] = []

    def make(seconds: float) -> KeyUsage:
        made.append(KeyUsage(db, seconds))
        return made[-1]

    yield make
    for uses in made:
        uses.close()


def counted(db: Database) -> dict[tuple[str, int], int]:
    """How many calls are written, by key and day."""
    return {(row.key, row.day): row.n for row in db.read_now(lambda conn: conn.execute(select(key_days)).all())}


def last_used(db: Database, key: str) -> int | None:
    query = select(api_keys.c.last_used_at).where(api_keys.c.id == key)
    found: int | None = db.read_now(lambda conn: conn.execute(query).scalar_one())
    return found


def test_the_first_is_written_at_once_the_others_together(
    db: Database, keys: list[str], uses_of: Callable[[float], KeyUsage]
) -> None:
    uses, day = uses_of(NEVER), NOW // DAY
    uses.note(keys[0], NOW)
    wait_until(lambda: counted(db) == {(keys[0], day): 1}, "the first to be written")
    assert last_used(db, keys[0]) == NOW
    for _ in range(5):
        uses.note(keys[0], NOW + 1)
    uses.note(keys[1], NOW)
    uses.note(keys[1], NOW + DAY)
    db.write_now(lambda tx: None)
    assert counted(db) == {(keys[0], day): 1}
    uses.flush()
    db.write_now(lambda tx: None)
    wanted = {(keys[0], day): 6, (keys[1], day): 1, (keys[1], day + 1): 1}
    wait_until(lambda: counted(db) == wanted, "the others to be written")
    assert last_used(db, keys[1]) == NOW + DAY


def test_what_was_gathered_is_written_by_itself(
    db: Database, keys: list[str], uses_of: Callable[[float], KeyUsage]
) -> None:
    uses = uses_of(0.05)
    for _ in range(10):
        uses.note(keys[0], NOW)
    wait_until(lambda: counted(db) == {(keys[0], NOW // DAY): 10}, "all to be written")


def test_threads_lose_nothing(db: Database, keys: list[str], uses_of: Callable[[float], KeyUsage]) -> None:
    uses = uses_of(0.01)

    def call(_: int) -> None:
        for _ in range(2_000):
            uses.note(keys[0], NOW)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call, range(8)))
    uses.close()
    wait_until(lambda: counted(db) == {(keys[0], NOW // DAY): 16_000}, "all to be written")


def test_what_is_kept_is_bounded(
    db: Database, keys: list[str], uses_of: Callable[[float], KeyUsage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backroom.web.key_usage.MOST_KEPT", 3)
    uses = uses_of(NEVER)
    uses.note("unknown", NOW)
    uses.note(keys[0], NOW)
    uses.note(keys[1], NOW)
    uses.note(keys[1], NOW + DAY)
    day = NOW // DAY
    wanted = {(keys[0], day): 1, (keys[1], day): 1, (keys[1], day + 1): 1}
    wait_until(lambda: counted(db) == wanted, "the full memory to be written")


def test_a_store_that_is_closed_makes_no_trouble(store: Store) -> None:
    db = database_of(store)
    migrate(db)
    db.start()
    uses = KeyUsage(db, NEVER)
    db.close()
    uses.note("k", NOW)
    uses.close()


def test_a_server_that_stops_has_written_every_call(fresh_cast: Cast, start_server: StartServer) -> None:
    server, owner, before = start_server(fresh_cast.store), fresh_cast.owner, now_ms()
    with httpx.Client(base_url=server.url) as client:
        for _ in range(7):
            path, key = f"/api/v1/projects/{owner.project.id}", {"Authorization": f"Bearer {owner.key}"}
            assert client.get(path, headers=key).status_code == 200
        for _ in range(4):
            assert client.get("/api/projects", headers={"x-api-key": owner.miniback_key}).status_code == 200
        assert client.get("/api/projects", headers={"x-api-key": "mbk_wrong"}).status_code == 403
    server.stop()
    db = database_of(fresh_cast.store)
    try:
        by_dialect: dict[str, int] = {}
        rows = select(api_keys.c.dialect, key_days.c.n).where(key_days.c.key == api_keys.c.id)
        for dialect, n in db.read_now(lambda conn: conn.execute(rows.where(key_days.c.day >= before // DAY)).all()):
            by_dialect[dialect] = by_dialect.get(dialect, 0) + n
        assert by_dialect == {"patchrooms": 7, "miniback": 4}
    finally:
        db.close()
