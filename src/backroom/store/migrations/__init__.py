"""Schema changes, run by Alembic under a lock when a store is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from backroom.errors import Invalid
from backroom.store.database import Database

ADVISORY_LOCK = 7_226_914_470
VERSIONS = Path(__file__).parent / "versions"


@cache
def revisions() -> tuple[str, ...]:
    """Every revision that this program knows, oldest first: the numbers that their files begin with."""
    return tuple(sorted(path.name[:4] for path in VERSIONS.glob("[0-9]*.py")))


def head() -> str:
    """The newest revision that this program knows."""
    return revisions()[-1]


def current(conn: Connection) -> str | None:
    """The store's revision, None where it has no tables yet."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(db: Database) -> tuple[str | None, str]:
    """Brings the store to the newest revision; returns the one it had and the one it has.

    Safe to run from several processes at once: they take turns, and the later ones find nothing to do.
    Raises Invalid for a store that a newer program wrote, that can't keep every character, or whose file is gone
    while its log is there.
    """
    with _turn(db), _begun(db) as conn:
        if not db.is_sqlite:
            conn.execute(text("SELECT pg_advisory_lock(:n)"), {"n": ADVISORY_LOCK})
            conn.commit()
        try:
            return _upgrade(conn)
        finally:
            if not db.is_sqlite:
                conn.rollback()
                conn.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": ADVISORY_LOCK})
                conn.commit()


def _begun(db: Database) -> Connection:
    """A connection that makes SQLite's file where there is none. To be called in the store's turn, in which nobody
    else does. Raises Invalid where SQLite would delete a log, with what only it has, to begin a file beside it."""
    path = db.path
    if path is not None and not path.exists():
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise Invalid(
                f"{path} isn't there, but its log is, {log.name}, with reports in it: put the file back, or restore "
                "a backup into another folder. To begin anew, move the log away."
            )
    return db.connect_unmanaged()


@contextmanager
def _turn(db: Database) -> Iterator[None]:
    """Has the store's turn, which PostgreSQL needs none of, and leaves nothing open."""
    lock = db.lock()
    if lock is None:
        yield
        return
    with closing(lock), lock:
        yield


def bring_to(conn: Connection, revision: str) -> None:
    """Brings the database behind `conn`, which nobody else may use, up to `revision`; commits nothing."""
    from backroom.store.migrations.upgrade import upgrade

    upgrade(conn, revision)


def _check_encoding(conn: Connection) -> None:
    """Raises Invalid for a PostgreSQL database that can't keep every character."""
    if conn.dialect.name == "postgresql":
        encoding = conn.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise Invalid(
                f"The database's encoding is {encoding}, which can't keep every character: "
                "make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
            )


def _upgrade(conn: Connection) -> tuple[str | None, str]:
    _check_encoding(conn)
    before, newest = current(conn), head()
    conn.rollback()
    if before is not None and before > newest:
        raise Invalid(
            f"The store was written by a newer version of Backroom (schema {before}; this one knows {newest}): "
            "install that version."
        )
    if before != newest:
        # Alembic takes a quarter of a second to import, which only a store with an older schema needs to pay.
        from backroom.store.migrations.upgrade import upgrade

        upgrade(conn)
        conn.commit()
    return before, newest
