"""`backroom demo`, `migrate`, `doctor`, `backup` and `restore`: commands for the whole store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from backroom.cli.place import Place, connected, opened
from backroom.clock import now_ms
from backroom.config import Settings
from backroom.demo.fill import fill_store
from backroom.errors import Invalid
from backroom.files.blobs import Blobs
from backroom.store.database import Database
from backroom.store.migrations import migrate as migrate_store
from backroom.upkeep.backup import back_up, check_target
from backroom.upkeep.doctor import Check, examine
from backroom.upkeep.mend import mend as mend_store
from backroom.upkeep.progress import Report
from backroom.upkeep.restore import restore as restore_store
from backroom.upkeep.stray import doom_strays
from backroom.web.widget.bundle import DIST, read_bundle

BUILD_WIDGET = (
    "Run `make widget` in the source folder, which needs only Python, or install a package that includes the widget."
    " Then restart the server."
)


def demo(*, place: Place = Place()) -> None:  # noqa: B008
    """Fills an empty store with three projects and about 300 reports from the last 60 days."""
    with _opened_with_files(place.settings(), new=True) as (db, blobs), _shown_progress() as report:
        made = fill_store(db, blobs, now_ms(), report)
    place.answer(made.as_json(), made.as_text())


def migrate(*, place: Place = Place()) -> None:  # noqa: B008
    """Migrates the store to this version's schema, or creates it. `backroom serve` does this by itself."""
    with connected(place.settings()) as db:
        before, after = migrate_store(db)
    if before == after:
        text = f"The store already has the newest schema ({after})."
    else:
        text = f"Migrated the store from schema {before or 'none'} to {after}."
    place.answer({"from": before, "to": after}, text)


def doctor(
    *,
    mend: Annotated[bool, Parameter(negative="", help="First fix counters and the search index.")] = False,
    files: Annotated[
        bool,
        Parameter(negative="", help="Also compare all files with the reports; with --mend, delete stray ones."),
    ] = False,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Checks the settings, the data folder, the database and the files. Exits with 1 if anything is wrong."""
    # Each check prints its failure itself; the log would repeat it.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with _shown_progress() as report:
        if mend:
            with opened(place.settings()) as db:
                mend_store(db)
        if mend and files:
            with _opened_with_files(place.settings()) as (db, blobs):
                doom_strays(db, blobs, now_ms(), report)
        checks = [check_widget(DIST), *examine(os.environ, place.data, now_ms(), report, every_file=files)]
    ok = all(check.ok for check in checks)
    if place.json:
        place.answer({"ok": ok, "checks": checks}, "")
    else:
        _show(checks)
    if not ok:
        sys.exit(1)


def backup(file: Path, /, *, place: Place = Place()) -> None:  # noqa: B008
    """Writes all data, as of one moment, to FILE (tar.gz). The server can keep running.

    Parameters
    ----------
    file
        The file to write. It appears when it is complete, and replaces an existing file.
    """
    settings = place.settings()
    check_target(file, settings)
    with _opened_with_files(settings) as (db, blobs), _shown_progress() as report:
        copied = back_up(db, blobs, file, now_ms(), report)
    size = file.stat().st_size
    reports = copied.rows["reports"]
    text = f"Wrote {reports:,} reports and {copied.files:,} files to {file} ({size:,} bytes)."
    for key in copied.missing:
        text += f"\nNot in the backup, because the file is missing: {key}"
    for key in copied.changed:
        text += f"\nIn the backup, but its size isn't the recorded one: {key}"
    told = {"files": copied.files, "missing": copied.missing, "changed": copied.changed}
    place.answer({"file": str(file), "bytes": size, "reports": reports, **told}, text)


def restore(file: Path, /, *, place: Place = Place()) -> None:  # noqa: B008
    """Restores a backup into an empty store. It may come from an older version or from the other database engine.

    Parameters
    ----------
    file
        A file that `backroom backup` wrote.
    """
    settings = place.settings()
    if not file.is_file():
        raise Invalid(f"The file {file} doesn't exist.")
    with _opened_with_files(settings, new=True, unfinished=True) as (db, blobs), _shown_progress() as report:
        restored = restore_store(db, blobs, file, now_ms(), report)
    reports = restored.rows["reports"]
    place.answer(
        {"file": str(file), "reports": reports, "files": restored.files},
        f"Restored {reports:,} reports and {restored.files:,} files from {file}.",
    )


def check_widget(folder: Path) -> Check:
    """Whether the widget was built into the folder; without it the server answers 503 to its scripts."""
    try:
        built = read_bundle(folder)
    except (OSError, ValueError) as error:
        return Check("widget", False, f"the build in {folder} is incomplete: {error}", BUILD_WIDGET)
    if built is None:
        return Check("widget", False, "not built: pages don't show it, and its routes answer 503", BUILD_WIDGET)
    return Check("widget", True, f"built, {len(built.loaders)} loaders and {len(built.parts)} parts", "")


@contextmanager
def _opened_with_files(
    settings: Settings, *, new: bool = False, unfinished: bool = False
) -> Iterator[tuple[Database, Blobs]]:
    with opened(settings, new=new, unfinished=unfinished) as db:
        try:
            blobs = Blobs(settings.files_url, settings.files_path)
        except ValueError as error:
            raise Invalid(f"BACKROOM_FILES_URL: {error}") from error
        yield db, blobs


@contextmanager
def _shown_progress() -> Iterator[Report]:
    """A progress bar on standard error if that is a terminal; yields the function that updates it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield report


def _show(checks: list[Check]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for check in checks:
        mark = ("ok   ", "green") if check.ok else ("WRONG", "bold red")
        console.print(Text.assemble(mark, f"  {check.name}: {check.detail}"))
        if check.mend:
            console.print(Text(f"       {check.mend}"))
