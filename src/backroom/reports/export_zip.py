"""The ZIP of an export: Markdown for agents, with the screenshots and voice notes beside it, written as it is read."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from backroom.access import Actor
from backroom.clock import iso
from backroom.errors import NotFound
from backroom.files.blobs import Blobs
from backroom.files.sniff import file_name
from backroom.reports.detail import Artifact, Identity, file_url
from backroom.reports.export import Exported, walk
from backroom.reports.filters import Filter
from backroom.reports.find import Key, are_keys
from backroom.reports.lookup import reach
from backroom.reports.markdown import NOTICE, Document, artifact_of, escape, for_agent
from backroom.reports.rooms import Room, read_rooms
from backroom.reports.rules import Block
from backroom.store.database import Database
from backroom.store.tables import files

SHORT = 4
PIECE = 64 * 1024
IN_MEMORY = 1024 * 1024
FAST, THOROUGH = 1, 6
PERMISSIONS = 0o644 << 16
EARLIEST, LATEST = 315_532_800_000, 4_354_819_198_000
"""The moments that a ZIP can tell: from 1980 to the end of 2107."""


class StoredFile(NamedTuple):
    """Where the bytes of a report's file are; their number."""

    id: str
    content_type: str
    key: str
    size: int


def export_zip(db: Database, blobs: Blobs, actor: Actor, wanted: Filter, now: int) -> Iterator[bytes]:
    """`reports/<shortId>.md`, `blob/scr_*`, `blob/aud_*` and, last, `index.md` (Patchrooms, "Export").

    A file whose bytes are gone is left out. Raises NotFound, Denied at once.
    """
    db.read_now(reach, actor, wanted.projects)
    return _zip(db, blobs, wanted, now)


def _zip(db: Database, blobs: Blobs, wanted: Filter, now: int) -> Iterator[bytes]:
    with ExitStack() as stack:
        out = _Out(stack)
        index: IO[bytes] = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        index.write(_index_head(now).encode())
        names, blob_names = Names(), Names()
        for page in walk(db, wanted):
            of_reports, rooms = db.read_now(_beside, page)
            for each in page:
                kept: dict[str, str] = {}
                for file in of_reports.get(each.stored.id, []):
                    name = f"blob/{file_name(blob_names.of(file.id), file.content_type)}"
                    try:
                        content = blobs.stream(file.key, 0, file.size, file.size)
                    except NotFound:
                        continue
                    yield from out.add(name, content, each.stored.created_at, FAST)
                    kept[file_url(each.stored.project, file.id)] = name
                name = f"reports/{names.of(each.stored.id)}.md"
                text = for_agent(_document(each, rooms), kept)
                yield from out.add(name, [text.encode()], each.stored.updated_at, THOROUGH)
                index.write(_index_line(each, name).encode())
        index.seek(0)
        yield from out.add("index.md", iter(lambda: index.read(PIECE), b""), now, THOROUGH)
        yield out.finish()


class Names:
    """File names by the end of an id; the whole id where another one has that end: there are 65,536."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, id_: str) -> str:
        """The name for an id, which is asked for once."""
        short = id_[-SHORT:]
        if short in self._taken:
            return id_
        self._taken.add(short)
        return short


class _Out:
    """A ZIP that is handed out as it grows."""

    def __init__(self, stack: ExitStack) -> None:
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED)
        # zipfile keeps a record of each member until the end, half a gigabyte of them for a million.
        self._zip.filelist = _Records(stack)  # type: ignore[assignment]
        self._zip.NameToInfo = _Forgetful()
        stack.callback(self._zip.close)

    def add(self, name: str, content: Iterable[bytes], moment: int, level: int) -> Iterator[bytes]:
        """Writes one member; yields what there is to hand out."""
        told = min(max(moment, EARLIEST), LATEST)
        info = zipfile.ZipInfo(name, datetime.fromtimestamp(told // 1000, UTC).timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = level  # type: ignore[attr-defined]
        info.external_attr = PERMISSIONS
        with self._zip.open(info, "w") as member:
            for piece in content:
                member.write(piece)
                if self._pipe.size() >= PIECE:
                    yield self._pipe.take()
        if self._pipe.size() >= PIECE:
            yield self._pipe.take()

    def finish(self) -> bytes:
        """Writes the directory at the end; returns all that is left."""
        self._zip.close()
        return self._pipe.take()


class _Pipe(io.RawIOBase):
    """Where the ZIP is written to, and taken from as it grows. It can't seek, so that sizes stand behind contents."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def size(self) -> int:
        """How many bytes wait to be taken."""
        return len(self._written)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken


