"""Screenshots, small: made when they are first looked at, and kept in memory for a while."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageOps

from backroom.errors import NotFound
from backroom.files.blobs import Blobs

SIZE = (156, 108)
"""Three device pixels for each of the row's 52 by 36."""
KEPT = 1000
QUALITY = 70


@lru_cache(maxsize=KEPT)
def thumbnail(blobs: Blobs, key: str) -> bytes:
    """The picture under `key` as a WebP of some 3 kB, cut to the row's shape. Blocks. Raises NotFound, StoreFailed."""
    try:
        with Image.open(io.BytesIO(blobs.get(key)), formats=("PNG", "JPEG")) as picture:
            picture.draft("RGB", SIZE)
            small = ImageOps.fit(picture.convert("RGB"), SIZE, centering=(0.5, 0))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise NotFound("This picture can't be read.") from error
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
