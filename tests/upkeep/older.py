"""A store as an older release left it, and its backup, written without this program's own backup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    literal_column,
    select,
)

from backroom.clock import now_ms
from backroom.projects.directory import Directory
from backroom.reports.submit import StoredFile, submit_report
from backroom.store.database import Database
from backroom.store.migrations import bring_to
from backroom.store.tables import metadata
from backroom.upkeep.archive import FILES, FORMAT, LAST, LEFT_OUT, MANIFEST, TABLES, ArchiveWriter, Manifest
from tests.harness.cast import Cast
from tests.harness.store import Store
from tests.store.fixtures import submission
from tests.upkeep.contents import blobs_of, database, files_of

PROGRAM = "0.0.9"
"""The release that the tests' older backups say they are of."""

ROW = "row"
"""What SQLite's table of reports has besides."""

ANYTHING: dict[type[Any], object] = {
    Text: "x",
    BigInteger: 7,
    Integer: 7,
    LargeBinary: b"{}",
    Boolean: True,
    Double: 0.5,
}
REPORTS: list[dict[str, Any]] = [
    {"url": "https://me@app.example.com/cart?step=2#pay", "user_id": "reporter-1", "artifact_id": "cart"},
    {"url": "https://app.example.com", "user_id": "reporter-2", "client_id": "once"},
    {"url": None},
    {"message": "Ünïcödé in the cart", "identity": b'{"id":"reporter-1"}', "artifact": b'{"title":"Cart"}'},
]


def fill(cast: Cast) -> None:
    """Puts reports, one with a file, and one row of no meaning into every table that has none."""
    content, project = b"the picture's bytes", cast.owner.project
    file = StoredFile("f1", "SCREENSHOT", "image/png", len(content), "0" * 64, f"{project.id}/f1", 3, 2, None)
    blobs_of(cast.store).put(file.key, content)
    with database(cast.store) as db:
        facts = db.read_now(Directory().by_project_key, project.project_key)
        assert facts is not None
        for number, given in enumerate(REPORTS):
            given = {"message": f"The report number {number}", "files": [file] if number == 0 else []} | given
            db.write_now(submit_report, submission(facts, now_ms(), **given))
        db.write_now(_fill_empty)


def _fill_empty(tx: Connection) -> None:
    for table in metadata.tables.values():
        if tx.execute(select(table).limit(1)).first() is None:
            tx.execute(insert(table).values({column: ANYTHING[type(column.type)] for column in table.columns}))


@dataclass
class Backup:
    """What an older backup has; rows have their values in the order of the columns."""

    revision: str
    columns: dict[str, list[str]]
    rows: dict[str, list[tuple[Any, ...]]]
    files: dict[str, bytes]

    def write(self, path: Path) -> Path:
        """Writes the archive."""
        rows = {name: len(rows) for name, rows in self.rows.items()}
        size = sum(map(len, self.files.values()))
        manifest = Manifest(FORMAT, PROGRAM, self.revision, 1, self.columns, rows, len(self.files), size)
        with path.open("wb") as file:
            archive = ArchiveWriter(file)
            archive.add(MANIFEST, msgspec.json.encode(manifest))
            self._add_rows(archive, lambda name: name not in LAST)
            for key, content in self.files.items():
                archive.add(f"{FILES}{key}", content)
            self._add_rows(archive, lambda name: name in LAST)
            archive.finish([])
        return path

    def _add_rows(self, archive: ArchiveWriter, chosen: Callable[[str], bool]) -> None:
        for name in filter(chosen, self.rows):
            lines = b"".join(msgspec.json.encode(row) + b"\n" for row in self.rows[name])
            archive.add(f"{TABLES}{name}/000001.jsonl", lines)


def backup_of(source: Store, revision: str, older: Store) -> Backup:
    """What a backup had when `revision` was the newest, of a store with as much of `source` as it could keep then.

    The empty store `older` becomes that store.
    """
    db = Database(older.url, older.data_dir)
    try:
        with db.connect_unmanaged() as conn:
            bring_to(conn, revision)
            tables = _tables(conn)
            columns = {name: [str(c.name) for c in table.columns if c.name != ROW] for name, table in tables.items()}
            with database(source) as whole:
                kept = {name: whole.read_now(_rows, metadata.tables[name], columns[name]) for name in tables}
            for name, rows in kept.items():
                conn.execute(insert(tables[name]), [dict(zip(columns[name], row, strict=True)) for row in rows])
            conn.commit()
            found = {name: _rows(conn, table, columns[name]) for name, table in tables.items()}
    finally:
        db.close()
    return Backup(revision, columns, found, files_of(source))


def _tables(conn: Connection) -> dict[str, Table]:
    """The tables of which a backup was made, as the database itself describes them."""
    found = MetaData()
    found.reflect(conn, only=lambda name, _: name in metadata.tables and name not in LEFT_OUT)
    return dict(found.tables)


def _rows(conn: Connection, table: Table, columns: list[str]) -> list[tuple[Any, ...]]:
    """In the order in which a backup has them."""
    order: Any = literal_column("reports.row") if (conn.dialect.name, table.name) == ("sqlite", "reports") else None
    query = select(*(table.columns[name] for name in columns))
    return [tuple(row) for row in conn.execute(query.order_by(table.columns[columns[0]] if order is None else order))]
