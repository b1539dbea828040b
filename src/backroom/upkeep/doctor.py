"""Is everything as it should be? Every check says what it saw and, where something is wrong, how to mend it."""

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
MAKE_ROOM = "Make room on the disk: a full one takes no reports."
PROBE = b"written by backroom doctor"
RESTORE_MEND = "Stop the server, move the damaged file away and run `backroom restore FILE` with your newest backup."
PLACE_MEND = (
    "Make it a folder or bucket that Backroom may read, write, list and delete in (BACKROOM_FILES_URL), and see that"
    " the bucket's own variables are right."
)
STRAY_MEND = "Run `backroom doctor --files --mend`: it gives them up, and the server deletes them an hour later."


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
    *,
    every_file: bool = False,
) -> list[Check]:
    """Looks at everything, changing nothing but for files that it writes and takes away again.

    `data` is the flag of the command line. With `every_file` it also compares the place for files with the reports.
    A check that makes the next ones pointless is the last.
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
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Check("data folder", False, f"can't write into {data}: {error.strerror}", MAKE_ROOM if full else mend)
    return Check("data folder", True, f"{data} is writable", "")


def _free_space(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE:
        return Check("free space", False, detail, MAKE_ROOM)
    return Check("free space", True, detail, "")


def _files(settings: Settings) -> Check:
    """Writes a file where screenshots go, reads it back and takes it away."""
    place = _place(settings)
    key = f"{PROBES}{random_text(12)}"
    try:
        blobs = Blobs(settings.files_url, settings.files_path)
        blobs.put(key, PROBE)
        same = blobs.get(key) == PROBE
        blobs.delete([key])
    except (OSError, ValueError, Failure) as error:
        return Check("files", False, f"{place}: {said(error.__cause__ or error)}", PLACE_MEND)
    if not same:
        return Check("files", False, f"{place} gave other bytes back than were put", "Look for what serves the bucket.")
    return Check("files", True, f"{place} takes and gives files", "")


def _mend_missing(path: Path) -> str:
    if any(path.with_name(f"{path.name}{end}").exists() for end in BESIDE if end):
        return (
            "It was: what lies beside it is left of it. Stop the server that uses it, if one does, and put the file "
            "back, or restore a backup into another folder."
        )
    return "Run `backroom migrate`, which makes it."


def _place(settings: Settings) -> str:
    return settings.files_url or str(settings.files_path)


def _database(settings: Settings, now: int, report: Report, every_file: bool) -> Iterator[Check]:
    db = Database(settings.database_url, settings.data)
    try:
        if db.path is not None and not db.path.exists():
            yield Check("database", False, f"{db.path} isn't there", _mend_missing(db.path))
            return
        reached_the_end = yield from _ask(db, now, report)
        if reached_the_end and every_file:
            yield from _every_file(db, settings, now, report)
    finally:
        db.close()


def _ask(db: Database, now: int, report: Report) -> Generator[Check, None, bool]:
    """Runs the inspections of this engine; stops after one that says nothing further makes sense, and returns False."""
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
            return False
    yield _takes_a_write(db)
    return True


def _every_file(db: Database, settings: Settings, now: int, report: Report) -> Iterator[Check]:
    try:
        found = compare(db, Blobs(settings.files_url, settings.files_path), now, report)
    except (SQLAlchemyError, sqlite3.Error, Failure) as error:
        yield Check("missing files", False, f"can't compare: {said(error.__cause__ or error)}", PLACE_MEND)
        return
    yield _missing(found, _place(settings))
    yield _stray(found)


def _missing(found: Compared, place: str) -> Check:
    if not found.examples:
        return Check("missing files", True, f"none: {found.files:,} files are there, with the size they had", "")
    more = found.missing + found.changed - len(found.examples)
    examples = [*map(_example, found.examples), *([f"{more:,} more"] if more else [])]
    counts = f"{found.missing:,} gone and {found.changed:,} of another size, of {found.files:,}"
    mend = f"A backup has files under the same keys, below files/ in it: put those that you need into {place}."
    return Check("missing files", False, f"{counts}: {'; '.join(examples)}", mend)


def _example(missed: Missed) -> str:
    size = "" if missed.lies is None else f" has {missed.lies:,} bytes instead of {missed.size:,}"
    return f"{missed.key} of report {missed.report}{size}"


def _stray(found: Compared) -> Check:
    detail = f"{found.stray:,} that no report has, {found.stray_bytes:,} bytes" if found.stray else "none"
    if found.waiting:
        detail += f"; {found.waiting:,} given up, which the server deletes"
    if found.others:
        detail += f"; {found.others:,} that aren't this store's, which stay"
    return Check("stray files", not found.stray, detail, STRAY_MEND if found.stray else "")


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
