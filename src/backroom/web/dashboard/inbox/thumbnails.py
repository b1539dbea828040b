"""Screenshots, small: made when they are first looked at, and kept in memory for a while."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import ImageOps

from backroom.files.blobs import Blobs
from backroom.files.pictures import decoded

SIZE = (156, 108)
"""Three device pixels for each of the row's 52 by 36."""
KEPT = 1000
QUALITY = 70


@lru_cache(maxsize=KEPT)
def thumbnail(blobs: Blobs, key: str) -> bytes:
    """The picture under `key` as a WebP of some 3 kB, cut to the row's shape. Blocks. Raises NotFound, StoreFailed."""
    with decoded(blobs, key, SIZE) as picture:
        upright = ImageOps.exif_transpose(picture.image)
        small = ImageOps.fit(upright.convert("RGB"), SIZE, centering=(0.5, 0))
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
