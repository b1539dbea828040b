"""The one place that runs Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(conn: Connection) -> None:
    """Brings the store behind `conn` to the newest revision."""
    command.upgrade(configuration(conn), "head")


def configuration(conn: Connection) -> Config:
    """Alembic's configuration for the revisions beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    return config
