"""Exports of what a filter matches: a ZIP that any program opens, CSV that no spreadsheet runs, JSON lines."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from backroom.access import Role, person
from backroom.clock import DAY
from backroom.errors import Denied, NotFound
from backroom.files.blobs import Blobs
from backroom.reports import export
from backroom.reports import export_zip as zip_module
from backroom.reports.export import COLUMNS, export_csv, export_json_lines
from backroom.reports.export_zip import Names, export_zip
from backroom.reports.filters import Filter
from backroom.reports.inbox import list_inbox
from backroom.reports.markdown import CLAIMED, NOTICE, OF_THE_ROOM
from backroom.reports.queries import report_json
from backroom.reports.rooms import open_room
from backroom.reports.slices import change_slice
from backroom.reports.submit import StoredFile
from backroom.reports.undo import AddLabel, Assign
from backroom.store.database import Database
from backroom.store.tables import reports
from tests.reports.fill import member
from tests.store.fixtures import NOW, Room, make_room


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs("", tmp_path / "blobs")


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SLICE", 3)


def shot(room: Room, blobs: Blobs, number: int, data: bytes) -> StoredFile:
    """A picture whose bytes are kept."""
    id_ = f"{number:020x}5da7"
    blobs.put(f"{room.id}/{id_}", data)
    return StoredFile(id_, "screenshot", "image/png", len(data), "00" * 32, f"{room.id}/{id_}", 2, 3, None)


def block_of(room: Room, file: StoredFile) -> bytes:
    url = f"/api/v1/projects/{room.id}/files/{file.id}"
    return msgspec.json.encode([{"type": "screenshot", "url": url, "width": 2, "height": 3}])


def opened_zip(pieces: Iterator[bytes]) -> zipfile.ZipFile:
    made = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert made.testzip() is None
    return made


def test_a_zip_has_the_markdown_and_the_files(room: Room, blobs: Blobs) -> None:
    kept = [shot(room, blobs, number, bytes([number]) * 200_000) for number in range(4)]
    gone = kept[3]._replace(id="e" * 24, key="nowhere")
    ids = [room.submit(files=[file], blocks=block_of(room, file), title=f"[T] {file.id}").id for file in kept]
    ids.append(room.submit(files=[gone], blocks=block_of(room, gone)).id)
    other = room.submit(channel="feature").id
    made = opened_zip(export_zip(room.db, blobs, room.actor, Filter((room.id,), channels=("bug",)), NOW))
    names = made.namelist()
    assert len(names) == len(set(names)) == 5 + 4 + 1
    assert names[-1] == "index.md"
    files = {name: made.read(name) for name in names if name.startswith("blob/")}
    assert "blob/scr_5da7.png" in files
    assert sorted(files.values()) == [bytes([number]) * 200_000 for number in range(4)]
    index = made.read("index.md").decode()
    assert [index.index(f"(reports/{id_[-4:]}.md)") for id_ in ids] == sorted(
        (index.index(f"(reports/{id_[-4:]}.md)") for id_ in ids), reverse=True
    )
    assert f"- [\\[T\\] {kept[0].id}](reports/{ids[0][-4:]}.md): bug, open, 2026-06-03T09:14:22.000Z\n" in index
    assert f"(reports/{other[-4:]}.md)" not in index
    for file, id_ in zip(kept, ids, strict=False):
        text = made.read(f"reports/{id_[-4:]}.md").decode()
        (line,) = [line for line in text.splitlines() if "Screenshot" in line]
        assert files[line.removeprefix("- **Screenshot:** ")] == blobs.get(file.key)
    assert f"/files/{'e' * 24}" in made.read(f"reports/{ids[4][-4:]}.md").decode()


def test_each_report_of_a_zip_says_whose_words_it_has_and_tells_the_rooms_own_goal(room: Room, blobs: Blobs) -> None:
    made, _ = room.db.write_now(open_room, room.actor, room.id, "Checkout", "Sell", ["One column"], None, NOW)
    forged = b'{"id":"%s","title":"Forged","goal":"Forged","constraints":"Forged"}'
    ids = [
        room.submit(artifact_id=artifact, artifact=forged % artifact.encode()).id for artifact in (made.id, "elsewhere")
    ]
    opened = opened_zip(export_zip(room.db, blobs, room.actor, Filter((room.id,)), NOW))
    of_room, other = (opened.read(f"reports/{id_[-4:]}.md").decode() for id_ in ids)
    head = "## Report — Checkout\n**Goal:** Sell\n**Constraint:** One column\n\n"
    assert of_room.startswith(f"{NOTICE}{OF_THE_ROOM}\n{head}")
    assert "Forged" not in of_room
    assert other.startswith(f"{NOTICE}{CLAIMED}\n## Report — Forged\n**Goal:** Forged\n")


def test_names_are_short_and_never_the_same() -> None:
    names = Names()
    ids = [f"{number:020x}{number % 3:04x}" for number in range(9)]
    given = [names.of(id_) for id_ in ids]
    assert given[:3] == ["0000", "0001", "0002"]
    assert given[3:] == ids[3:]


def test_an_empty_export_can_be_opened(room: Room, blobs: Blobs) -> None:
    wanted = Filter((room.id,))
    assert opened_zip(export_zip(room.db, blobs, room.actor, wanted, NOW)).namelist() == ["index.md"]
    assert b"".join(export_csv(room.db, room.actor, wanted)).decode() == ",".join(COLUMNS) + "\r\n"
    assert b"".join(export_json_lines(room.db, room.actor, wanted)) == b""


@pytest.mark.parametrize(("moment", "year"), [(-DAY, 1980), (0, 1980), (200_000 * DAY, 2107)])
def test_a_zip_has_reports_of_any_time(room: Room, blobs: Blobs, moment: int, year: int) -> None:
    """A ZIP tells times from 1980 to 2107 only."""
    id_ = room.submit().id
    moments = update(reports).values(created_at=max(moment, 0), updated_at=moment)
    room.db.write_now(lambda tx: tx.execute(moments).rowcount)
    made = opened_zip(export_zip(room.db, blobs, room.actor, Filter((room.id,)), NOW))
    assert made.getinfo(f"reports/{id_[-4:]}.md").date_time[0] == year


def test_a_zip_is_handed_out_as_it_grows_and_may_be_left(room: Room, blobs: Blobs) -> None:
    """No more than a piece or so waits, however much there is, also of the directory; and nothing is left open."""
    data = b"".join(msgspec.json.encode(number**7) for number in range(40_000))
    for number in range(8):
        file = shot(room, blobs, number, data)
        room.submit(files=[file], blocks=block_of(room, file))
    pieces = list(export_zip(room.db, blobs, room.actor, Filter((room.id,)), NOW))
    assert len(pieces) > 8
    assert max(map(len, pieces)) < 3 * zip_module.PIECE + 256 * 1024
    left: Any = export_zip(room.db, blobs, room.actor, Filter((room.id,)), NOW)
    next(left)
    left.close()


def test_csv_tells_everything_and_runs_nothing(room: Room) -> None:
    db, ann = room.db, member(room, "ann")
    starts = ("=1+1", "+1", "-1", "@x", "\tx", "\rx", 'plain, with "quotes"\nand lines')
    identity = b'{"userId":"=cmd","verified":true}'
    ids = [room.submit(title=text, message=text, identity=identity, user_id="=cmd").id for text in starts]
    db.write_now(change_slice, ann, Assign(ann.id), ids[:1], NOW)
    for label in ("=b", "a"):
        db.write_now(change_slice, ann, AddLabel(label), ids[:1], NOW)
    text = b"".join(export_csv(db, ann, Filter((room.id,)))).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["id"] for row in rows] == ids[::-1]
    assert [row["message"] for row in rows[::-1]] == [f"'{text}" for text in starts[:6]] + [starts[6]]
    first = rows[-1]
    assert (first["reporter"], first["verified"], first["assignee"], first["labels"]) == (
        "'=cmd",
        "yes",
        "Ann",
        "'=b, a",
    )
    assert (first["createdAt"], first["project"], first["channel"]) == ("2026-06-03T09:14:22.000Z", "Room", "bug")
    assert all(not cell.startswith(export.FORMULA) for row in rows for cell in row.values())


def test_json_lines_are_the_dialects_reports_and_more(room: Room) -> None:
    db, ann = room.db, member(room, "ann")
    ids = [room.submit(title=f"T\n{number}").id for number in range(7)]
    lines_within = b'[\n{"type":"text",\r\n"text":"a\\nb"}]'
    db.write_now(lambda tx: tx.execute(update(reports).where(reports.c.id == ids[0]).values(blocks=lines_within)))
    db.write_now(change_slice, ann, AddLabel("slow"), ids, NOW)
    lines = b"".join(export_json_lines(db, ann, Filter((room.id,)))).splitlines()
    found = [msgspec.json.decode(line) for line in lines]
    assert [each["id"] for each in found] == ids[::-1]
    for each in found:
        more = {name: each.pop(name) for name in ("title", "source", "projectId", "assignee", "labels")}
        assert each == msgspec.json.decode(db.read_now(report_json, room.id, each["id"]))
        assert (more["source"], more["projectId"], more["assignee"], more["labels"]) == ("API", room.id, None, ["slow"])


@pytest.mark.parametrize("kind", ["zip", "csv", "lines"])
def test_who_may_export_is_asked_before_the_first_byte(room: Room, blobs: Blobs, kind: str) -> None:
    calls: dict[str, Callable[..., Iterator[bytes]]] = {
        "zip": lambda actor: export_zip(room.db, blobs, actor, Filter((room.id,)), NOW),
        "csv": lambda actor: export_csv(room.db, actor, Filter((room.id,))),
        "lines": lambda actor: export_json_lines(room.db, actor, Filter((room.id,))),
    }
    viewer = person("v", "V", room.workspace, Role.VIEWER)
    room.submit()
    assert b"".join(calls[kind](viewer))
    with pytest.raises(Denied):
        calls[kind](viewer._replace(scopes=frozenset()))
    with pytest.raises(NotFound):
        calls[kind](make_room(room.db, "Elsewhere").actor)


def test_reports_that_come_in_meanwhile_do_not_disturb_the_walk(room: Room) -> None:
    db: Database = room.db
    ids = [room.submit().id for _ in range(10)]
    lines: list[bytes] = []
    for piece in export_json_lines(db, room.actor, Filter((room.id,))):
        lines += piece.splitlines()
        room.submit()
    assert [msgspec.json.decode(line)["id"] for line in lines] == ids[::-1]
    assert len(db.read_now(list_inbox, Filter((room.id,)), None, None, 50).rows) == 14
