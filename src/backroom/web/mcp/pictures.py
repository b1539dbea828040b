"""Screenshots, scaled to what a model looks at."""

from __future__ import annotations

import io

from PIL import Image

from backroom.errors import NotFound
from backroom.files.blobs import Blobs
from backroom.web.mcp.results import Picture

LONGEST_SIDE = 1_568
"""Pixels; models scale larger pictures down themselves, and are charged for them."""

MOST_PICTURES = 5
QUALITY = 85


def scaled(blobs: Blobs, key: str) -> Picture:
    """The picture under `key` as a JPEG that fits a model's window. Blocks. Raises NotFound, StoreFailed."""
    try:
        with Image.open(io.BytesIO(blobs.get(key)), formats=("PNG", "JPEG")) as picture:
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            flat = Image.new("RGB", picture.size, "white")
            flat.paste(picture, mask=picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise NotFound("This picture can't be read.") from error
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    return Picture(out.getvalue(), "image/jpeg")
