"""Processes that are killed in the middle of their work: what was acknowledged is there, once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.harness.cast import Cast, make_cast
from tests.harness.fixtures import StartServer
from tests.harness.postgres import Cluster
from tests.harness.processes import wait_until
from tests.harness.store import new_store

ROUNDS = {"sqlite": 10, "postgresql": 3}


def test_a_killed_server_keeps_every_promise(fresh_cast: Cast, start_server: StartServer, engine: str) -> None:
    server = start_server(fresh_cast.store)
    load = Load(server, fresh_cast)
    for _ in range(ROUNDS[engine]):
        with load.running():
            load.wait_for(random.randint(20, 200))
            server.kill()
            wait_until(lambda: load.unanswered, "somebody to be cut off")
        server.start()
        load.check()
        load.send_again()
        load.check()
    assert load.refused == []


def test_a_server_that_is_stopped_finishes_what_it_accepted(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    load = Load(server, fresh_cast)
    with load.running():
        load.wait_for(100)
        assert server.stop() == 0
        wait_until(lambda: load.unanswered, "the reporters to notice")
    load.check()
    assert {answer.status for answer in load.refused} <= {503}
    server.start()
    load.send_again()
    load.check()


@pytest.fixture
def durable_cast(durable_postgres: Cluster, tmp_path: Path) -> Iterator[Cast]:
    """The cast on a PostgreSQL that may be killed."""
    with new_store(tmp_path / "data", durable_postgres) as store:
        yield make_cast(store)


def test_a_postgresql_that_dies_takes_nothing_along(
    durable_cast: Cast, durable_postgres: Cluster, start_server: StartServer
) -> None:
    """The server answers clearly meanwhile, and goes on by itself once PostgreSQL is back."""
    server = start_server(durable_cast.store)
    pid = server.pid
    load = Load(server, durable_cast)
    with load.running():
        load.wait_for(100)
        durable_postgres.crash()
        wait_until(lambda: len(load.refused) > 20, "refusals")
        durable_postgres.start()
        load.wait_for(100)
    assert {answer.status for answer in load.refused} == {503}
    assert load.unanswered == 0
    load.check()
    load.send_again()
    load.check()
    assert server.pid == pid
    assert server.ready()


def test_connections_that_end_between_requests_fail_nobody(
    durable_cast: Cast, durable_postgres: Cluster, start_server: StartServer
) -> None:
    """PostgreSQL is started anew in a quiet moment: no request may pay for it."""
    server = start_server(durable_cast.store)
    load = Load(server, durable_cast)
    with load.running():
        load.wait_for(30)
    durable_postgres.stop()
    durable_postgres.start()
    with load.running():
        load.wait_for(50)
    assert load.refused == []
    load.check()
