"""Screenshots, scaled to what a model looks at, with what the reporter drew over them."""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageOps

from backroom.errors import NotFound
from backroom.files.blobs import Blobs
from backroom.reports.marks import Drawn
from backroom.web.mcp.drawing import crop, draw
from backroom.web.mcp.results import Picture

LONGEST_SIDE = 1_568
"""Pixels; models scale larger pictures down themselves, and are charged for them."""

MOST_PICTURES = 5
MOST_PIXELS = 50_000_000
"""As many as are decoded, some 200 MB; a small file may claim far more."""

QUALITY = 85
UNREADABLE = (OSError, ValueError, TypeError, OverflowError, SyntaxError, struct.error, Image.DecompressionBombError)
"""What Pillow raises at files that are made to be odd."""


def scaled(blobs: Blobs, key: str, drawn: Drawn) -> Picture:
    """The picture under `key`, marked, as a JPEG that fits a model's window. Blocks. Raises NotFound, StoreFailed."""
    if drawn.unclear:
        raise NotFound("This picture hides something, but doesn't say where.")
    data = blobs.get(key)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            flat = _marked(picture, drawn)
    except UNREADABLE as error:
        raise NotFound("This picture can't be read.") from error
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    return Picture(out.getvalue(), "image/jpeg")


def _marked(picture: Image.Image, drawn: Drawn) -> Image.Image:
    """The picture as a browser shows it, without transparency, with its marks. Raises ValueError where it is too large.

    The marks are drawn before it is scaled down, so that nothing of what is hidden gets into the pixels around it.
    """
    longest = max(picture.size)
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError("too many pixels")
    turned = ImageOps.exif_transpose(picture)
    flat = Image.new("RGB", turned.size, "white")
    flat.paste(turned, mask=turned.getchannel("A") if turned.mode in ("RGBA", "LA") else None)
    scale = max(flat.size) / longest
    draw(flat, drawn.marks, scale)
    return crop(flat, drawn.marks, scale)
