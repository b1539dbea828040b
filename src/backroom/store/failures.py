"""What an engine's error means: worth another try, a key that is taken, or the end of the transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from backroom.errors import StoreFailed

BUSY_STATES = {"40001", "40P01", "23505"}
"""PostgreSQL's serialization failure, deadlock, and a unique key that another writer took between look-up
and insert: the same work may pass, or find what it looks for, at the next try."""


class StoreMoved(Exception):
    """What is written would go into a file that nobody finds any more."""


NOT_KEPT = "The store couldn't take this, and has kept nothing of it. Send it again later."
UNKNOWN = "The store was lost before it said whether it has kept this. Look whether it has before you send it again."

FATAL_SQLITE = (
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_NOMEM",
    "SQLITE_CORRUPT",
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
)
FATAL_POSTGRESQL = ("08", "25006", "40", "53", "57", "58", "XX")
IN_ERROR = 3
"""libpq's PQTRANS_INERROR: PostgreSQL takes nothing more in this transaction, and makes a rollback of COMMIT."""


def ends_transaction(tx: Connection, error: Exception) -> bool:
    """Whether the engine has given the whole transaction up: a full disk, a lost connection, a deadlock.

    An error without a code is the driver's own: it refuses a NUL in a text for PostgreSQL, and nothing is lost.
    """
    original = _driver_error(error)
    if str(getattr(original, "sqlite_errorname", "")).startswith(FATAL_SQLITE):
        return True
    if (getattr(original, "sqlstate", None) or "").startswith(FATAL_POSTGRESQL):
        return True
    return isinstance(original, OSError) or is_lost(tx)


def is_lost(tx: Connection) -> bool:
    """Whether the transaction is gone: SQLite ends it by itself on a full disk, PostgreSQL with the connection."""
    if tx.invalidated:
        return True
    driver: Any = tx.connection.driver_connection
    return not driver.in_transaction if tx.dialect.name == "sqlite" else bool(driver.closed)


def check_open(tx: Connection) -> None:
    """Raises StoreFailed where a commit would be none, of which the driver says nothing."""
    driver: Any = tx.connection.driver_connection
    refused = tx.dialect.name == "postgresql" and driver.pgconn.transaction_status == IN_ERROR
    if refused or is_lost(tx):
        raise StoreFailed("The transaction had ended before its commit.")


def is_taken(error: BaseException) -> bool:
    """Whether a unique index refused a row, on either engine."""
    original = _driver_error(error)
    return (
        getattr(original, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
        or getattr(original, "sqlstate", None) == "23505"
    )


def is_busy(error: BaseException) -> bool:
    """Whether another writer of PostgreSQL was in the way, so that the same work may pass at the next try."""
    return getattr(_driver_error(error), "sqlstate", None) in BUSY_STATES


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def first_line(error: BaseException) -> str:
    """What the driver said, for the log: the lines below it can hold what a reporter sent."""
    text = str(_driver_error(error)).strip()
    return text.splitlines()[0] if text else type(error).__name__


def refusal(error: Exception, *, may_be_kept: bool) -> StoreFailed:
    """The failure that a caller gets whose command couldn't be committed; one each, for tracebacks grow.

    `may_be_kept` where the connection was lost between the commit and its answer.
    """
    failure = StoreFailed(UNKNOWN if may_be_kept else NOT_KEPT)
    failure.__cause__ = error
    return failure
