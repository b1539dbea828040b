"""Is everything as it should be? Every check says what it saw and, where something is wrong, how to mend it."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from backroom.config import Settings, read_settings, unknown_variables, variable_of
from backroom.errors import Failure, Invalid, StoreFailed
from backroom.files.blobs import Blobs
from backroom.ids import random_text
from backroom.store.database import Database
from backroom.upkeep import inspections
from backroom.upkeep.progress import Report, silent

LEAST_FREE = 256 * 1024 * 1024
PROBE = b"written by backroom doctor"
RESTORE_MEND = "Stop the server, move the damaged file away and run `backroom restore FILE` with your newest backup."


class Check(msgspec.Struct):
    """What was looked at and found; `mend` is empty where all is well."""

    name: str
    ok: bool
    detail: str
    mend: str


def examine(
    environment: Mapping[str, str],
    data: Path | None,
    now: int,
    report: Report = silent,
) -> list[Check]:
    """Looks at everything, changing nothing but for files that it writes and takes away again.

    `data` is the flag of the command line. A check that makes the next ones pointless is the last.
    """
    checks: list[Check] = []
    for check in _examine(environment, data, now, report):
        report(check.name, len(checks), None)
        checks.append(check)
    return checks


def _examine(environment: Mapping[str, str], data: Path | None, now: int, report: Report) -> Iterator[Check]:
    try:
        settings = read_settings(environment, data=data)
    except Invalid as error:
        yield Check("settings", False, error.message, "Change or unset the variable.")
        return
    yield _known_variables(environment)
    folder = _data_folder(settings.data)
    yield folder
    if folder.ok:
        yield _free_space(settings.data)
        yield _files(settings)
    if folder.ok or settings.database_url:
        yield from _database(settings, now, report)


def _known_variables(environment: Mapping[str, str]) -> Check:
    unknown = unknown_variables(environment)
    if not unknown:
        return Check("settings", True, "every variable is known and has a possible value", "")
    known = [variable_of(field.name) for field in fields(Settings)]
    near = {name: difflib.get_close_matches(name, known, 1) for name in unknown}
    guesses = [f"{name} (did you mean {near[name][0]}?)" if near[name] else name for name in unknown]
    mend = "Unset what has no effect; the README has the table of settings."
    return Check("settings", False, f"nothing reads {', '.join(guesses)}", mend)


def _data_folder(data: Path) -> Check:
    mend = f"Make {data} a folder that this user may write to, or choose another with --data or BACKROOM_DATA."
    if not data.exists():
        return Check("data folder", False, f"{data} isn't there", f"Run `backroom migrate`, which makes it. Or: {mend}")
    try:
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as probe:
            probe.write(PROBE)
            probe.flush()
    except OSError as error:
        return Check("data folder", False, f"can't write into {data}: {error.strerror}", mend)
    return Check("data folder", True, f"{data} is writable", "")


def _free_space(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE:
        return Check("free space", False, detail, "Make room on the disk: a full one takes no reports.")
    return Check("free space", True, detail, "")


def _files(settings: Settings) -> Check:
    """Writes a file where screenshots go, reads it back and takes it away."""
    place = settings.files_url or str(settings.files_path)
    key = f"doctor/{random_text(12)}"
    try:
        blobs = Blobs(settings.files_url, settings.files_path)
        blobs.put(key, PROBE)
        same = blobs.get(key) == PROBE
        blobs.delete([key])
    except (OSError, ValueError, Failure) as error:
        mend = "Make it a folder or bucket that Backroom may read, write and delete in (BACKROOM_FILES_URL)."
        return Check("files", False, f"{place}: {_reason(error.__cause__ or error)}", mend)
    if not same:
        return Check("files", False, f"{place} gave other bytes back than were put", "Look for what serves the bucket.")
    return Check("files", True, f"{place} takes and gives files", "")


def _database(settings: Settings, now: int, report: Report) -> Iterator[Check]:
    db = Database(settings.database_url, settings.data)
    try:
        if db.path is not None and not db.path.exists():
            yield Check("database", False, f"{db.path} isn't there", "Run `backroom migrate`, which makes it.")
            return
        yield from _ask(db, now, report)
    finally:
        db.close()


def _ask(db: Database, now: int, report: Report) -> Iterator[Check]:
    """Runs the inspections of this engine; stops after one that says nothing further makes sense."""
    for inspection in inspections.of(db):
        report(inspection.name, 0, None)
        try:
            with db.snapshot() as conn:
                problem, detail = inspection.look(conn, now)
            mend = inspection.mend if problem else ""
        except (SQLAlchemyError, StoreFailed, Failure) as error:
            problem, detail, mend = True, _reason(error), RESTORE_MEND if db.is_sqlite else inspections.REACH_MEND
        yield Check(inspection.name, not problem, detail, mend)
        if problem and inspection.ends:
            return
    yield _takes_a_write(db)


def _takes_a_write(db: Database) -> Check:
    """Waits its turn and commits nothing."""
    try:
        db.write_now(_nothing)
    except StoreFailed as error:
        mend = "See that the disk has room and that this user may write to the database."
        return Check("write", False, _reason(error.__cause__ or error), mend)
    return Check("write", True, "the store takes a write", "")


def _nothing(_tx: Connection) -> None:
    return None


def _reason(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
