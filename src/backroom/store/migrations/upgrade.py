"""The one place that runs Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(conn: Connection, revision: str = "head") -> None:
    """Brings the store behind `conn` up to `revision`."""
    command.upgrade(configuration(conn), revision)


def configuration(conn: Connection) -> Config:
    """Alembic's configuration for the revisions beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    return config
