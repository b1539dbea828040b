"""What every command shares: where the store is, and how an answer is given."""

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
    "There is no store at {}. Say where it is with --data, BACKROOM_DATA or BACKROOM_DATABASE_URL; "
    "`backroom migrate` makes a new one."
)
UNFINISHED = "A restore into this store didn't get to its end. Run `backroom restore FILE` again."


@Parameter(name="*")
@dataclass(frozen=True)
class Place:
    """The two flags that every command takes."""

    data: Annotated[
        Path | None,
        Parameter(converter=parsed_by(_folder), help="The data folder, else the variable BACKROOM_DATA, else ./data."),
    ] = None
    json: Annotated[bool, Parameter(negative="", help="Print one JSON object and nothing else.")] = False

    def settings(self) -> Settings:
        """The settings with this command's flags over them. Raises Invalid."""
        return read_settings(os.environ, data=self.data)

    def answer(self, fields: Mapping[str, Any], text: str) -> None:
        """Prints `fields` as JSON where that was asked for, else `text`. Raises Invalid, OSError where it can't."""
        if sys.stdout is None:
            raise Invalid("It is done, but can't be told: standard output is closed.")
        line = msgspec.json.encode(fields).decode() if self.json else text
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


@contextmanager
def opened(settings: Settings, *, new: bool = False, unfinished: bool = False) -> Iterator[Database]:
    """The store, brought to the newest schema, for the time of the block.

    Whatever the driver says against it becomes a Failure of one line. Where there is none it is made if `new`, else
    NotFound is raised and nothing is made. A store in which a restore was interrupted is a Conflict, unless
    `unfinished`.
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
    """Raises NotFound where SQLite's file is missing, before anything is made for it."""
    url = parse_url(settings.database_url, settings.data)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise NotFound(NO_STORE.format(url.database))


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """The store as it is, for the time of the block; the driver's complaints become Failures of one line."""
    # A failed write is told by its exception; the store's own log would be a second line.
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
    """The next line of standard input, without its end; `what` it is stands in complaints.

    Raises Invalid where there is none, or bytes that aren't UTF-8.
    """
    try:
        line = sys.stdin.readline() if sys.stdin is not None else ""
        line.encode()
    except UnicodeError as error:
        raise Invalid(f"The {what} on standard input must be text in UTF-8.") from error
    if not line:
        raise Invalid(f"Standard input has no {what}.")
    return line.rstrip("\r\n")


def parsed_by(parse: Callable[[str], T]) -> Callable[[Any, Sequence[Token]], T]:
    """How Cyclopts is to read a parameter of one word; what `parse` says is Invalid is wrong usage."""

    def convert(_kind: Any, tokens: Sequence[Token]) -> T:
        try:
            return parse(tokens[-1].value)
        except Invalid as error:
            raise ValueError(error.message) from error

    return convert


def _folder(text: str) -> Path:
    if not text.strip():
        raise Invalid("The data folder must have a name.")
    return Path(text)


def first_line(error: BaseException | None) -> str:
    """What the driver or the bucket said, without the statement or the document below it."""
    original = getattr(error, "orig", None) or error
    text = said(original) if original is not None else ""
    return text.rstrip(".") or type(original).__name__
