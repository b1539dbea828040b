"""Where the bytes of files are kept: a local folder, S3, Google Cloud Storage or Azure, through one API.

Plain blocking functions; doors call them in threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from backroom.errors import NotFound, StoreFailed

PIECE = 256 * 1024
FULL = "The file can't be kept right now; nothing of it was. Try again later."
UNREADABLE = "The file can't be read right now. Try again later."


class Blobs:
    """Bytes under keys such as `{projectId}/{fileId}`. Safe to share between threads."""

    def __init__(self, url: str, folder: Path) -> None:
        self._store = open_store(url, folder)
        prefix = self._store.prefix if isinstance(self._store, LocalStore) else None
        self._folder = None if prefix is None else Path(prefix)

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`; once this returns it is on disk. Raises StoreFailed, and leaves nothing then."""
        try:
            obstore.put(self._store, key, data, use_multipart=False)
            if self._folder is not None:
                _sync(self._folder / key, up_to=self._folder)
        except (BaseError, OSError) as error:
            self.delete([key])
            raise StoreFailed(FULL) from error

    def get(self, key: str) -> bytes:
        """All bytes under `key`. Raises NotFound, StoreFailed."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError as error:
            raise NotFound("The file's bytes are gone.") from error
        except (BaseError, OSError) as error:
            raise StoreFailed(UNREADABLE) from error

    def stream(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to but without `end`, in pieces. Raises NotFound, StoreFailed, both at once."""
        try:
            found = obstore.get(self._store, key, options={"range": (start, end)})
        except FileNotFoundError as error:
            raise NotFound("The file's bytes are gone.") from error
        except (BaseError, OSError) as error:
            raise StoreFailed(UNREADABLE) from error
        return (bytes(piece) for piece in found.stream(PIECE))

    def delete(self, keys: Sequence[str]) -> None:
        """Forgets what is under `keys`; a key that has nothing is no failure. Raises StoreFailed."""
        for key in keys:
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise StoreFailed("The file can't be deleted right now.") from error


def open_store(url: str, folder: Path) -> ObjectStore:
    """The place that `url` names, or `folder` (made where it is missing) where it's empty.

    Raises ValueError for an address that isn't understood, or that keeps nothing.
    """
    if not url:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        _sync(folder, up_to=folder.parent)
        return LocalStore(folder)
    try:
        store = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
    except BaseError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    if isinstance(store, MemoryStore):
        raise ValueError("must be s3://…, gs://…, az://… or file:///…: memory keeps nothing")
    return store


def _sync(path: Path, up_to: Path) -> None:
    """Waits until a file and every folder that leads to it, from `up_to` down, are on disk."""
    while True:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if path == up_to:
            return
        path = path.parent
