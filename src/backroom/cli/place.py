"""What all commands share: where the store is, and how they print their result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import structlog
from cyclopts import Parameter, Token
from sqlalchemy.exc import SQLAlchemyError

from backroom.config import Settings, read_settings
from backroom.errors import Conflict, Invalid, NotFound, StoreFailed
from backroom.files.blobs import said
from backroom.opening import open_database, shown_address
from backroom.store.database import Database, parse_url
from backroom.store.migrations import current, migrate
from backroom.upkeep.restore import is_unfinished

T = TypeVar("T")

NO_STORE = (
    "There is no store at {}. Set its location with --data, BACKROOM_DATA or BACKROOM_DATABASE_URL, "
    "or run `backroom migrate` to create one."
)
UNFINISHED = "A restore into this store was interrupted. Run `backroom restore FILE` again."


@Parameter(name="*")
@dataclass(frozen=True)
class Place:
    """The two flags that every command takes."""

    data: Annotated[
        Path | None,
        Parameter(converter=parsed_by(_folder), help="The data folder. Default: BACKROOM_DATA, or ./data."),
    ] = None
    json: Annotated[bool, Parameter(negative="", help="Print one JSON object instead of text.")] = False

    def settings(self) -> Settings:
        """The settings with this command's flags over them. Raises Invalid."""
        return read_settings(os.environ, data=self.data)

    def answer(self, fields: Mapping[str, Any], text: str) -> None:
        """Prints `fields` as JSON with --json, else `text`. Raises Invalid if standard output is closed, OSError."""
        if sys.stdout is None:
            raise Invalid("The command succeeded, but its result can't be printed: standard output is closed.")
        line = msgspec.json.encode(fields).decode() if self.json else text
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


@contextmanager
def opened(settings: Settings, *, new: bool = False, unfinished: bool = False) -> Iterator[Database]:
    """The store, migrated to the newest schema, for the time of the block.

    The driver's errors become Failures of one line. If there is no store, it is created with `new`; otherwise NotFound
    is raised and nothing is created. A store with an interrupted restore raises Conflict, unless `unfinished`.
    """
    if not new:
        _check_file(settings)
    with connected(settings) as db:
        if not new and db.read_now(current) is None:
            raise NotFound(NO_STORE.format(shown_address(db)))
        migrate(db)
        if not unfinished and db.read_now(is_unfinished):
            raise Conflict(UNFINISHED)
        yield db


def _check_file(settings: Settings) -> None:
    """Raises NotFound if SQLite's file is missing, before anything is created."""
    url = parse_url(settings.database_url, settings.data)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise NotFound(NO_STORE.format(url.database))


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """The store as it is, for the time of the block; the driver's errors become Failures of one line."""
    # The exception of a failed write is the one line on standard error; the store's log would add another.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    db = open_database(settings)
    try:
        yield db
    except StoreFailed as error:
        raise StoreFailed(
            f"{error.message} ({first_line(error.__cause__)})" if error.__cause__ else error.message
        ) from error
    except SQLAlchemyError as error:
        raise StoreFailed(f"The store can't be used: {first_line(error)} ({shown_address(db)})") from error
    finally:
        db.close()


def read_line(what: str) -> str:
    """The next line of standard input, without its line break; `what` names it in error messages.

    Raises Invalid if there is none or if it isn't UTF-8.
    """
    try:
        line = sys.stdin.readline() if sys.stdin is not None else ""
        line.encode()
    except UnicodeError as error:
        raise Invalid(f"The {what} on standard input isn't valid UTF-8.") from error
    if not line:
        raise Invalid(f"There is no {what} on standard input.")
    return line.rstrip("\r\n")


def parsed_by(parse: Callable[[str], T]) -> Callable[[Any, Sequence[Token]], T]:
    """A Cyclopts converter for a parameter of one word; if `parse` raises Invalid, that is wrong usage."""

    def convert(_kind: Any, tokens: Sequence[Token]) -> T:
        try:
            return parse(tokens[-1].value)
        except Invalid as error:
            raise ValueError(error.message) from error

    return convert


def _folder(text: str) -> Path:
    if not text.strip():
        raise Invalid("The data folder's name can't be empty.")
    return Path(text)


def first_line(error: BaseException | None) -> str:
    """What the driver or the bucket said, without the statement or the document below it."""
    original = getattr(error, "orig", None) or error
    text = said(original) if original is not None else ""
    return text.rstrip(".") or type(original).__name__