class _Records:
    """What zipfile's directory has of each member, on disk from a megabyte on; in the place of its list."""

    _NAMES = (
        *("filename", "date_time", "compress_type", "flag_bits", "CRC"),
        *("compress_size", "file_size", "header_offset", "external_attr"),
    )

    def __init__(self, stack: ExitStack) -> None:
        self._file: IO[bytes] = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
        self._n = 0

    def append(self, info: zipfile.ZipInfo) -> None:
        self._file.write(msgspec.json.encode([getattr(info, name) for name in self._NAMES]) + b"\n")
        self._n += 1

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[zipfile.ZipInfo]:
        self._file.seek(0)
        for line in self._file:
            info = zipfile.ZipInfo()
            for name, value in zip(self._NAMES, msgspec.json.decode(line), strict=True):
                setattr(info, name, value)
            yield info


class _Forgetful(dict[str, zipfile.ZipInfo]):
    """Keeps nothing: no two members have one name."""

    def __setitem__(self, name: str, info: zipfile.ZipInfo) -> None:
        return


def _beside(conn: Connection, page: Sequence[Exported]) -> tuple[dict[str, list[StoredFile]], dict[Key, Room]]:
    """The files of the reports, by report, and the rooms of their artifacts."""
    artifacts = ((each.stored.project, _artifact(each)) for each in page)
    return _files_of(conn, page), read_rooms(conn, (Key(project, it.id) for project, it in artifacts if it is not None))


def _artifact(each: Exported) -> Artifact | None:
    artifact = each.stored.artifact
    return None if artifact is None else msgspec.json.decode(artifact, type=Artifact)


def _files_of(conn: Connection, page: Sequence[Exported]) -> dict[str, list[StoredFile]]:
    f = files.c
    keys = [Key(each.stored.project, each.stored.id) for each in page]
    query = select(f.report, f.id, f.content_type, f.key, f.size).where(are_keys(f.project, f.report, keys))
    found: dict[str, list[StoredFile]] = {}
    for report, *rest in conn.execute(query.order_by(f.id)):
        found.setdefault(report, []).append(StoredFile(*rest))
    return found


def _document(each: Exported, rooms: Mapping[Key, Room]) -> Document:
    row, artifact = each.stored, _artifact(each)
    room = rooms.get(Key(row.project, artifact.id)) if artifact else None
    return Document(
        id=row.id,
        title=row.title,
        channel_key=row.channel_key,
        status=row.status,
        blocks=msgspec.json.decode(row.blocks, type=list[Block]),
        context=msgspec.json.decode(row.context, type=dict[str, Any]),
        identity=None if row.identity is None else msgspec.json.decode(row.identity, type=Identity),
        artifact=artifact if room is None else artifact_of(room),
        of_room=room is not None,
        created_at=iso(row.created_at),
    )


def _index_head(now: int) -> str:
    return f"# Reports\n\nExported {iso(now)}, newest first.\n\n{NOTICE}\n"


def _index_line(each: Exported, name: str) -> str:
    row = each.stored
    return f"- [{escape(row.title)}]({name}): {row.channel_key}, {row.status}, {iso(row.created_at)}\n"
