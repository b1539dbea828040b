"""Pictures that somebody made to be odd, or to fill the memory."""

from __future__ import annotations

import io
import random
import zlib

import pytest
from PIL import Image

from backroom.errors import NotFound
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


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_comes_with_its_own_size(kind: str) -> None:
    with decoded(whole(kind), ABOUT) as picture:
        assert picture.size == (256, 256)
        assert picture.image.width >= ABOUT[0]
        picture.image.load()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_damaged_pictures_are_read_or_not_found(kind: str) -> None:
    """Never anything else, whatever Pillow makes of them."""
    pick, data = random.Random(7), whole(kind)
    for _ in range(600):
        damaged = bytearray(data)
        for _ in range(pick.choice([1, 2, 8])):
            damaged[pick.randrange(8, len(damaged))] = pick.randrange(256)
        try:
            with decoded(bytes(damaged[: pick.choice([len(data), len(data) // 2])]), ABOUT) as picture:
                picture.image.convert("RGB")
        except NotFound:
            continue


def test_a_small_file_that_claims_very_many_pixels_is_not_decoded() -> None:
    bomb = claims(10_000, MOST_PIXELS // 10_000 + 1)
    assert len(bomb) < 20_000
    assert sniff_screenshot(bomb) is not None, "it is a picture that is taken"
    with pytest.raises(NotFound), decoded(bomb, ABOUT):
        raise AssertionError("it was opened")


def test_a_picture_that_fails_lets_the_next_one_through() -> None:
    for _ in range(3):
        with pytest.raises(NotFound), decoded(b"no picture", ABOUT):
            pass
    with decoded(whole("PNG"), ABOUT) as picture:
        assert picture.image.size == (256, 256)
