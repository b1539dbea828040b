"""The real core on a store of the test's own, without a server: what the core's tests ask for.

A folder's `conftest.py` imports them by name. A test that asks for `db`, `core_store` or `project` runs on
SQLite and on PostgreSQL; for one engine only, see `tests/harness/fixtures.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backroom.access import Actor, Role, operator, person
from backroom.accounts.commands import create_workspace
from backroom.accounts.rules import Plan
from backroom.ids import ids_of_the_past
from backroom.projects.commands import create_project
from backroom.projects.directory import Directory, ProjectFacts
from backroom.reports.submit import Submission, Submitted, submit_report
from backroom.store.database import Database
from backroom.store.migrations import migrate
from tests.harness.postgres import Cluster
from tests.harness.spares import Spares
from tests.harness.store import Store, lent_store, new_store

NOW = 1_780_478_062_000
"""The moment of most tests: 2026-06-03T09:14:22.000Z."""


def database_of(store: Store) -> Database:
    """The store's Database, not started: every write runs in the thread that asks for it."""
    return Database(store.url if store.engine == "postgresql" else "", store.data_dir)


@contextmanager
def opened(store: Store, idle: list[Callable[[Any], bool]] | None = None) -> Iterator[Database]:
    """The store with its writers running, for the time of the block."""
    db = database_of(store)
    db.start(idle, writers=3)  # as several processes on one PostgreSQL would write
    try:
        yield db
    finally:
        db.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Cluster | None], Store]]:
    """Gives a store with tables and nothing else, made once per engine, for copies."""
    with ExitStack() as kept:

        @functools.cache
        def made(cluster: Cluster | None) -> Store:
            store = kept.enter_context(new_store(tmp_path_factory.mktemp("migrated") / "data", cluster))
            db = database_of(store)
            migrate(db)
            db.close()
            return store

        yield made


@pytest.fixture(scope="session")
def spares(cluster: Cluster | None, migrated: Callable[[Cluster | None], Store]) -> Spares | None:
    """Databases for `core_store` on PostgreSQL; None on SQLite."""
    return None if cluster is None else Spares(cluster, migrated(cluster).database)


@pytest.fixture
def core_store(
    cluster: Cluster | None,
    migrated: Callable[[Cluster | None], Store],
    spares: Spares | None,
    tmp_path: Path,
) -> Iterator[Store]:
    """A store of the test's own with tables and nothing else, and ids that begin with the test's first moment."""
    with ids_of_the_past(), lent_store(tmp_path / "data", spares, migrated(cluster)) as store:
        yield store


@pytest.fixture
def db(core_store: Store) -> Iterator[Database]:
    """`core_store` with its writers running."""
    with opened(core_store) as running:
        yield running


@dataclass(frozen=True)
class Room:
    """A project in a workspace of its own, and whoever may do everything there."""

    db: Database
    workspace: str
    id: str
    actor: Actor

    def facts(self) -> ProjectFacts:
        """The project as a door sees it now."""
        found = self.db.read_now(Directory().by_id, self.id)
        assert found is not None
        return found

    def submit(self, now: int = NOW, **given: Any) -> Submitted:
        """Submits a report by way of the writer, checked against the present settings."""
        return self.db.write_now(submit_report, submission(self.facts(), now, **given))


def make_room(db: Database, name: str = "Room", plan: Plan = Plan.PRO, now: int = NOW) -> Room:
    """Adds a workspace with one project."""
    workspace = db.write_now(create_workspace, f"{name}'s people", plan, now)
    project = db.write_now(create_project, operator(workspace), name, None, now)
    return Room(db, workspace, project, person("somebody", "Somebody", workspace, Role.OWNER))


@pytest.fixture
def room(db: Database) -> Room:
    """A project in a workspace on the plan PRO."""
    return make_room(db)


def submission(facts: ProjectFacts, now: int = NOW, **given: Any) -> Submission:
    """A report as a door hands it in; `given` replaces any of its fields."""
    values: dict[str, Any] = {
        "project": facts,
        "now": now,
        "source": "API",
        "client_id": None,
        "channel": None,
        "title": "It broke",
        "message": "It broke when I looked at it",
        "blocks": b'[{"type":"text","text":"It broke when I looked at it"}]',
        "context": b'{"url":"https://app.example.com/"}',
        "identity": None,
        "user_id": None,
        "url": "https://app.example.com/",
        "artifact_id": None,
    }
    return Submission(**(values | given))
