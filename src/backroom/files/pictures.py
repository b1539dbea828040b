"""Screenshots decoded: one at a time, and none that is made to fill the memory."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import structlog
from PIL import Image

from backroom.errors import Failure, NotFound

log = structlog.get_logger("backroom.files")

MOST_PIXELS = 50_000_000
"""As many as are decoded, some 200 MB; a small file may claim far more."""

_one_at_a_time = threading.Lock()


class Decoded(NamedTuple):
    """A picture, and its width and height as it is stored: a JPEG may come out smaller."""

    image: Image.Image
    size: tuple[int, int]


@contextmanager
def decoded(data: bytes, about: tuple[int, int]) -> Iterator[Decoded]:
    """The picture for the time of the block, in pixels no fewer than `about` wants.

    Raises NotFound where it can't be read, in the block, too: Pillow raises anything at files that are made to be odd.
    """
    with _one_at_a_time:
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
                size = picture.size
                picture.draft("RGB", about)
                if picture.width * picture.height > MOST_PIXELS:
                    raise ValueError(f"{picture.width} x {picture.height} pixels are too many")
                yield Decoded(picture, size)
        except Failure:
            raise
        except Exception as error:
            log.warning("picture_unreadable", error=f"{type(error).__name__}: {error}")
            raise NotFound("This picture can't be read.") from error
