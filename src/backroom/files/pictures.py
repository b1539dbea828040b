"""Screenshots decoded, but for those that are made to fill the memory or to keep a processor busy."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import structlog
from PIL import Image

from backroom.errors import Failure, NotFound
from backroom.files.blobs import Blobs
from backroom.files.clean import count_scans

log = structlog.get_logger("backroom.files")

MOST_PIXELS = 50_000_000
"""A 24-bit picture of this size takes 150 MB. A file of a few kilobytes can claim to have far more."""

MOST_SCANNED = 600_000_000
"""Pixels times scans: a decoder goes over all of a progressive JPEG once for each of its scans, of which a file of 2 MB
can have thousands. Ten scans, as encoders write them, are allowed for a picture of MOST_PIXELS."""

MOST_REMEMBERED = 1_000
UNREADABLE = "This picture can't be read."

_unreadable: OrderedDict[tuple[Blobs, str], None] = OrderedDict()
"""Keys of pictures that failed once: their bytes never change, so neither does the outcome."""


class Decoded(NamedTuple):
    """A picture, and its width and height as it is stored: a JPEG may be decoded at a smaller size."""

    image: Image.Image
    size: tuple[int, int]


@contextmanager
def decoded(blobs: Blobs, key: str, about: tuple[int, int]) -> Iterator[Decoded]:
    """The picture under `key` for the time of the block, with no fewer pixels than `about` asks for.

    Raises NotFound if it can't be read, also while the block works with it; StoreFailed.
    """
    if (blobs, key) in _unreadable:
        raise NotFound(UNREADABLE)
    data = blobs.get(key)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            _check_work(picture, data)
            size = picture.size
            picture.draft("RGB", about)
            yield Decoded(picture, size)
    except Failure:
        raise
    except Exception as error:  # Pillow raises nearly anything at files that are made to be odd
        log.warning("picture_unreadable", key=key, error=f"{type(error).__name__}: {error}")
        _remember(blobs, key)
        raise NotFound(UNREADABLE) from error


def _check_work(picture: Image.Image, data: bytes) -> None:
    """Raises ValueError for a picture that takes too much memory or time, before anything of it is decoded."""
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise ValueError(f"{picture.width} x {picture.height} pixels are too many")
    scans = count_scans(data)
    if pixels * scans > MOST_SCANNED:
        raise ValueError(f"{scans} scans of {pixels:,} pixels are too many")


def _remember(blobs: Blobs, key: str) -> None:
    _unreadable[blobs, key] = None
    while len(_unreadable) > MOST_REMEMBERED:
        _unreadable.popitem(last=False)
