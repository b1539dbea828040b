"""The format of a backup: one tar.gz, the same for every engine and file storage.

    manifest.json                 Manifest: what is in it and which schema it has
    tables/<table>/000001.jsonl   rows as JSON arrays in the order of the manifest's columns, bytes as base64
    files/<key>                   screenshots and voice notes
    tables/…                      accounts, projects and keys, after everything that they give access to
    end.json                      End: a digest over everything before it

A part of a table is a few megabytes, so that no more than that is ever in memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, Table, Text

from backroom.errors import Invalid
from backroom.store.migrations import head, revisions
from backroom.store.tables import doomed_files, metadata, oauth_requests, oauth_secrets, sessions, tickets, trash, undos

FORMAT = 1
MANIFEST = "manifest.json"
END = "end.json"
FILES = "files/"
TABLES = "tables/"
FOREIGN_TABLES = "The backup's tables don't match its schema."
LARGEST_MEMBER = 512 * 1024 * 1024
COMPRESSION = 3
"""Level 6 takes three times as long and saves a tenth."""

LAST = ("hints", "channels", "api_keys", "projects", "memberships", "users", "workspaces", "doomed_projects")
"""Restored in one transaction at the end: until then nobody can reach anything."""

LEFT_OUT = (
    *(doomed_files.name, sessions.name, tickets.name, trash.name, undos.name),
    *(oauth_requests.name, oauth_secrets.name),
)
"""What doesn't last: files that are about to be deleted, and the trash, whose files are; sessions, links and tokens,
because a restore would revive those that were ended or used; and undos."""

_PYTHON_TYPES: dict[type[Any], Any] = {
    Text: str,
    BigInteger: int,
    Integer: int,
    LargeBinary: bytes,
    Boolean: bool,
    Double: float,
}


class Manifest(msgspec.Struct, rename="camel"):
    """What is in a backup. `time` is in milliseconds since the epoch; `bytes` is the size of all files."""

    format: int
    program: str
    revision: str
    time: int
    columns: dict[str, list[str]]
    rows: dict[str, int]
    files: int
    bytes: int


class End(msgspec.Struct):
    """Closes a backup: the number of members before it, and the SHA-256 of their names, sizes and contents.

    `missing` are the keys of files that the store refers to and the file storage didn't have.
    """

    members: int
    sha256: str
    missing: list[str] = []


class Member(NamedTuple):
    """One file of the archive."""

    name: str
    content: bytes


class Rows(NamedTuple):
    """Some rows of a table, in the order of its columns."""

    table: str
    rows: list[tuple[Any, ...]]


def backed_up_tables() -> tuple[list[Table], list[Table]]:
    """The tables before and after the files."""
    names = set(metadata.tables) - set(LAST) - set(LEFT_OUT)
    return [metadata.tables[name] for name in sorted(names)], [metadata.tables[name] for name in LAST]


def backed_up_columns() -> dict[str, list[str]]:
    """The columns of every table that a backup of this program has, in their order."""
    # Names of SQLAlchemy are a kind of str that msgspec doesn't take.
    return {
        str(table.name): [str(column.name) for column in table.columns]
        for group in backed_up_tables()
        for table in group
    }


def read_rows(member: Member, tables: Mapping[str, Table]) -> Rows:
    """A part of one of `tables`, as values that the drivers take. Raises Invalid for any other member."""
    name = member.name.removeprefix(TABLES).split("/")[0]
    if not member.name.startswith(TABLES) or name not in tables:
        raise Invalid(f"The backup contains an unexpected file: {member.name}")
    decoder = _row_decoder(tables[name])
    try:
        return Rows(name, [decoder.decode(line) for line in member.content.splitlines()])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Invalid(f"A row of {name} in the backup can't be read: {error}") from error


def _row_decoder(table: Table) -> msgspec.json.Decoder[Any]:
    """Reads one line of a table's part, and checks the types of its values."""
    types = [_python_type(column) for column in table.columns]
    return msgspec.json.Decoder(tuple[tuple(types)])  # type: ignore[misc]


