"""What a camera puts beside the pixels stays out; how the picture looks doesn't change."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from backroom.errors import TooLarge, WrongType
from backroom.files.clean import accept_screenshot, clean_screenshot
from backroom.files.sniff import SCREENSHOT_BYTES

MAKER, AUTHOR, PLACE = b"Examplephone 12", b"Erika Example", b"photo of the kitchen"
KINDS = ["PNG", "JPEG"]


def photograph(kind: str, orientation: int = 1, **more: Any) -> bytes:
    """A picture with where, with what and by whom it was made, in each way that its format has for it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x013B] = orientation, MAKER.decode(), AUTHOR.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if kind == "PNG":
        text = PngInfo()
        text.add_text("Author", AUTHOR.decode())
        text.add_itxt("XML:com.adobe.xmp", PLACE.decode())
        more["pnginfo"] = text
    else:
        more |= {"comment": PLACE, "xmp": b"<x:xmpmeta>" + AUTHOR + b"</x:xmpmeta>"}
    out = io.BytesIO()
    pixels().save(out, kind, exif=exif, icc_profile=profile, **more)
    return out.getvalue()


def pixels() -> Image.Image:
    pick = random.Random(5)
    return Image.frombytes("RGB", (60, 40), pick.randbytes(60 * 40 * 3))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [{}, {"progressive": True, "optimize": True}])
def test_metadata_goes_and_pixels_stay(kind: str, more: dict[str, Any]) -> None:
    sent = photograph(kind, **more)
    kept = clean_screenshot(sent).data
    assert all(words in sent for words in (MAKER, AUTHOR, PLACE))
    assert not any(words in kept for words in (MAKER, AUTHOR, PLACE, b"xmp", b"Exif"))
    assert dict(opened(kept).getexif()) == {}
    assert opened(kept).tobytes() == opened(sent).tobytes()
    assert opened(kept).info["icc_profile"] == opened(sent).info["icc_profile"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_stays_turned_and_measures_what_people_see(kind: str, orientation: int) -> None:
    sent = photograph(kind, orientation)
    kept = accept_screenshot(sent)
    shown = ImageOps.exif_transpose(opened(kept.data))
    assert shown.tobytes() == ImageOps.exif_transpose(opened(sent)).tobytes()
    assert (kept.width, kept.height) == shown.size
    assert MAKER not in kept.data


@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_behind_the_picture_goes(kind: str) -> None:
    """Phones put a film there, editors a whole second picture."""
    sent = photograph(kind)
    assert clean_screenshot(sent + b"a film" + photograph("JPEG")).data == clean_screenshot(sent).data


@pytest.mark.parametrize("kind", KINDS)
def test_cleaning_again_changes_nothing(kind: str) -> None:
    once = clean_screenshot(photograph(kind, 6))
    assert clean_screenshot(once.data) == once


def test_a_preview_in_the_head_of_a_jpeg_goes_too() -> None:
    sent, preview = photograph("JPEG"), bytes(range(100)) * 3
    head = b"\xff\xe0" + (16 + len(preview)).to_bytes(2) + b"JFIF\0\1\2\0\0\1\0\1\x0a\x0a" + preview
    sent = sent[:2] + head + sent[20:]
    kept = clean_screenshot(sent).data
    assert preview not in kept
    assert opened(kept).tobytes() == opened(sent).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_picture_is_followed_as_far_as_it_goes(kind: str) -> None:
    """Whatever is cut off or changed: no failure, and never more than there was."""
    pick, sent = random.Random(11), photograph(kind, 3)
    for _ in range(2_000):
        damaged = bytearray(sent)
        for _ in range(pick.choice([0, 1, 2, 8])):
            damaged[pick.randrange(8, len(damaged))] = pick.randrange(256)
        kept = clean_screenshot(bytes(damaged[: pick.randrange(8, len(damaged) + 1)]))
        assert len(kept.data) <= len(sent) + 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_is_cut_off_shows_what_there_is(kind: str) -> None:
    """A report on a slow line that lost the end of its picture keeps the rest."""
    sent = photograph(kind)
    kept = clean_screenshot(sent[: len(sent) * 3 // 4]).data
    assert opened(kept).size == (60, 40)
    assert len(kept) > len(sent) // 2


def test_what_is_no_screenshot_is_refused() -> None:
    with pytest.raises(WrongType):
        accept_screenshot(b"GIF89a")
    with pytest.raises(TooLarge):
        accept_screenshot(photograph("PNG") + bytes(SCREENSHOT_BYTES))
