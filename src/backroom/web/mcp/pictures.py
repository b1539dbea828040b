"""Screenshots, scaled to what a model looks at, with what the reporter drew over them."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from backroom.errors import NotFound
from backroom.files.blobs import Blobs
from backroom.files.pictures import decoded
from backroom.reports.annotations import Drawn
from backroom.web.mcp.drawing import crop, draw
from backroom.web.mcp.results import Picture

LONGEST_SIDE = 1_568
"""Pixels; models scale larger pictures down themselves, and are charged for them."""

MOST_PICTURES = 5
QUALITY = 85


def scaled(blobs: Blobs, key: str, drawn: Drawn) -> Picture:
    """The picture under `key`, marked, as a JPEG that fits a model's window. Blocks. Raises NotFound, StoreFailed."""
    if drawn.unclear:
        raise NotFound("This picture hides something, but doesn't say where.")
    with decoded(blobs, key, (LONGEST_SIDE, LONGEST_SIDE)) as picture:
        flat = _marked(picture.image, max(picture.size), drawn)
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    return Picture(out.getvalue(), "image/jpeg")


def _marked(picture: Image.Image, longest: int, drawn: Drawn) -> Image.Image:
    """The picture as a browser shows it, without transparency, with its marks; `longest` is its side as it is stored.

    The marks are drawn before it is scaled down, so that nothing of what is hidden gets into the pixels around it.
    """
    turned = ImageOps.exif_transpose(picture)
    flat = Image.new("RGB", turned.size, "white")
    flat.paste(turned, mask=turned.getchannel("A") if turned.mode in ("RGBA", "LA") else None)
    scale = max(flat.size) / longest
    draw(flat, drawn.marks, scale)
    return crop(flat, drawn.marks, scale)
