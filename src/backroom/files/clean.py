"""Screenshots without what a camera or an editor put beside the pixels: place, device, author, thumbnails.

The pixels are copied as they are, never decoded. What decides how they look stays: the colour profile, and the
orientation, which is written anew as the only entry of an Exif block.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from backroom.files.sniff import sniff_screenshot

ORIENTATION = 0x0112
UPRIGHT = 1
TURNED = range(5, 9)
"""Orientations that swap width and height (Exif 2.32, table 4, Orientation)."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    (
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"),
        *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP", b"mDCV", b"cLLI"),
        *(b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
    )
)
"""The chunks that decide how a PNG looks (PNG, third edition, section 11); texts, times and unknown ones go."""

EXIF, ADOBE, PROFILE, JFIF = b"Exif\0\0", b"Adobe", b"ICC_PROFILE\0", b"JFIF\0"
JFIF_BYTES = 14
"""A JFIF segment without the thumbnail that may follow its header."""

SOI, EOI, SOS, APP0, APP1, APP2, APP14, APP15, COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))
NEXT_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
"""What ends a scan: inside it, 0xFF is followed by a zero or by the number of a restart."""


class Screenshot(NamedTuple):
    """A screenshot as it is kept: `width` and `height` are those that people see, after turning it."""

    data: bytes
    content_type: str
    width: int
    height: int


class Clean(NamedTuple):
    """A picture's bytes without metadata, and its orientation as Exif counts it, from 1 (upright) to 8."""

    data: bytes
    orientation: int


def accept_screenshot(data: bytes) -> Screenshot:
    """The picture as it is kept, from the bytes that a reporter sent. Raises TooLarge, WrongType, Invalid."""
    picture = sniff_screenshot(data)
    clean = clean_screenshot(data)
    sides = (picture.width, picture.height)
    return Screenshot(clean.data, picture.content_type, *(sides[::-1] if clean.orientation in TURNED else sides))


def clean_screenshot(data: bytes) -> Clean:
    """The PNG or JPEG `data` without metadata; whatever lies behind the picture's end goes too.

    One that is cut off or damaged comes out as far as its structure can be followed. Raises nothing.
    """
    return _clean_png(data) if data.startswith(PNG_SIGNATURE) else _clean_jpeg(data)


def count_scans(data: bytes) -> int:
    """How often a decoder goes over the whole picture: once, or once for each scan of a progressive JPEG."""
    if data.startswith(PNG_SIGNATURE):
        return 1
    return sum(1 for marker, _ in _jpeg_segments(data) if marker == SOS)


def _clean_png(data: bytes) -> Clean:
    kept: list[bytes] = []
    orientation = UPRIGHT
    for kind, chunk in _png_chunks(data):
        if kind in PNG_KEPT:
            kept.append(chunk)
        elif kind == b"eXIf":
            orientation = _orientation_in(EXIF + chunk[8:-4])
    if orientation != UPRIGHT and kept:
        content = _exif(orientation)
        checksum = zlib.crc32(b"eXIf" + content)
        kept.insert(1, len(content).to_bytes(4) + b"eXIf" + content + checksum.to_bytes(4))
    return Clean(PNG_SIGNATURE + b"".join(kept), orientation)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's kind and all of its bytes, up to the end chunk; the last one may be cut off."""
    place = len(PNG_SIGNATURE)
    while place + 8 <= len(data):
        kind = data[place + 4 : place + 8]
        end = place + 12 + int.from_bytes(data[place : place + 4])
        yield kind, data[place:end]
        if kind == b"IEND":
            return
        place = end


def _clean_jpeg(data: bytes) -> Clean:
    kept: list[bytes] = []
    orientation = UPRIGHT
    for marker, segment in _jpeg_segments(data):
        if marker == APP1 and segment.startswith(EXIF, 4):
            orientation = _orientation_in(segment[4:])
        elif _decides_looks(marker, segment):
            kept.append(_without_thumbnail(segment) if marker == APP0 else segment)
    if orientation != UPRIGHT:
        content = EXIF + _exif(orientation)
        kept.insert(1 if kept and kept[0][1] == APP0 else 0, b"\xff\xe1" + (2 + len(content)).to_bytes(2) + content)
    return Clean(bytes((0xFF, SOI)) + b"".join(kept) + bytes((0xFF, EOI)), orientation)


def _without_thumbnail(jfif: bytes) -> bytes:
    """The JFIF segment with its header alone, which ends with the thumbnail's width and height."""
    return jfif[:2] + (2 + JFIF_BYTES).to_bytes(2) + jfif[4 : 2 + JFIF_BYTES] + b"\0\0"


def _decides_looks(marker: int, segment: bytes) -> bool:
    """Whether a segment has a part in how the picture looks; among the application's own only three have."""
    if marker == APP0:
        return segment.startswith(JFIF, 4) and len(segment) >= 4 + JFIF_BYTES
    if marker == APP2:
        return segment.startswith(PROFILE, 4)
    if marker == APP14:
        return segment.startswith(ADOBE, 4)
    return not (APP0 <= marker <= APP15 or marker in (COM, EOI))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each segment's marker and all of its bytes, a scan's with its header, up to the end or to what is no segment."""
    place = 2
    while (found := NEXT_MARKER.match(data, place)) is not None:
        marker, start = found[1][0], found.end() - 2
        if marker == EOI:
            return
        place = found.end() if marker in STANDALONE else found.end() + int.from_bytes(data[start + 2 : start + 4])
        if place == found.end() or place > len(data):
            return
        if marker == SOS:
            after = NEXT_MARKER.search(data, place)
            place = after.start() if after else len(data)
        yield marker, data[start:place]


def _orientation_in(exif: bytes) -> int:
    """The orientation that an Exif block tells, upright where it tells none or can't be read."""
    block = Image.Exif()
    try:
        block.load(exif)
        orientation = block.get(ORIENTATION)
    except Exception:  # Pillow raises nearly anything at broken bytes
        return UPRIGHT
    return orientation if isinstance(orientation, int) and orientation in range(1, 9) else UPRIGHT


def _exif(orientation: int) -> bytes:
    """A TIFF block, big-endian, with one entry: its tag, the type SHORT, one value, the value (TIFF 6.0, section 2)."""
    entry = ORIENTATION.to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
    return b"MM\0\x2a" + (8).to_bytes(4) + (1).to_bytes(2) + entry + bytes(4)
