"""`backroom doctor --files`: files without a report, and reports without a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backroom.access import operator
from backroom.clock import DAY, HOUR, now_ms
from backroom.errors import NotFound, StoreFailed
from backroom.files.blobs import Blobs
from backroom.ids import new_id
from backroom.projects.commands import delete_project
from backroom.reports.slices import change_slice
from backroom.reports.submit import StoredFile
from backroom.reports.undo import Delete
from backroom.store.database import Database
from backroom.store.tables import doomed_files, files
from backroom.upkeep import stray
from backroom.upkeep.stray import Compared, Missed, compare, doom_strays
from backroom.upkeep.sweep import sweep_doomed
from tests.files.bucket import s3_server
from tests.harness.cast import Cast, Person
from tests.harness.server import Cli
from tests.upkeep.contents import blobs_of, database
from tests.upkeep.reporting import send_reports

BYTES = b"five!"


class Place:
    """A store whose files lie in a local folder."""

    def __init__(self, cast: Cast, db: Database) -> None:
        self.cast = cast
        self.db = db
        self.blobs = blobs_of(cast.store)
        self.folder = cast.store.data_dir / "files"

    def report(self, person: Person, *keys: str) -> str:
        """A report with a file under each key, which is put first."""
        for key in keys:
            self.blobs.put(key, BYTES)
        sent = [StoredFile(new_id(), "audio", "audio/webm", len(BYTES), "", key, None, None, 1) for key in keys]
        return send_reports(self.db, person.project.project_key, 1, files=sent)[0]

    def leave(self, key: str, age: int = 2 * DAY) -> str:
        """Something that no report has."""
        self.blobs.put(key, BYTES)
        at = (now_ms() - age) / 1000
        os.utime(self.folder / key, (at, at))
        return key

    def compared(self, now: int | None = None) -> Compared:
        """What a comparison finds."""
        return compare(self.db, self.blobs, now or now_ms())

    def doomed(self) -> set[str]:
        """The keys that wait for the sweep."""
        return set(self.db.read_now(lambda conn: list(conn.execute(select(doomed_files.c.key)).scalars())))

    def keys(self) -> set[str]:
        """Everything that lies there."""
        return {each.key for page in self.blobs.walk() for each in page}


@pytest.fixture
def place(fresh_cast: Cast) -> Iterator[Place]:
    with database(fresh_cast.store) as db:
        yield Place(fresh_cast, db)


def key_of(person: Person) -> str:
    """A key as ingest makes them."""
    return f"{person.project.id}/{new_id()}"


def checks(cast: Cast, *words: str) -> dict[str, Any]:
    """What the doctor says of files, by the checks' names."""
    found = json.loads(Cli(cast.store).run("doctor", "--json", *words).out)["checks"]
    return {check["name"]: check for check in found if "files" in check["name"]}


def agreed(**more: Any) -> Compared:
    """A comparison that found nothing else than this."""
    return Compared(0, 0, 0, [], 0, 0, 0, 0)._replace(**more)


def test_a_store_and_its_files_agree(place: Place) -> None:
    owner, outsider = place.cast.owner, place.cast.outsider
    for person in (owner, outsider):
        place.report(person, key_of(person), key_of(person))
    # A key tells nothing: only what the row says counts.
    place.report(owner, "elsewhere/under another name")
    assert place.compared() == place.compared(now_ms() + 2 * DAY) == agreed(files=5)


def test_the_doctor_compares_only_when_asked(place: Place) -> None:
    place.report(place.cast.owner, key_of(place.cast.owner))
    assert list(checks(place.cast)) == ["files"]
    found = checks(place.cast, "--files")
    assert list(found) == ["files", "missing files", "stray files"]
    assert all(check["ok"] for check in found.values())
    assert found["missing files"]["detail"] == "none: all 1 files exist and have the right size"


def test_files_that_are_gone_or_of_another_size_are_named(place: Place) -> None:
    owner = place.cast.owner
    gone, short = f"{owner.project.id}/{'a' * 24}", f"{owner.project.id}/{'b' * 24}"
    first, second = place.report(owner, gone), place.report(owner, short, key_of(owner))
    place.blobs.delete([gone])
    (place.folder / short).write_bytes(b"abc")
    found = checks(place.cast, "--files")["missing files"]
    assert found["detail"] == (
        f"1 missing and 1 of a different size, out of 3: {gone} of report {first};"
        f" {short} of report {second} has 3 bytes instead of 5"
    )
    assert "backup" in found["mend"]
    assert str(place.folder) in found["mend"]


