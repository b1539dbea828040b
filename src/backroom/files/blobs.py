"""Where the bytes of files are kept: a local folder, S3, Google Cloud Storage or Azure, through one API.

Plain blocking functions; doors call them in threads.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from backroom.errors import NotFound, StoreFailed

if TYPE_CHECKING:
    from obstore.store import RetryConfig

log = structlog.get_logger("backroom.files")

PIECE = 256 * 1024
PAGE = 1000
FULL = "The file can't be kept right now. Try again later."
GONE = "The file's bytes are gone."
UNREADABLE = "The file can't be read right now. Try again later."
UNDELETABLE = "The file can't be deleted right now."
UNLISTED = "The place for files can't be listed right now."

VARIABLES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
"""How the variables of a service begin, by the scheme of its address."""
PATIENCE = {"connect_timeout": "3s", "read_timeout": "8s", "timeout": "1h"}
"""Somebody waits while a bucket doesn't: obstore's own limits give one up after three minutes, these after some ten
seconds. `read_timeout` is for sending a file and hearing that it is kept, and then for each silence; `timeout` is for
a whole file, which a slow reader may take piece by piece."""
RETRIES: RetryConfig = {"retry_timeout": timedelta(seconds=4)}
OPTIONS = (
    *PATIENCE,
    *("allow_http", "allow_invalid_certificates", "root_certificate"),
    *("proxy_url", "proxy_ca_certificate", "proxy_excludes"),
)
NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|specified (?:bucket|container) does not exist")
CODE = re.compile(r"<Code>(\w+)</Code>")


class Lying(NamedTuple):
    """What lies under a key: its size in bytes, and when it was put there (milliseconds since the epoch)."""

    key: str
    size: int
    put_at: int


class Blobs:
    """Bytes under keys such as `{projectId}/{fileId}`. Safe to share between threads."""

    def __init__(self, url: str, folder: Path) -> None:
        self._store = open_store(url, folder)
        prefix = self._store.prefix if isinstance(self._store, LocalStore) else None
        self._folder = None if prefix is None else Path(prefix)

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`; once this returns it is on disk. Raises StoreFailed.

        Nothing is left then, unless a bucket had kept it and couldn't say so.
        """
        try:
            obstore.put(self._store, key, data, use_multipart=False)
            if self._folder is not None:
                _sync(self._folder / key, up_to=self._folder)
        except (BaseError, OSError) as error:
            if self._folder is not None:
                self.delete([key])
            raise _failure(FULL, key, error) from error

    def get(self, key: str) -> bytes:
        """All bytes under `key`. Raises NotFound, StoreFailed."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (BaseError, OSError) as error:
            raise _unreadable(key, error) from error

    def stream(self, key: str, start: int, end: int, size: int) -> Iterator[bytes]:
        """The bytes from `start` up to but without `end`, in pieces, of what has `size` bytes in all.

        Raises NotFound (also where it has another size), StoreFailed, both at once; and StoreFailed between two pieces.
        """
        try:
            found = obstore.get(self._store, key, options={"range": (start, end)})
        except (BaseError, OSError) as error:
            raise _unreadable(key, error) from error
        _compare(key, found.meta["size"], size)
        return _pieces(key, found)

    def check(self, key: str, size: int) -> None:
        """Raises NotFound unless `size` bytes, at least one, lie under `key`, StoreFailed.

        It reads a byte, for an answer without a body doesn't say why a bucket refuses, nor whether there is one.
        """
        for _ in self.stream(key, 0, 1, size):
            pass

    def delete(self, keys: Sequence[str]) -> None:
        """Forgets what is under `keys`; a key that has nothing is no failure. Raises StoreFailed."""
        for key in keys:
            try:
                obstore.delete(self._store, key)
            except (BaseError, OSError) as error:
                if not _is_missing(error):
                    raise _failure(UNDELETABLE, key, error) from error

    def walk(self) -> Iterator[list[Lying]]:
        """Everything that lies there, some of it at a time, in no order. Raises StoreFailed on the way."""
        try:
            for page in obstore.list(self._store, chunk_size=PAGE):
                yield [Lying(each["path"], each["size"], _ms(each["last_modified"])) for each in page]
        except (BaseError, OSError) as error:
            raise _failure(UNLISTED, "", error) from error


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
        store = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url, **_limits(url))
    except BaseError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    if isinstance(store, MemoryStore):
        raise ValueError("must be s3://…, gs://…, az://… or file:///…: memory keeps nothing")
    return store


def said(error: BaseException) -> str:
    """What a place for files gave as the reason, in one line, with the code that a bucket has for it."""
    text = str(error).strip()
    first, code = text.partition("\n")[0].partition(": <?xml")[0], CODE.search(text)
    return f"{first} ({code[1]})" if code else first


def _limits(url: str) -> dict[str, Any]:
    """How long a bucket is waited for; what the service's own variables say of the connection counts more."""
    prefix = VARIABLES.get(url.partition(":")[0])
    if prefix is None:
        return {}
    # Given any options, obstore doesn't look at these variables any more.
    named = {name: os.environ.get(f"{prefix}_{name.upper()}", "") for name in OPTIONS}
    given = {name: value for name, value in named.items() if value}
    return {"client_options": PATIENCE | given, "retry_config": RETRIES}


def _pieces(key: str, found: obstore.GetResult) -> Iterator[bytes]:
    try:
        for piece in found.stream(PIECE):
            yield bytes(piece)
    except (BaseError, OSError) as error:
        raise _failure(UNREADABLE, key, error) from error


def _unreadable(key: str, error: Exception) -> NotFound | StoreFailed:
    return NotFound(GONE) if _is_missing(error) else _failure(UNREADABLE, key, error)


def _compare(key: str, lies: int, size: int) -> None:
    if lies != size:
        log.warning("files_failed", key=key, error=f"{lies:,} bytes lie there, and there were {size:,}")
        raise NotFound(GONE)


def _is_missing(error: Exception) -> bool:
    """Whether a key has nothing: a bucket that isn't there has nothing either, but that is another matter."""
    return isinstance(error, FileNotFoundError) and not NO_BUCKET.search(str(error))


def _failure(message: str, key: str, error: Exception) -> StoreFailed:
    """What callers are told; why goes into the log."""
    log.warning("files_failed", key=key, error=said(error))
    return StoreFailed(message)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


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
