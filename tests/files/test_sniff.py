"""Files judged by their bytes."""

import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backroom.errors import Failure, Invalid, TooLarge, WrongType
from backroom.files.sniff import AUDIO_BYTES, SCREENSHOT_BYTES, Picture, file_name, sniff_audio, sniff_screenshot

WEBM = bytes.fromhex("1a45dfa39f 42868101 42f78101 42f28104 42f38108 428284") + b"webm" + bytes(16)
MP4 = bytes.fromhex("00000018") + b"ftypM4A " + bytes(4) + b"isommp42" + bytes(16)


def _picture(kind: str, width: int, height: int, mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (640, 480), (20_000, 1), (1, 20_000)])
def test_pictures_tell_their_own_measures(width: int, height: int, mode: str) -> None:
    assert sniff_screenshot(_picture("PNG", width, height, mode)) == Picture("image/png", width, height)
    assert sniff_screenshot(_picture("JPEG", width, height, mode)) == Picture("image/jpeg", width, height)


def _exif() -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = 6
    return found


def test_progressive_and_transparent_pictures() -> None:
    out = BytesIO()
    Image.new("RGB", (30, 20)).save(out, "JPEG", progressive=True, exif=_exif())
    assert sniff_screenshot(out.getvalue()) == Picture("image/jpeg", 30, 20)
    assert sniff_screenshot(_picture("PNG", 9, 8, "RGBA")) == Picture("image/png", 9, 8)


def test_pixels_are_not_decoded() -> None:
    """A picture that would take 400 million pixels of memory is judged by its header alone."""
    png = bytearray(_picture("PNG", 1, 1))
    png[16:24] = (20_000).to_bytes(4, "big") * 2
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    assert sniff_screenshot(bytes(png)) == Picture("image/png", 20_000, 20_000)


@pytest.mark.parametrize(("width", "height"), [(20_001, 1), (1, 20_001)])
def test_a_side_has_at_most_20_000_pixels(width: int, height: int) -> None:
    with pytest.raises(Invalid):
        sniff_screenshot(_picture("PNG", width, height))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "TIFF", "ICO"])
def test_other_pictures_are_refused(kind: str) -> None:
    with pytest.raises(WrongType):
        sniff_screenshot(_picture(kind, 16, 16))
    with pytest.raises(WrongType):
        sniff_audio(_picture(kind, 16, 16))


def test_sizes() -> None:
    png = _picture("PNG", 1, 1)
    assert sniff_screenshot(png.ljust(SCREENSHOT_BYTES, b"\0")).content_type == "image/png"
    with pytest.raises(TooLarge):
        sniff_screenshot(png.ljust(SCREENSHOT_BYTES + 1, b"\0"))
    assert sniff_audio(WEBM.ljust(AUDIO_BYTES, b"\0")) == "audio/webm"
    with pytest.raises(TooLarge):
        sniff_audio(WEBM.ljust(AUDIO_BYTES + 1, b"\0"))


def test_audio() -> None:
    assert sniff_audio(WEBM) == "audio/webm"
    assert sniff_audio(WEBM.replace(b"\x9f", b"\x01\x00\x00\x00\x00\x00\x00\x1f", 1)) == "audio/webm"
    assert sniff_audio(MP4) == "audio/mp4"
    assert sniff_audio(MP4.replace(b"M4A ", b"mp42")) == "audio/mp4"
    assert sniff_audio(MP4.replace(b"M4A ", b"xxxx")) == "audio/mp4"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1a\x45\xdf\xa3",
        WEBM[:20],
        WEBM.replace(b"webm", b"matroska"),
        WEBM.replace(b"webm", b"webx"),
        b"\0" + WEBM,
        b"\x1a\x45\xdf\xa3\x00webm",
        b"\x1a\x45\xdf\xa3\x80" + WEBM[5:],
        MP4[:12],
        MP4.replace(b"\x18", b"\x08", 1),
        b"\xff\xff\xff\xff" + MP4[4:],
        MP4.replace(b"M4A ", b"heic"),
        MP4.replace(b"M4A ", b"avif"),
        MP4.replace(b"isommp42", b"qt  qt  ").replace(b"M4A ", b"qt  "),
        b"ID3\x04" + bytes(40),
        b"OggS" + bytes(40),
        b"RIFF" + bytes(4) + b"WAVE" + bytes(40),
        b"<html>" + WEBM,
    ],
)
def test_other_sounds_are_refused(data: bytes) -> None:
    with pytest.raises(WrongType):
        sniff_audio(data)


def _outcome(sniff: Callable[[bytes], object], data: bytes) -> object:
    """What `data` is, or the kind of failure; anything but a failure of ours is raised."""
    try:
        return sniff(data)
    except Failure as error:
        return type(error)


@pytest.mark.parametrize(
    "start", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\x1a\x45\xdf\xa3", b"\0\0\0\x20ftyp"]
)
@given(rest=st.binary(max_size=200))
def test_no_bytes_make_another_failure(start: bytes, rest: bytes) -> None:
    assert _outcome(sniff_audio, start + rest) in (WrongType, "audio/webm", "audio/mp4")
    assert _outcome(sniff_screenshot, start + rest) in (WrongType, Invalid)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@given(data=st.data())
def test_damaged_pictures_make_no_other_failure(kind: str, data: st.DataObject) -> None:
    picture = bytearray(_picture(kind, 12, 9))
    for _ in range(data.draw(st.integers(1, 6))):
        picture[data.draw(st.integers(2, len(picture) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(picture)))
    found = _outcome(sniff_screenshot, bytes(picture[:cut]))
    assert found in (WrongType, Invalid) or (isinstance(found, Picture) and found.width > 0 and found.height > 0)


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("image/png", "scr_x.png"),
        ("image/jpeg", "scr_x.jpg"),
        ("audio/webm", "aud_x.webm"),
        ("audio/mp4", "aud_x.mp4"),
    ],
)
def test_names(content_type: str, name: str) -> None:
    """Export: `blob/scr_*.png|jpg`, `blob/aud_*.webm|mp4`."""
    assert file_name("x", content_type) == name
