"""Checks the settings, the folders, the database and the files. Each check says what it saw and how to fix it."""

from __future__ import annotations

import difflib
import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from backroom.config import Settings, read_settings, unknown_variables, variable_of
from backroom.errors import Failure, Invalid, StoreFailed
from backroom.files.blobs import Blobs, said
from backroom.ids import random_text
from backroom.store.database import Database
from backroom.upkeep import inspections
from backroom.upkeep.backup import BESIDE
from backroom.upkeep.progress import Report, silent
from backroom.upkeep.stray import PROBES, Compared, Missed, compare

LEAST_FREE = 256 * 1024 * 1024
FREE_UP_SPACE = "Free up disk space: no report can be stored on a full disk."
PROBE = b"written by backroom doctor"
RESTORE_FIX = "Stop the server, move the damaged file away, and run `backroom restore FILE` with your newest backup."
FILES_FIX = (
    "Set BACKROOM_FILES_URL to a folder or bucket that Backroom may read, write, list and delete in, and check the"
    " bucket's credentials."
)
STRAY_FIX = "Run `backroom doctor --files --mend`. The server then deletes them after an hour."


class Check(msgspec.Struct):
    """What was checked and found; `mend` says how to fix it, and is empty if nothing is wrong."""

    name: str
    ok: bool
    detail: str
    mend: str


def examine(
    environment: Mapping[str, str],
    data: Path | None,
    now: int,
    report: Report = silent,
    *,
    every_file: bool = False,
) -> list[Check]:
    """Runs every check. Changes nothing: files that it writes to try things out are removed again.

    `data` is the command line's flag. With `every_file` it also compares the stored files with the reports.
    If a check fails without which the next ones make no sense, it is the last.
    """
    checks: list[Check] = []
    for check in _examine(environment, data, now, report, every_file):
        report(check.name, len(checks), None)
        checks.append(check)
    return checks


def _examine(
    environment: Mapping[str, str], data: Path | None, now: int, report: Report, every_file: bool
) -> Iterator[Check]:
    try:
        settings = read_settings(environment, data=data)
    except Invalid as error:
        yield Check("settings", False, error.message, "Change or unset the variable.")
        return
    yield _known_variables(environment)
    elsewhere = bool(settings.database_url and settings.files_url)
    folder = _data_folder(settings.data)
    if not elsewhere:
        yield folder
    if folder.ok:
        yield _free_space(settings.data)
    if folder.ok or elsewhere:
        place = _files(settings)
        yield place
        every_file = every_file and place.ok
    if folder.ok or settings.database_url:
        yield from _database(settings, now, report, every_file and (folder.ok or elsewhere))


def _known_variables(environment: Mapping[str, str]) -> Check:
    unknown = unknown_variables(environment)
    if not unknown:
        return Check("settings", True, "all variables are known and valid", "")
    known = [variable_of(field.name) for field in fields(Settings)]
    near = {name: difflib.get_close_matches(name, known, 1) for name in unknown}
    guesses = [f"{name} (did you mean {near[name][0]}?)" if near[name] else name for name in unknown]
    mend = "Unset the variables that have no effect. The README lists all settings."
    return Check("settings", False, f"unknown variables: {', '.join(guesses)}", mend)


def _data_folder(data: Path) -> Check:
    mend = f"Make {data} a folder that this user may write to, or choose another one with --data or BACKROOM_DATA."
    if not data.exists():
        return Check("data folder", False, f"{data} doesn't exist", f"Run `backroom migrate` to create it. Or: {mend}")
    try:
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as probe:
            probe.write(PROBE)
            probe.flush()
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Check("data folder", False, f"can't write to {data}: {error.strerror}", FREE_UP_SPACE if full else mend)
    return Check("data folder", True, f"{data} is writable", "")