def test_of_many_missing_files_the_first_are_named(place: Place) -> None:
    owner = place.cast.owner
    keys = sorted(key_of(owner) for _ in range(5))
    report = place.report(owner, *keys)
    place.blobs.delete(keys)
    assert place.compared() == agreed(files=5, missing=5, examples=[Missed(key, report, 5, None) for key in keys[:3]])
    assert checks(place.cast, "--files")["missing files"]["detail"].endswith("; 2 more")


def test_a_new_file_is_no_stray_one(place: Place) -> None:
    """Its report may be on the way."""
    owner = place.cast.owner
    place.leave(key_of(owner), age=DAY - HOUR)
    assert place.compared() == agreed()
    assert place.compared(now_ms() + 2 * HOUR) == agreed(stray=1, stray_bytes=5)


def test_only_what_could_be_a_file_of_this_store_is_a_stray_one(place: Place) -> None:
    owner = place.cast.owner
    strays = {place.leave(key_of(owner)), place.leave(key_of(place.cast.outsider))}
    others = {
        place.leave(key)
        for key in (
            "notes.txt",
            f"{owner.project.id}/notes.txt",
            f"{owner.project.id}/{new_id()}/deeper",
            f"{owner.project.slug}/{new_id()}",
            f"{new_id()}/{new_id()}",  # another Backroom's project
            f"deeper/{key_of(owner)}",
        )
    }
    probe = place.leave("doctor/aBcDeFgHiJkL")
    assert place.compared() == agreed(stray=2, stray_bytes=10, others=len(others))
    doom_strays(place.db, place.blobs, now_ms())
    assert place.doomed() == strays
    sweep_doomed(place.db, place.blobs, now_ms() + HOUR)
    assert place.keys() == others | {probe}


def test_what_is_in_the_trash_has_its_files(place: Place) -> None:
    owner = place.cast.owner
    keys = sorted(key_of(owner) for _ in range(2))
    report = place.report(owner, *keys)
    place.db.write_now(change_slice, operator(), Delete(), [report], now_ms())
    assert place.db.read_now(lambda conn: conn.execute(files.select()).all()) == []
    later = now_ms() + 2 * DAY
    assert place.compared(later) == agreed(files=2)
    doom_strays(place.db, place.blobs, later)
    assert place.doomed() == set()
    place.blobs.delete(keys[:1])
    assert place.compared(later) == agreed(files=2, missing=1, examples=[Missed(keys[0], report, 5, None)])


@pytest.mark.parametrize("in_trash", [False, True])
def test_files_of_a_deleted_project_wait_and_nobody_misses_them(place: Place, in_trash: bool) -> None:
    owner = place.cast.owner
    kept, gone = key_of(owner), key_of(owner)
    report = place.report(owner, kept, gone)
    if in_trash:
        place.db.write_now(change_slice, operator(), Delete(), [report], now_ms())
    place.blobs.delete([gone])
    left = place.leave(key_of(owner))
    place.db.write_now(delete_project, operator(), owner.project.id, now_ms())
    assert place.compared(now_ms() + 2 * DAY) == agreed(waiting=1, stray=1, stray_bytes=5)
    doom_strays(place.db, place.blobs, now_ms())
    assert place.doomed() == {left}


def test_what_waits_for_the_sweep_is_no_stray_one(place: Place) -> None:
    keys = [place.leave(key_of(place.cast.owner)) for _ in range(3)]
    place.db.write_now(lambda tx: tx.execute(doomed_files.insert().values(key=keys[0], at=0)))
    assert place.compared() == agreed(waiting=1, stray=2, stray_bytes=10)


