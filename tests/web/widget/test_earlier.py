"""Pages that were open before an upgrade find the parts of the version they began with."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import httpx
import pytest

from backroom.web.widget.bundle import Part, bundle
from backroom.web.widget.earlier import VERSIONS, EarlierParts
from tests.harness.cast import Cast


def version(number: int) -> dict[str, Part]:
    """The parts of a made-up version."""
    codes = {name: f"{name} of {number}".encode() for name in ("room", "en")}
    return {f"{name}-{number:012x}.js": Part(code, gzip.compress(code)) for name, code in codes.items()}


def start(folder: Path, number: int, moment: int) -> None:
    """What a start of that version at that moment leaves."""
    EarlierParts(folder).keep(version(number))
    for name in version(number):
        os.utime(folder / name, (moment, moment))


def test_the_parts_of_the_last_versions_are_kept(tmp_path: Path) -> None:
    for number in range(VERSIONS + 2):
        start(tmp_path, number, moment=1_000 + number)
    parts = EarlierParts(tmp_path)
    for number in range(VERSIONS + 2):
        for name, part in version(number).items():
            found = parts.find(name)
            if number < 2:
                assert found is None
            else:
                assert found is not None
                assert found.code == part.code
                assert gzip.decompress(found.zipped) == part.code


def test_a_version_that_is_started_again_is_the_newest(tmp_path: Path) -> None:
    for number in range(VERSIONS):
        start(tmp_path, number, moment=1_000 + number)
    start(tmp_path, 0, moment=2_000)
    start(tmp_path, VERSIONS, moment=3_000)
    parts = EarlierParts(tmp_path)
    kept = [number for number in range(VERSIONS + 1) if parts.find(next(iter(version(number))))]
    assert kept == [0, *range(2, VERSIONS + 1)]


@pytest.mark.parametrize("name", ["../room-000000000000.js", "room-000000000000.js.1", "room.js", "", "secret.txt"])
def test_nothing_else_in_the_folder_is_told_or_taken_away(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "widget"
    folder.mkdir()
    if name:
        (folder / name).write_bytes(b"not a part")
    parts = EarlierParts(folder)
    parts.keep(version(1))
    assert parts.find(name) is None
    assert not name or (folder / name).read_bytes() == b"not a part"


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    parts = EarlierParts(tmp_path / "file" / "widget")
    parts.keep(version(1))
    assert parts.find(next(iter(version(1)))) is None


def test_the_server_keeps_its_own_and_serves_those_of_earlier_ones(page: httpx.Client, cast: Cast) -> None:
    folder = cast.store.data_dir / "widget"
    for name, part in bundle().parts.items():
        assert (folder / name).read_bytes() == part.code
    name, part = next(iter(version(7).items()))
    assert page.get(f"/v1/parts/{name}").status_code == 404
    EarlierParts(folder).keep(version(7))
    answer = page.get(f"/v1/parts/{name}")
    assert (answer.status_code, answer.content) == (200, part.code)
    now = page.get(f"/v1/parts/{next(iter(bundle().parts))}")
    same = ("content-type", "cache-control", "access-control-allow-origin", "content-encoding")
    assert [answer.headers[each] for each in same] == [now.headers[each] for each in same]
