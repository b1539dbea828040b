"""The built widget as it lies in `dist/`, read once: loaders, parts, and what they are called."""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from backroom.errors import Failure

DIST = Path(__file__).parent / "dist"
NOT_BUILT = "This Backroom was installed without its widget. Build it with `make widget`."
KEPT_ZIPPED = 128
"""Loaders of so many projects are kept compressed, at about 9 kB each."""


class NotBuilt(Failure):
    """There is no widget to serve."""


class Part(NamedTuple):
    """What is loaded when the room is opened: its code, and the same as gzip, which the build takes its time for."""

    code: bytes
    zipped: bytes


class Bundle(NamedTuple):
    """The loaders' code by name (`patchrooms`, `miniback`), and every part by its file name."""

    loaders: dict[str, bytes]
    parts: dict[str, Part]


class _Manifest(msgspec.Struct):
    loaders: dict[str, str]
    chunks: dict[str, str]
    languages: dict[str, str]


def bundle() -> Bundle:
    """The widget as it was built. Raises NotBuilt."""
    found = _built()
    if found is None:
        raise NotBuilt(NOT_BUILT)
    return found


def built_parts() -> dict[str, Part]:
    """The parts of the widget as it was built; none where it wasn't."""
    found = _built()
    return {} if found is None else found.parts


@cache
def _built() -> Bundle | None:
    return read_bundle(DIST)


def read_bundle(folder: Path) -> Bundle | None:
    """What was built into a folder; None where nothing was."""
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=_Manifest)
    except FileNotFoundError:
        return None
    parts = [*manifest.chunks.values(), *manifest.languages.values()]
    return Bundle(
        {name: (folder / file).read_bytes() for name, file in manifest.loaders.items()},
        {file: Part((folder / file).read_bytes(), (folder / f"{file}.gz").read_bytes()) for file in parts},
    )


@lru_cache(KEPT_ZIPPED)
def zipped(content: bytes) -> bytes:
    """`content` as gzip, the same bytes every time."""
    return gzip.compress(content, 9, mtime=0)
