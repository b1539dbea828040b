"""What a database error means: worth another try, a key that is taken, or the end of the transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from backroom.errors import StoreFailed

BUSY_STATES = {"40001", "40P01", "23505"}
"""PostgreSQL's serialization failure, deadlock, and a unique key that another writer took between the look-up and
the insert. The same work may succeed at the next try, or find the row it looked for."""


class StoreMoved(Exception):
    """The store's file is gone or another one: a write would go into a file that nobody can find."""


NOT_KEPT = "The store couldn't save this, and nothing of it was kept. Send it again later."
UNKNOWN = "The store was lost before it confirmed this. Check whether it was stored before you send it again."

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
"""libpq's PQTRANS_INERROR: PostgreSQL accepts nothing more in this transaction and turns COMMIT into a rollback."""


def ends_transaction(tx: Connection, error: Exception) -> bool:
    """Whether the engine gave up the whole transaction: a full disk, a lost connection, a deadlock.

    An error without a code comes from the driver, which refuses a NUL in a text for PostgreSQL, say; it leaves the
    transaction intact.
    """
    original = _driver_error(error)
    if str(getattr(original, "sqlite_errorname", "")).startswith(FATAL_SQLITE):
        return True
    if (getattr(original, "sqlstate", None) or "").startswith(FATAL_POSTGRESQL):
        return True
    return isinstance(original, OSError) or is_lost(tx)


def is_lost(tx: Connection) -> bool:
    """Whether the transaction is gone. SQLite ends it by itself on a full disk, PostgreSQL with the connection."""
    if tx.invalidated:
        return True
    driver: Any = tx.connection.driver_connection
    return not driver.in_transaction if tx.dialect.name == "sqlite" else bool(driver.closed)


def check_open(tx: Connection) -> None:
    """Raises StoreFailed if a commit would silently commit nothing; the driver doesn't report that."""
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
    """Whether another writer was in the way on PostgreSQL, so that the same work may succeed at the next try."""
    return getattr(_driver_error(error), "sqlstate", None) in BUSY_STATES


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def first_line(error: BaseException) -> str:
    """The driver's message for the log, without its further lines: those can quote what a reporter sent."""
    text = str(_driver_error(error)).strip()
    return text.splitlines()[0] if text else type(error).__name__


def refusal(error: Exception, *, may_be_kept: bool) -> StoreFailed:
    """The failure for a caller whose command couldn't be committed. Each caller gets its own, because every raise
    lengthens an exception's traceback.

    `may_be_kept` says that the connection was lost between the commit and its confirmation.
    """
    failure = StoreFailed(UNKNOWN if may_be_kept else NOT_KEPT)
    failure.__cause__ = error
    return failure
