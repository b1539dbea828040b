"""Opens the store that the settings name, for the server and the commands."""

from __future__ import annotations

from backroom.config import Settings
from backroom.errors import Invalid
from backroom.store.database import Database

SECRET_FIELDS = ("password", "sslpassword")
"""Secrets that libpq accepts in the query of a database URL."""


def open_database(settings: Settings) -> Database:
    """The store that the settings name; creates the data folder if it is missing.

    Raises Invalid if it can't be created and the database or the files belong in it.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if not (settings.database_url and settings.files_url):
            raise Invalid(
                f"The data folder {settings.data} can't be created: {error.strerror}."
                " Choose another one with --data or BACKROOM_DATA."
            ) from error
    return Database(settings.database_url, settings.data)


def shown_address(db: Database) -> str:
    """Where the store is, without a password."""
    if db.path is not None:
        return str(db.path)
    return db.url.difference_update_query(SECRET_FIELDS).render_as_string(hide_password=True)