def _free_space(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE:
        return Check("free space", False, detail, FREE_UP_SPACE)
    return Check("free space", True, detail, "")


def _files(settings: Settings) -> Check:
    """Writes a file where screenshots go, reads it back and deletes it."""
    place = _place(settings)
    key = f"{PROBES}{random_text(12)}"
    try:
        blobs = Blobs(settings.files_url, settings.files_path)
        blobs.put(key, PROBE)
        same = blobs.get(key) == PROBE
        blobs.delete([key])
    except (OSError, ValueError, Failure) as error:
        return Check("files", False, f"{place}: {said(error.__cause__ or error)}", FILES_FIX)
    if not same:
        return Check("files", False, f"{place} returned other bytes than were written", "Check the storage service.")
    return Check("files", True, f"{place} can be written and read", "")


def _fix_missing(path: Path) -> str:
    if any(path.with_name(f"{path.name}{end}").exists() for end in BESIDE if end):
        return (
            "Files that belong to it are still there, so it was moved or deleted. Stop the server, then put the file "
            "back, or restore a backup into another folder."
        )
    return "Run `backroom migrate` to create it."


def _place(settings: Settings) -> str:
    return settings.files_url or str(settings.files_path)


def _database(settings: Settings, now: int, report: Report, every_file: bool) -> Iterator[Check]:
    db = Database(settings.database_url, settings.data)
    try:
        if db.path is not None and not db.path.exists():
            yield Check("database", False, f"{db.path} doesn't exist", _fix_missing(db.path))
            return
        finished = yield from _inspect(db, now, report)
        if finished and every_file:
            yield from _every_file(db, settings, now, report)
    finally:
        db.close()


def _inspect(db: Database, now: int, report: Report) -> Generator[Check, None, bool]:
    """Runs this engine's inspections; returns False if it stopped at one that `ends` them."""
    for inspection in inspections.list_inspections(db):
        report(inspection.name, 0, None)
        try:
            with db.snapshot() as conn:
                problem, detail = inspection.look(conn, now)
            mend = inspection.mend if problem else ""
        except (SQLAlchemyError, StoreFailed, Failure) as error:
            problem, detail, mend = True, _reason(error), RESTORE_FIX if db.is_sqlite else inspections.REACH_FIX
        yield Check(inspection.name, not problem, detail, mend)
        if problem and inspection.ends:
            return False
    yield _check_write(db)
    return True


def _every_file(db: Database, settings: Settings, now: int, report: Report) -> Iterator[Check]:
    try:
        found = compare(db, Blobs(settings.files_url, settings.files_path), now, report)
    except (SQLAlchemyError, sqlite3.Error, Failure) as error:
        yield Check("missing files", False, f"can't compare: {said(error.__cause__ or error)}", FILES_FIX)
        return
    yield _missing(found, _place(settings))
    yield _stray(found)


def _missing(found: Compared, place: str) -> Check:
    if not found.examples:
        return Check("missing files", True, f"none: all {found.files:,} files exist and have the right size", "")
    more = found.missing + found.changed - len(found.examples)
    examples = [*map(_example, found.examples), *([f"{more:,} more"] if more else [])]
    counts = f"{found.missing:,} missing and {found.changed:,} of a different size, out of {found.files:,}"
    mend = f"Every backup has them under the same keys in files/. Copy the ones that you need to {place}."
    return Check("missing files", False, f"{counts}: {'; '.join(examples)}", mend)


def _example(missed: Missed) -> str:
    size = "" if missed.lies is None else f" has {missed.lies:,} bytes instead of {missed.size:,}"
    return f"{missed.key} of report {missed.report}{size}"


def _stray(found: Compared) -> Check:
    detail = f"{found.stray:,} that belong to no report, {found.stray_bytes:,} bytes" if found.stray else "none"
    if found.waiting:
        detail += f"; {found.waiting:,} that the server is about to delete"
    if found.others:
        detail += f"; {found.others:,} that aren't this store's, which are kept"
    return Check("stray files", not found.stray, detail, STRAY_FIX if found.stray else "")


def _check_write(db: Database) -> Check:
    """Waits for its turn to write, and commits nothing."""
    try:
        db.write_now(_nothing)
    except StoreFailed as error:
        mend = "Check that the disk has space and that this user may write to the database."
        return Check("write", False, _reason(error.__cause__ or error), mend)
    return Check("write", True, "the store can be written", "")


def _nothing(_tx: Connection) -> None:
    return None


def _reason(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