def _python_type(column: Column[Any]) -> Any:
    for kind, python_type in _PYTHON_TYPES.items():
        if isinstance(column.type, kind):
            return python_type | None if column.nullable else python_type
    raise Invalid(FOREIGN_TABLES)


class _Digest:
    """The checksum over all members, computed while writing and while reading."""

    def __init__(self) -> None:
        self.members = 0
        self._sum = hashlib.sha256()

    def add(self, name: str, content: bytes) -> None:
        self.members += 1
        self._sum.update(f"{name}\0{len(content)}\0".encode())
        self._sum.update(content)

    def hex(self) -> str:
        return self._sum.hexdigest()


class ArchiveWriter:
    """Adds members to a backup; `finish` closes it with its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._gzip = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION, mtime=0)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._digest = _Digest()
        self._time = int(time.time())

    def add(self, name: str, content: bytes) -> None:
        """Appends one member."""
        self._digest.add(name, content)
        self._append(name, content)

    def finish(self, missing: list[str]) -> None:
        """Writes the end, and whatever is still in memory."""
        self._append(END, msgspec.json.encode(End(self._digest.members, self._digest.hex(), missing)))
        self._tar.close()
        self._gzip.close()

    def give_up(self) -> None:
        """Closes what a failure left open, so that nothing warns when it is garbage-collected."""
        for each in (self._tar, self._gzip):
            with suppress(OSError, ValueError):
                each.close()

    def _append(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        info.mtime = self._time
        info.mode = 0o600
        self._tar.addfile(info, io.BytesIO(content))
        _forget_members(self._tar)


def read_members(path: Path) -> Iterator[Member]:
    """The members in order, checked against the end, which isn't among them.

    Raises Invalid for a file that isn't a backup, or is incomplete or changed; OSError if it can't be read.
    """
    digest = _Digest()
    end: End | None = None
    with _readable(path), gzip.open(path, "rb") as unzipped:
        tar = tarfile.open(fileobj=unzipped, mode="r|")  # noqa: SIM115
        while (info := tar.next()) is not None:
            _forget_members(tar)
            content = _content(tar, info)
            if info.name == END:
                end = msgspec.json.decode(content, type=End)
                continue
            digest.add(info.name, content)
            yield Member(info.name, content)
        # Reads gzip's own checksum behind the last member.
        unzipped.read()
    if end is None or (end.members, end.sha256) != (digest.members, digest.hex()):
        raise Invalid(f"{path} is damaged: its checksum doesn't match.")


def read_manifest(member: Member) -> Manifest:
    """The first member. Raises Invalid where it isn't one that this program understands."""
    if member.name != MANIFEST:
        raise Invalid("The file isn't a Backroom backup: it doesn't start with a manifest.")
    try:
        manifest = msgspec.json.decode(member.content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise Invalid(f"The backup's manifest can't be read: {error}") from error
    if manifest.format != FORMAT:
        raise Invalid(f"The backup has format {manifest.format}; this version of Backroom reads format {FORMAT}.")
    if manifest.revision not in revisions():
        raise Invalid(
            f"The backup was created by Backroom {manifest.program} with schema {manifest.revision}, which this version"
            f" doesn't know (its newest is {head()}). Restore it with that version or a newer one."
        )
    if set(manifest.columns) != set(manifest.rows):
        raise Invalid(FOREIGN_TABLES)
    return manifest


def _forget_members(tar: tarfile.TarFile) -> None:
    """tarfile remembers every member that it has read or written, which adds up for a hundred thousand files."""
    tar.members = []  # type: ignore[attr-defined]


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    if not info.isreg() or info.size > LARGEST_MEMBER:
        raise Invalid(f"The backup contains an unexpected file: {info.name}")
    file = tar.extractfile(info)
    content = b"" if file is None else file.read()
    if len(content) != info.size:
        raise Invalid("The backup is incomplete.")
    return content


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, tarfile.TarError, EOFError, msgspec.MsgspecError, UnicodeError) as error:
        raise Invalid(f"{path} isn't a Backroom backup, or it is damaged: {error}") from error
