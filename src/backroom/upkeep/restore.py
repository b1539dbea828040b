"""Fills an empty store from a backup.

Rows are inserted in parts of a few megabytes, each in its own transaction. Accounts, projects and keys come last, in
one transaction that also removes the mark `restoring`: before it nobody can reach anything, after it everything is
there. If a store still has the mark, a restore was interrupted; the next one clears the store and starts over with a
mark of its own. A restore that was only thought to be interrupted finds another mark than its own, and stops. The rows
of an older backup are migrated first (`older`).
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, text, update

from backroom.errors import Conflict, Invalid
from backroom.files.blobs import Blobs
from backroom.store.changes import mark_config_changed
from backroom.store.database import Database
from backroom.store.migrations import head
from backroom.store.prepared import insert_rows
from backroom.store.tables import changes, metadata, projects, reports, users, workspaces
from backroom.upkeep.archive import (
    FILES,
    LAST,
    Manifest,
    Member,
    Rows,
    backed_up_columns,
    backed_up_tables,
    read_manifest,
    read_members,
    read_rows,
)
from backroom.upkeep.index import empty_index
from backroom.upkeep.older import OlderRows, older_rows
from backroom.upkeep.progress import Report, silent

MARK = "restoring"
HAS_DATA = "This store already has data. A backup needs an empty store: choose another folder with --data."
OVERTAKEN = "Another restore into this store started in the meantime, so this one stopped."


class Restored(NamedTuple):
    """What was restored: rows by table, and the number of files."""

    rows: dict[str, int]
    files: int


def is_unfinished(conn: Connection) -> bool:
    """Whether a restore into this store was interrupted."""
    return conn.execute(select(changes.c.n).where(changes.c.name == MARK)).first() is not None


def has_data(conn: Connection) -> bool:
    """Whether the store has any data other than what an interrupted restore left."""
    if is_unfinished(conn):
        return False
    return any(conn.execute(select(table.c.id).limit(1)).first() for table in (users, workspaces, projects, reports))


def restore(db: Database, blobs: Blobs, source: Path, now: int, report: Report = silent) -> Restored:
    """Fills the store from the backup `source`. The store has the newest schema and no data.

    The whole file is checked, and the rows of an older one are migrated, before anything is written. Raises Conflict
    (the store has data, or another restore into it has started since), Invalid (not a backup, a damaged one, or one
    with a newer schema), StoreFailed, OSError.
    """
    if db.read_now(has_data):
        raise Conflict(HAS_DATA)
    manifest = _manifest_of(source)
    room: AbstractContextManager[OlderRows | None] = nullcontext() if _is_current(manifest) else older_rows(manifest)
    with room as older:
        _check(source, manifest, older, report)
        wanted = manifest.rows if older is None else older.migrate()
        mark = db.write_now(_begin)
        rows, copied, last = dict.fromkeys(wanted, 0), 0, []
        for part in _contents(source, older):
            if isinstance(part, Member):
                blobs.put(part.name.removeprefix(FILES), part.content)
                copied += 1
            else:
                rows[part.table] += len(part.rows)
                if part.table in LAST:
                    last.append(part)
                else:
                    db.write_now(_insert, mark, part)
            report("restoring", sum(rows.values()) + copied, sum(wanted.values()) + manifest.files)
        db.write_now(_finish, mark, last, now)
    return Restored(rows, copied)


def _manifest_of(source: Path) -> Manifest:
    first = next(read_members(source), None)
    if first is None:
        raise Invalid(f"{source} isn't a Backroom backup: it is empty.")
    return read_manifest(first)


def _is_current(manifest: Manifest) -> bool:
    """Whether the backup's rows go into the store as they are."""
    return manifest.revision == head() and manifest.columns == backed_up_columns()


def _check(source: Path, manifest: Manifest, older: OlderRows | None, report: Report) -> None:
    """Reads the whole backup and compares it with its manifest and its checksum; adds its rows to `older`."""
    tables = metadata.tables if older is None else older.tables
    rows = dict.fromkeys(manifest.rows, 0)
    for member in itertools.islice(read_members(source), 1, None):
        if not member.name.startswith(FILES):
            part = read_rows(member, tables)
            rows[part.table] = rows.get(part.table, 0) + len(part.rows)
            if older is not None:
                older.add(part)
        report("checking", sum(rows.values()), sum(manifest.rows.values()))
    if rows != manifest.rows:
        raise Invalid(f"{source} is damaged: its rows don't match its manifest.")


def _contents(source: Path, older: OlderRows | None) -> Iterator[Member | Rows]:
    """Rows and files in the order of a backup; the rows of an older one as migrated."""
    before, after = backed_up_tables()
    if older is not None:
        yield from older.read(before)
    for member in itertools.islice(read_members(source), 1, None):
        if member.name.startswith(FILES):
            yield member
        elif older is None:
            yield read_rows(member, metadata.tables)
    if older is not None:
        yield from older.read(after)


def _begin(tx: Connection) -> int:
    """Deletes what an interrupted restore left and marks the store; returns the mark."""
    _take_turn(tx)
    if has_data(tx):
        raise Conflict(HAS_DATA)
    empty_index(tx)
    for table in metadata.tables.values():
        tx.execute(delete(table))
    mark = secrets.randbits(62)
    tx.execute(insert(changes).values(name=MARK, n=mark))
    return mark


def _insert(tx: Connection, mark: int, part: Rows) -> None:
    _check_mark(tx, mark)
    insert_rows(tx, metadata.tables[part.table], part.rows)


def _check_mark(tx: Connection, mark: int) -> None:
    """Raises Conflict if another restore has started since, which deleted what this one had written."""
    _take_turn(tx)
    if tx.execute(select(changes.c.n).where(changes.c.name == MARK)).scalar() != mark:
        raise Conflict(OVERTAKEN)


def _take_turn(tx: Connection) -> None:
    """On PostgreSQL others write at the same time, unseen until they commit."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("LOCK TABLE changes IN EXCLUSIVE MODE"))


def _finish(tx: Connection, mark: int, last: list[Rows], now: int) -> None:
    """Inserts accounts, projects and keys and removes the mark, which opens the store."""
    _check_mark(tx, mark)
    for part in last:
        insert_rows(tx, metadata.tables[part.table], part.rows)
    tx.execute(delete(changes).where(changes.c.name == MARK))
    # The store goes back in time, but no change number may: an ETag from after the backup would match again.
    tx.execute(update(changes).where(changes.c.n < now).values(n=now))
    mark_config_changed(tx)
    if tx.dialect.name == "postgresql":
        tx.execute(text("ANALYZE"))
