"""Readiness: a real write, with a limit on the wait, that never piles up."""

import asyncio
import fcntl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from backroom.errors import StoreFailed
from backroom.store.changes import change_number
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.web.ops.probe import NAME, Probe
from tests.harness.fixtures import StartServer
from tests.harness.postgres import Cluster
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.store import Store
from tests.web.wire import get


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """The store's turn, taken as another process would take it."""
    with (data_dir / "backroom.db.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_store_that_takes_no_write_is_503_until_it_does(store: Store, start_server: StartServer) -> None:
    server = start_server(store, BACKROOM_READY_TIMEOUT="1")
    with held(store.data_dir), ThreadPoolExecutor(20) as many:
        answers = list(many.map(lambda _: get(server.port, "/readyz"), range(20)))
        assert {answer.status for answer in answers} == {503}
        assert answers[0].json() == {
            "status": "unavailable",
            "error": "The store has not taken a write within 1 s.",
        }
        assert get(server.port, "/healthz").status == 200, "the process itself answers"
    wait_until(server.ready, "the store to take writes again")


def test_a_lost_database_is_503_until_it_is_back(postgres: Cluster, tmp_path: Path, start_server: StartServer) -> None:
    database = postgres.create()
    url = postgres.url(database)
    store = Store("postgresql", tmp_path / "data", url, postgres, database)
    server = start_server(store, BACKROOM_READY_TIMEOUT="1")
    postgres.drop(database)
    answer = get(server.port, "/readyz")
    assert (answer.status, answer.json()["status"]) == (503, "unavailable")
    assert "password" not in answer.body.decode()


def test_those_who_ask_at_once_share_one_write(tmp_path: Path) -> None:
    db = Database("", tmp_path)
    migrate(db)
    db.start()
    probe, turn, taken = Probe(db, PATIENCE), threading.Event(), threading.Event()

    def wait_for_turn(_tx: Connection) -> None:
        taken.set()
        turn.wait(PATIENCE)

    async def ask() -> None:
        blocking = asyncio.create_task(db.write(wait_for_turn))
        await asyncio.to_thread(taken.wait, PATIENCE)
        asking = [asyncio.create_task(probe.check()) for _ in range(50)]
        impatient = Probe(db, 0.01)
        for _ in range(3):
            with pytest.raises(StoreFailed, match=r"within 0\.01 s"):
                await impatient.check()
        turn.set()
        await asyncio.gather(blocking, *asking)
        impatient._limit = PATIENCE
        await impatient.check()

    try:
        asyncio.run(ask())
        # One write of the fifty, one that the three impatient ones waited for, and at most one after it.
        assert db.read_now(change_number, NAME) in (2, 3)
    finally:
        turn.set()
        db.close()


def test_after_the_close_it_fails_at_once(tmp_path: Path) -> None:
    db = Database("", tmp_path)
    migrate(db)
    db.start()
    db.close()
    with pytest.raises(StoreFailed, match="stopping"):
        asyncio.run(Probe(db, 20).check())
