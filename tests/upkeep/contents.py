"""What is in a store, for comparing two."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, literal_column, select

from backroom.files.blobs import Blobs
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.store.tables import changes, doomed_files, files, metadata, reports
from tests.harness.server import Server
from tests.harness.store import Store

PAGE = 40


@contextmanager
def database(store: Store) -> Iterator[Database]:
    """The store, migrated, without a writer running."""
    db = Database(store.url, store.data_dir)
    try:
        migrate(db)
        yield db
    finally:
        db.close()


def blobs_of(store: Store) -> Blobs:
    """Where the store keeps its files."""
    return Blobs("", store.data_dir / "files")


def rows_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that a backup has but the change numbers, sorted."""
    tables = [table for name, table in metadata.tables.items() if name not in (changes.name, doomed_files.name)]
    with database(store) as db:
        return {table.name: sorted((tuple(row) for row in db.read_now(_all, table)), key=repr) for table in tables}


def _all(conn: Connection, table: Any) -> list[Any]:
    return list(conn.execute(select(*table.columns)))


def lists_of(store: Store, demo: Mapping[str, Any], log: Path) -> list[bytes]:
    """Every page of every list of the sample data through both doors, as a server on the store answers."""
    with Server(store, log) as server, httpx.Client(base_url=server.url) as client:
        return [body for project in demo["projects"] for body in _lists(client, project)]


def _lists(client: httpx.Client, project: Mapping[str, str]) -> Iterator[bytes]:
    bearer, query = {"Authorization": f"Bearer {project['key']}"}, {"limit": str(PAGE)}
    while True:
        page = client.get(f"/api/v1/projects/{project['id']}/feedback", headers=bearer, params=query).raise_for_status()
        yield page.content
        if page.json()["nextCursor"] is None:
            break
        query["before"] = page.json()["nextCursor"]
    for path in ("/api/projects", "/api/feedback?pageSize=100", "/api/feedback?pageSize=100&page=2&search=the"):
        yield client.get(path, headers={"x-api-key": project["minibackKey"]}).raise_for_status().content


def arrivals_of(store: Store) -> list[str]:
    """The ids of all reports in the order in which a search finds them, oldest first."""
    order = literal_column("reports.row") if store.engine == "sqlite" else reports.c.id
    with database(store) as db:
        return db.read_now(lambda conn: list(conn.execute(select(reports.c.id).order_by(order)).scalars()))


def files_of(store: Store) -> dict[str, bytes]:
    """The bytes of every file that a report has, by key."""
    blobs = blobs_of(store)
    with database(store) as db:
        keys = db.read_now(lambda conn: list(conn.execute(select(files.c.key)).scalars()))
    return {key: blobs.get(key) for key in keys}
