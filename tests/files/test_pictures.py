"""Pictures that somebody made to be odd, or to fill the memory."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path

import pytest
from PIL import Image

from backroom.errors import NotFound
from backroom.files import pictures
from backroom.files.blobs import Blobs
from backroom.files.clean import count_scans
from backroom.files.pictures import MOST_PIXELS, decoded
from backroom.files.sniff import sniff_screenshot

ABOUT = (100, 100)


def whole(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def claims(width: int, height: int) -> bytes:
    """A small file that says it is a picture of that size, one bit a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress(bytes(height * (width // 8 + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def of_many_scans(width: int, height: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan stands there again and again."""
    buffer = io.BytesIO()
    Image.new("L", (width, height), 200).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + data[-2:]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs("", tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_comes_with_its_own_size(blobs: Blobs, kind: str) -> None:
    blobs.put("whole", whole(kind))
    with decoded(blobs, "whole", ABOUT) as picture:
        assert picture.size == (256, 256)
        assert picture.image.width >= ABOUT[0]
        picture.image.load()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_damaged_pictures_are_read_or_not_found(blobs: Blobs, kind: str) -> None:
    """Never anything else, whatever Pillow makes of them."""
    pick, data = random.Random(7), whole(kind)
    for number in range(600):
        damaged = bytearray(data)
        for _ in range(pick.choice([1, 2, 8])):
            damaged[pick.randrange(8, len(damaged))] = pick.randrange(256)
        blobs.put(f"damaged{number}", bytes(damaged[: pick.choice([len(data), len(data) // 2])]))
        try:
            with decoded(blobs, f"damaged{number}", ABOUT) as picture:
                picture.image.convert("RGB")
        except NotFound:
            continue


def test_a_small_file_that_claims_very_many_pixels_is_not_decoded(blobs: Blobs) -> None:
    bomb = claims(10_000, MOST_PIXELS // 10_000 + 1)
    assert len(bomb) < 20_000
    assert sniff_screenshot(bomb) is not None, "it is a picture that is taken"
    blobs.put("bomb", bomb)
    with pytest.raises(NotFound), decoded(blobs, "bomb", ABOUT):
        raise AssertionError("it was opened")


def test_a_large_jpeg_is_judged_by_its_own_size_not_by_a_draft_of_it(blobs: Blobs) -> None:
    buffer = io.BytesIO()
    Image.new("L", (9_000, 6_000)).save(buffer, "JPEG", progressive=True)
    assert len(buffer.getvalue()) < 2 * 1024 * 1024
    blobs.put("large", buffer.getvalue())
    with pytest.raises(NotFound), decoded(blobs, "large", ABOUT):
        raise AssertionError("it was opened")


def test_a_jpeg_of_thousands_of_scans_is_not_decoded(blobs: Blobs) -> None:
    for scans, is_taken in ((20, True), (7_000, False)):
        data = of_many_scans(1_000, 1_000, scans)
        assert count_scans(data) > scans
        blobs.put(f"scans{scans}", data)
        if is_taken:
            with decoded(blobs, f"scans{scans}", ABOUT) as picture:
                picture.image.load()
        else:
            with pytest.raises(NotFound), decoded(blobs, f"scans{scans}", ABOUT):
                raise AssertionError("it was opened")


def test_a_picture_that_fails_is_read_once_and_lets_the_next_one_through(blobs: Blobs) -> None:
    blobs.put("odd", b"no picture")
    with pytest.raises(NotFound), decoded(blobs, "odd", ABOUT):
        pass
    blobs.put("odd", whole("PNG"))
    with pytest.raises(NotFound), decoded(blobs, "odd", ABOUT):
        raise AssertionError("it was read again")
    blobs.put("fine", whole("PNG"))
    with decoded(blobs, "fine", ABOUT) as picture:
        assert picture.image.size == (256, 256)


def test_few_failures_are_remembered(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_REMEMBERED", 2)
    for key in ("one", "two", "three"):
        blobs.put(key, b"no picture")
        with pytest.raises(NotFound), decoded(blobs, key, ABOUT):
            pass
    for key, is_read in (("three", False), ("one", True)):
        blobs.put(key, whole("PNG"))
        if is_read:
            with decoded(blobs, key, ABOUT) as picture:
                assert picture.size == (256, 256)
        else:
            with pytest.raises(NotFound), decoded(blobs, key, ABOUT):
                pass
