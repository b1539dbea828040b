"""`backroom demo`, `migrate`, `doctor`, `backup` and `restore`: what concerns the whole store."""

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
    "Run `make widget` beside the sources, which needs Python alone, or install a package that was built so; then start"
    " the server anew."
)


def demo(*, place: Place = Place()) -> None:  # noqa: B008
    """Fills an empty store with three projects and some hundred reports over 60 days; refuses where there is data."""
    with _opened_with_files(place.settings(), new=True) as (db, blobs), _shown_progress() as report:
        made = fill_store(db, blobs, now_ms(), report)
    place.answer(made.as_json(), made.as_text())


def migrate(*, place: Place = Place()) -> None:  # noqa: B008
    """Brings the store to this version's schema; makes it where there is none. The server does so by itself."""
    with connected(place.settings()) as db:
        before, after = migrate_store(db)
    if before == after:
        text = f"The store has the newest schema already ({after})."
    else:
        text = f"Migrated the store from schema {before or 'none'} to {after}."
    place.answer({"from": before, "to": after}, text)


def doctor(
    *,
    mend: Annotated[bool, Parameter(negative="", help="First mend what can be: counters, the search index.")] = False,
    files: Annotated[
        bool,
        Parameter(negative="", help="Also compare every file with the reports; with --mend, give stray ones up."),
    ] = False,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Looks at the settings, the data folder, the database and the files; exit status 1 if anything is wrong."""
    # A failure is what a check tells; the log of it would be a second line.
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
    """Writes everything as of one moment into FILE (tar.gz), also while the server works.

    Parameters
    ----------
    file
        What to write; it appears when it is whole, in place of a file of that name.
    """
    settings = place.settings()
    check_target(file, settings)
    with _opened_with_files(settings) as (db, blobs), _shown_progress() as report:
        copied = back_up(db, blobs, file, now_ms(), report)
    size = file.stat().st_size
    reports = copied.rows["reports"]
    text = f"Wrote {reports:,} reports and {copied.files:,} files to {file} ({size:,} bytes)."
    for key in copied.missing:
        text += f"\nNot in the backup, because its bytes are gone: {key}"
    for key in copied.changed:
        text += f"\nIn the backup as it lies there, with another size than it had: {key}"
    told = {"files": copied.files, "missing": copied.missing, "changed": copied.changed}
    place.answer({"file": str(file), "bytes": size, "reports": reports, **told}, text)


def restore(file: Path, /, *, place: Place = Place()) -> None:  # noqa: B008
    """Fills an empty store from a backup, also an older release's or the other engine's; refuses where there is data.

    Parameters
    ----------
    file
        A file that `backroom backup` wrote.
    """
    settings = place.settings()
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    with _opened_with_files(settings, new=True, unfinished=True) as (db, blobs), _shown_progress() as report:
        restored = restore_store(db, blobs, file, now_ms(), report)
    reports = restored.rows["reports"]
    place.answer(
        {"file": str(file), "reports": reports, "files": restored.files},
        f"Restored {reports:,} reports and {restored.files:,} files from {file}.",
    )


def check_widget(folder: Path) -> Check:
    """Whether the widget was built into the folder: without it pages are answered 503 for its scripts."""
    try:
        built = read_bundle(folder)
    except (OSError, ValueError) as error:
        return Check("widget", False, f"what was built into {folder} is not whole: {error}", BUILD_WIDGET)
    if built is None:
        return Check("widget", False, "not built: pages get none, and its routes answer 503", BUILD_WIDGET)
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
    """A bar on standard error while it is a terminal; yields what the work calls as it goes."""
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
