"""What a file is, judged by its bytes alone: neither its name nor its declared type counts.

Sizes are in bytes, pictures' measures in pixels (Patchrooms, "Widget": the limits of a report).
"""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from backroom.errors import Invalid, TooLarge, WrongType

SCREENSHOT_BYTES = 2 * 1024 * 1024
AUDIO_BYTES = 10 * 1024 * 1024
PIXELS = 20_000
"""The most pixels a side of a screenshot may have."""

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
EBML = b"\x1a\x45\xdf\xa3"
DOCTYPE = 0x4282
FTYP_BYTES = 1024
"""Longer than any file type box that lists brands."""
PICTURE_BRANDS = frozenset((b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"))
MP4_BRANDS = frozenset(
    (
        *b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 dash msdh msnv".split(),
        *(b"M4A ", b"M4B ", b"M4V "),
    )
)
NAMES = {
    "image/png": "scr_{}.png",
    "image/jpeg": "scr_{}.jpg",
    "audio/webm": "aud_{}.webm",
    "audio/mp4": "aud_{}.mp4",
}


class Picture(NamedTuple):
    """A PNG or JPEG, with the measures that its own header tells."""

    content_type: str
    width: int
    height: int


def sniff_screenshot(data: bytes) -> Picture:
    """What picture `data` is, by its header; no pixel is decoded.

    Raises TooLarge (over 2 MB), WrongType (no PNG or JPEG), Invalid (a side over 20,000 pixels).
    """
    if len(data) > SCREENSHOT_BYTES:
        raise TooLarge(f"A screenshot may have at most {SCREENSHOT_BYTES:,} bytes.")
    if data.startswith(PNG):
        picture = Picture("image/png", *_measure(PngImageFile, data))
    elif data.startswith(JPEG):
        picture = Picture("image/jpeg", *_measure(JpegImageFile, data))
    else:
        raise WrongType("A screenshot must be a PNG or a JPEG.")
    if not (1 <= picture.width <= PIXELS and 1 <= picture.height <= PIXELS):
        raise Invalid(f"A screenshot's sides must have 1 to {PIXELS:,} pixels.")
    return picture


def sniff_audio(data: bytes) -> str:
    """The content type of a voice note. Raises TooLarge (over 10 MB), WrongType (no WebM or MP4)."""
    if len(data) > AUDIO_BYTES:
        raise TooLarge(f"A voice note may have at most {AUDIO_BYTES:,} bytes.")
    if _is_webm(data):
        return "audio/webm"
    if _is_mp4(data):
        return "audio/mp4"
    raise WrongType("A voice note must be WebM or MP4.")


def file_name(id_: str, content_type: str) -> str:
    """The name under which a file is handed out: `scr_….png`, `aud_….webm` (Patchrooms, "Export")."""
    return NAMES[content_type].format(id_)


def _measure(kind: type[PngImageFile] | type[JpegImageFile], data: bytes) -> tuple[int, int]:
    # The plugin itself, not Image.open: a picture's measures are judged here, and Pillow's own
    # alarm about large ones is a process-wide warning.
    try:
        with kind(BytesIO(data)) as picture:
            return picture.size
    except Exception as error:  # Pillow raises nearly anything at broken bytes
        raise WrongType("The screenshot can't be read: its header is broken.") from error


def _is_webm(data: bytes) -> bool:
    """Whether `data` begins with an EBML header of the document type `webm`."""
    if not data.startswith(EBML):
        return False
    length = _vint(data, len(EBML))
    if length is None:
        return False
    size, place = length
    end = min(place + size, len(data))
    while place < end:
        identity = _element_id(data, place)
        length = _vint(data, place + identity[1])
        if length is None:
            return False
        size, start = length
        if identity[0] == DOCTYPE:
            return data[start : start + size].rstrip(b"\0") == b"webm"
        place = start + size
    return False


def _element_id(data: bytes, place: int) -> tuple[int, int]:
    """An EBML element's id, and how many bytes it takes."""
    width = 9 - max(data[place].bit_length(), 1)
    return int.from_bytes(data[place : place + width], "big"), width


def _vint(data: bytes, place: int) -> tuple[int, int] | None:
    """An EBML length and the place after it: leading zero bits tell how many bytes it takes."""
    if place >= len(data) or data[place] == 0:
        return None
    width = 9 - data[place].bit_length()
    value = int.from_bytes(data[place : place + width], "big")
    return value & ((1 << 7 * width) - 1), place + width


def _is_mp4(data: bytes) -> bool:
    """Whether `data` begins with a file type box that names a brand of MP4, as HEIC and AVIF pictures don't."""
    size = int.from_bytes(data[:4], "big")
    if data[4:8] != b"ftyp" or not 16 <= size <= min(len(data), FTYP_BYTES):
        return False
    major, others = data[8:12], {data[place : place + 4] for place in range(16, size, 4)}
    return major not in PICTURE_BRANDS and not MP4_BRANDS.isdisjoint({major, *others})
