"""Schema changes, run by Alembic under a lock when a store is opened."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from backroom.store.database import Database

ADVISORY_LOCK = 7_226_914_470


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(conn: Connection) -> str | None:
    """The store's revision, None where it has no tables yet."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(db: Database) -> tuple[str | None, str]:
    """Brings the store to the newest revision; returns the one it had and the one it has.

    Safe to run from several processes at once: they take turns, and the later ones find nothing to do.
    """
    with db.lock() or nullcontext(), db.connect_unmanaged() as conn:
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


def _upgrade(conn: Connection) -> tuple[str | None, str]:
    before, newest = current(conn), head()
    conn.rollback()
    if before != newest:
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        conn.commit()
    return before, newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
