"""Screenshots as agents see them: what the reporter hid is covered, what they pointed to is marked."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from backroom.errors import NotFound
from backroom.files.blobs import Blobs
from backroom.reports.annotations import marks_of
from backroom.reports.rules import ScreenshotBlock
from backroom.web.mcp.pictures import LONGEST_SIDE, scaled

BLUE, INK, COVER = (20, 60, 200), (224, 49, 49), (31, 27, 22)
NEAR = 40
"""By how much a colour may be another after JPEG."""


def point(x: float, y: float) -> dict[str, float]:
    return {"x": x, "y": y}


def mark(kind: str, *spots: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {"kind": kind, "points": [point(*spot) for spot in spots]} | more


def plain(width: int, height: int, kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), BLUE).save(out, kind, **more)
    return out.getvalue()


def noise(width: int, height: int, kind: str) -> bytes:
    """A picture in which every pixel is bright, and each another."""
    pick = random.Random(3)
    picture = Image.frombytes(
        "RGB", (width, height), bytes(pick.randrange(120, 256) for _ in range(width * height * 3))
    )
    out = io.BytesIO()
    picture.save(out, kind, quality=95)
    return out.getvalue()


def shown(folder: Path, data: bytes, *marks: Any) -> Image.Image:
    """The picture that an agent gets."""
    return shown_with(folder, data, json.dumps(marks).encode())


def shown_with(folder: Path, data: bytes, annotations: bytes) -> Image.Image:
    blobs = Blobs("", folder)
    blobs.put("p/f", data)
    drawn = marks_of(ScreenshotBlock("/f", 1, 1, msgspec.Raw(annotations)))
    picture = scaled(blobs, "p/f", drawn)
    assert picture.content_type == "image/jpeg"
    return Image.open(io.BytesIO(picture.data))


def is_near(picture: Image.Image, spot: tuple[int, int], colour: tuple[int, int, int], near: int = NEAR) -> bool:
    found = picture.getpixel(spot)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= near for one, other in zip(found, colour, strict=True))


def test_what_points_at_something_is_drawn(tmp_path: Path) -> None:
    picture = shown(
        tmp_path,
        plain(800, 400),
        mark("box", (100, 100), (300, 200)),
        mark("arrow", (400, 50), (500, 50)),
        mark("pen", (400, 300), (450, 300), (450, 350)),
        mark("text", (600, 100), text="Here"),
        mark("sparkle", (10, 10), (90, 90)),
        "nonsense",
        {"kind": "box", "points": []},
    )
    for spot in ((100, 150), (200, 100), (300, 199), (450, 50), (425, 300), (450, 340)):
        assert is_near(picture, spot, INK, 2 * NEAR), spot
    for spot in ((200, 150), (50, 50), (700, 350), (400, 200)):
        assert is_near(picture, spot, BLUE), spot
    words = picture.crop((595, 95, 700, 130))
    assert {is_near(words, (x, y), BLUE) for x in range(words.width) for y in range(words.height)} == {True, False}


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(640, 480), (3_001, 1_999)])
def test_what_is_hidden_is_nowhere_in_the_picture(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    """Nor in the pixels around it, though the picture is scaled down."""
    width, height = size
    left, top, right, bottom = width * 0.3, height * 0.3, width * 0.6, height * 0.7
    picture = shown(tmp_path, noise(width, height, kind), mark("redact", (right, top), (left, bottom)))
    assert max(picture.size) == min(LONGEST_SIDE, width)
    scale = picture.width / width
    inside = (int(left * scale), int(top * scale), int(right * scale) + 1, int(bottom * scale) + 1)
    for x in range(inside[0], inside[2], 3):
        for y in (inside[1], (inside[1] + inside[3]) // 2, inside[3] - 1):
            assert is_near(picture, (x, y), COVER), (x, y)
    assert not is_near(picture, (inside[0] - 12, inside[1] - 12), COVER)


def test_everything_that_is_hidden_stays_so_however_much_there_is(tmp_path: Path) -> None:
    boxes = [mark("box", (0, 0), (5, 5)) for _ in range(300)]
    picture = shown(
        tmp_path, plain(200, 100), *boxes, mark("redact", (-1e300, 20), (1e300, 60)), mark("redact", (9, 9))
    )
    for spot in ((0, 20), (100, 40), (199, 60), (9, 9)):
        assert is_near(picture, spot, COVER), spot
    assert is_near(picture, (100, 90), BLUE)


@pytest.mark.parametrize(
    "annotations",
    [
        b'[{"kind":"redact","x":1,"y":2,"width":30,"height":40}]',
        b'[{"kind":"redact","points":[]}]',
        b'[{"type":"REDACT","points":[{"x":1,"y":2}]}]',
        b'[{"kind":"redact","points":[{"x":1e999,"y":2}]}]',
        b'{"redacted":[[1,2,3,4]]}',
    ],
)
def test_a_picture_that_hides_it_is_not_told_where_is_not_shown(tmp_path: Path, annotations: bytes) -> None:
    with pytest.raises(NotFound):
        shown_with(tmp_path, plain(50, 50), annotations)


@pytest.mark.parametrize("annotations", [b"[]", b"null", b'{"version":1}', b"[1,[2],null]"])
def test_annotations_of_other_programs_do_no_harm(tmp_path: Path, annotations: bytes) -> None:
    assert is_near(shown_with(tmp_path, plain(50, 50), annotations), (25, 25), BLUE)


def test_what_was_cut_off_is_not_shown(tmp_path: Path) -> None:
    marks = mark("crop", (100, 0), (300, 90)), mark("crop", (1, 1), (2, 2)), mark("redact", (150, 10), (200, 30))
    assert shown(tmp_path, plain(400, 100), *marks).size == (400, 100), "the last one is a slip of the hand"
    picture = shown(tmp_path, plain(400, 100), marks[2], marks[0])
    assert picture.size == (200, 90)
    assert is_near(picture, (75, 20), COVER)
    assert is_near(picture, (25, 20), BLUE)


def test_marks_are_where_they_were_seen_on_a_turned_photograph(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, as phones write it
    picture = shown(tmp_path, plain(400, 200, "JPEG", exif=exif), mark("redact", (20, 300), (180, 380)))
    assert picture.size == (200, 400)
    assert is_near(picture, (100, 340), COVER)
    assert is_near(picture, (100, 100), BLUE)


def test_a_small_file_of_very_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    for data in (out.getvalue(), plain(50, 50)[:60], b"no picture"):
        with pytest.raises(NotFound):
            shown(tmp_path, data)