def test_mending_leaves_the_deleting_to_the_sweep(place: Place) -> None:
    owner = place.cast.owner
    key = key_of(owner)
    place.report(owner, key)
    strays = {place.leave(key_of(owner)) for _ in range(2)}
    new = place.leave(key_of(owner), age=0)
    found = checks(place.cast, "--files")["stray files"]
    assert (found["ok"], found["detail"]) == (False, "2 that belong to no report, 10 bytes")
    assert "`backroom doctor --files --mend`" in found["mend"]
    assert place.doomed() == set()
    checks(place.cast, "--mend")
    assert place.doomed() == set()
    found = checks(place.cast, "--files", "--mend")["stray files"]
    assert (found["ok"], found["detail"]) == (True, "none; 2 that the server is about to delete")
    assert place.doomed() == strays
    sweep_doomed(place.db, place.blobs, now_ms())
    assert place.keys() == {key, new, *strays}
    sweep_doomed(place.db, place.blobs, now_ms() + HOUR)
    assert place.keys() == {key, new}
    assert place.doomed() == set()


def test_two_doctors_at_once_do_no_harm(place: Place) -> None:
    key = place.leave(key_of(place.cast.owner))

    def other_doctor(what: str, _done: int, _total: int | None) -> None:
        if what == "listing files":
            doom_strays(place.db, place.blobs, now_ms())

    doom_strays(place.db, place.blobs, now_ms(), other_doctor)
    assert place.doomed() == {key}


def test_a_report_that_comes_meanwhile_is_neither(place: Place) -> None:
    owner = place.cast.owner
    place.report(owner, key_of(owner))

    def send(what: str, _done: int, _total: int | None) -> None:
        if what == "listing files":
            place.report(owner, key_of(owner))

    assert compare(place.db, place.blobs, now_ms(), send) == agreed(files=1)


def test_many_are_told_of_as_they_come(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stray, "ROWS_AT_ONCE", 10)
    owner = place.cast.owner
    place.report(owner, *[key_of(owner) for _ in range(15)])
    strays = {place.leave(key_of(owner)) for _ in range(25)}
    said: list[tuple[str, int, int | None]] = []
    doom_strays(place.db, place.blobs, now_ms(), lambda *told: said.append(told))
    assert place.doomed() == strays
    assert said == [
        ("reading files", 0, 15),
        ("reading files", 10, 15),
        *(("listing files", number, None) for number in (0, 10, 20, 30)),
    ]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_name_that_cannot_be_read_is_said(place: Place) -> None:
    """Nothing is compared then: half a list would make files missing that are there."""
    (place.folder / "new\nline").write_bytes(b"")
    with pytest.raises(StoreFailed):
        place.compared()
    found = checks(place.cast, "--files")
    assert (found["missing files"]["ok"], "stray files" in found) == (False, False)
    assert "can't compare: Encountered object with invalid path" in found["missing files"]["detail"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_folder_that_cannot_be_written_is_not_compared(place: Place) -> None:
    place.report(place.cast.owner, key_of(place.cast.owner))
    place.folder.rename(place.folder.with_name("moved"))
    place.folder.write_text("a file in its place")
    found = checks(place.cast, "--files")
    assert [check["ok"] for check in found.values()] == [False]


def test_a_bucket_and_its_store(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = place.cast.owner
    with s3_server(tmp_path / "log") as server:
        bucket = server.bucket()
        for name, value in bucket.credentials.items():
            monkeypatch.setenv(name, value)
        place.blobs = Blobs(bucket.url, tmp_path / "unused")
        kept, gone, stray_key = (key_of(owner) for _ in range(3))
        report = place.report(owner, kept, gone)
        place.blobs.delete([gone])
        place.blobs.put(stray_key, BYTES)
        bucket.put("of somebody else", b"not below the path")
        later = now_ms() + 2 * DAY
        differs = agreed(files=2, missing=1, examples=[Missed(gone, report, 5, None)])
        assert place.compared() == differs
        assert place.compared(later) == differs._replace(stray=1, stray_bytes=5)
        doom_strays(place.db, place.blobs, later)
        assert place.compared(later) == differs._replace(waiting=1)
        sweep_doomed(place.db, place.blobs, later + HOUR)
        assert bucket.contents() == {f"some/path/{kept}": BYTES, "of somebody else": b"not below the path"}
        with pytest.raises(NotFound):
            place.blobs.get(stray_key)
        place.db.write_now(lambda tx: tx.execute(update(files).values(size=6)))
        assert place.compared(later).changed == 1
