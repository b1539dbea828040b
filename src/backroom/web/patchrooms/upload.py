"""A report with files: `multipart/form-data`, its parts matched with the blocks that name them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

import structlog
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from backroom.errors import Invalid, NotFound, StoreFailed, TooLarge
from backroom.files.blobs import Blobs
from backroom.files.clean import accept_screenshot
from backroom.files.sniff import AUDIO_BYTES, SCREENSHOT_BYTES, sniff_audio
from backroom.ids import new_id
from backroom.reports.queries import get_file
from backroom.reports.rules import MOST_BLOCKS, AudioBlock, Block, ScreenshotBlock
from backroom.reports.submit import StoredFile
from backroom.store.database import Database
from backroom.web.http import Disconnected, header
from backroom.web.patchrooms.bodies import check_part
from backroom.web.patchrooms.shapes import AudioIn, ScreenshotIn, SelectionIn, TextIn

log = structlog.get_logger("backroom.web")

REPORT = "report"
PREAMBLE = 16 * 1024
"""How far the first boundary of a form is looked for."""
ESCAPED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How browsers write the name of a part."""
BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{1,70}\Z")

BlockIn = TextIn | ScreenshotIn | AudioIn | SelectionIn


class Upload:
    """The files of one report, from the request to their place.

    Leaving the `async with` closes what was spooled and forgets every file that no stored report has:
    after a retry, a refusal or a failure nothing is left behind.
    """

    def __init__(self, db: Database, blobs: Blobs, project: str) -> None:
        self.files: list[StoredFile] = []
        self._db = db
        self._blobs = blobs
        self._project = project
        self._form = FormData()
        self._parts: dict[str, str | UploadFile] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._form.close()
        # Cut off in the middle, the report may still be written: better bytes too many than too few.
        cut_off = kind is not None and not issubclass(kind, Exception)
        if self.files and not cut_off and not await self._is_stored():
            await self._forget()

    async def read(self, request: Request, most: int, most_report: int) -> bytes:
        """Takes the form in; returns the JSON of its part `report`.

        `most` and `most_report` are in bytes. Raises Invalid, TooLarge, StoreFailed (no room to spool).
        """
        self._form = await _read_form(request, most, most_report)
        for name, part in self._form.multi_items():
            name = _bytes_of(name).decode("utf-8", "replace")
            if name in self._parts:
                raise Invalid(f"The part {name!r} is there twice.")
            self._parts[name] = part
        report = self._parts.pop(REPORT, None)
        if report is None:
            raise Invalid(f"The form has no part {REPORT!r}.")
        return await asyncio.to_thread(_read_part, report, most_report, "The part 'report'")

    async def keep(self, blocks: Sequence[BlockIn]) -> list[Block]:
        """Keeps the bytes of every block that names a part; returns the blocks as they are to be read.

        Raises Invalid, TooLarge, WrongType, StoreFailed.
        """
        self._match([block.file for block in blocks if isinstance(block, (ScreenshotIn, AudioIn))])
        return await asyncio.to_thread(self._keep_all, blocks)

    def _match(self, wanted: list[str]) -> None:
        """Raises Invalid unless every file is named once and every part is a file of a block."""
        for name in wanted:
            if wanted.count(name) > 1:
                raise Invalid(f"Two blocks name the file {name!r}.")
            part = self._parts.pop(name, None) or self._parts.pop(name.translate(ESCAPED), None)
            if part is None:
                raise Invalid(f"The form has no part {name!r}, which a block names.")
            self._parts[name] = part
        unused = self._parts.keys() - set(wanted)
        if unused:
            raise Invalid(f"No block names the part {min(unused)!r}.")

    def _keep_all(self, blocks: Sequence[BlockIn]) -> list[Block]:
        return [self._keep(block) for block in blocks]

    def _keep(self, block: BlockIn) -> Block:
        if isinstance(block, ScreenshotIn):
            annotations = block.annotations
            if annotations:
                check_part("annotations", bytes(annotations))
            data = _read_part(self._parts[block.file], SCREENSHOT_BYTES, "A screenshot")
            picture = accept_screenshot(data)
            url = self._put("screenshot", picture.data, picture.content_type, size=(picture.width, picture.height))
            return ScreenshotBlock(url, picture.width, picture.height, annotations)
        if isinstance(block, AudioIn):
            data = _read_part(self._parts[block.file], AUDIO_BYTES, "A voice note")
            duration = int(block.duration_ms)
            url = self._put("audio", data, sniff_audio(data), duration_ms=duration)
            return AudioBlock(url, duration)
        return block

    def _put(
        self,
        kind: str,
        data: bytes,
        content_type: str,
        *,
        size: tuple[int | None, int | None] = (None, None),
        duration_ms: int | None = None,
    ) -> str:
        """Keeps the bytes; returns the address at which they are read back."""
        id_ = new_id()
        key = f"{self._project}/{id_}"
        self._blobs.put(key, data)
        kept = StoredFile(
            id=id_,
            kind=kind,
            content_type=content_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            key=key,
            width=size[0],
            height=size[1],
            duration_ms=duration_ms,
        )
        self.files.append(kept)
        return f"/api/v1/projects/{self._project}/files/{id_}"

    async def _is_stored(self) -> bool:
        """Whether a report has these files; a store that can't tell may have it, so that they stay."""
        try:
            await self._db.read(get_file, self._project, self.files[0].id)
        except NotFound:
            return False
        except StoreFailed as error:
            log.warning("files_left", error=str(error), keys=[file.key for file in self.files])
        return True

    async def _forget(self) -> None:
        keys = [file.key for file in self.files]
        try:
            await asyncio.to_thread(self._blobs.delete, keys)
        except StoreFailed as error:
            log.warning("files_left", error=str(error), keys=keys)


async def _read_form(request: Request, most: int, most_report: int) -> FormData:
    boundary = _boundary_of(request)
    parser = MultiPartParser(
        # Fields as Latin-1, which gives their very bytes back.
        Headers({"content-type": f'multipart/form-data; charset=latin-1; boundary="{boundary.decode()}"'}),
        _from_boundary(_pieces(request, most), boundary),
        max_files=MOST_BLOCKS + 1,
        max_fields=MOST_BLOCKS + 1,
        max_part_size=most_report,
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        if "maximum size" in error.message:
            raise TooLarge(f"A part without a file name may have at most {most_report:,} bytes.") from error
        raise Invalid(f"The form can't be read: {error.message}") from error
    except OSError as error:
        raise StoreFailed("There is no room for the files right now. Try again later.") from error


def _boundary_of(request: Request) -> bytes:
    """What stands between the form's parts. Raises Invalid."""
    _, options = parse_options_header(header(request.scope, b"content-type"))
    boundary: bytes = options.get(b"boundary", b"")
    if not BOUNDARY.match(boundary):
        raise Invalid("The form's boundary is missing or can't be one.")
    return boundary


async def _from_boundary(pieces: AsyncGenerator[bytes, None], boundary: bytes) -> AsyncGenerator[bytes, None]:
    """The form without what stands before its first boundary, which the parser would take for a broken one: there may
    be words for people, or an empty line (RFC 2046, section 5.1.1)."""
    begun, start = False, b"\r\n"
    line = re.compile(rb"\r\n--" + re.escape(boundary) + rb"(?:--|[ \t]*\r\n)")
    async for piece in pieces:
        if begun:
            yield piece
            continue
        start += piece
        first = line.search(start)
        begun = first is not None or len(start) > PREAMBLE
        if begun:
            yield start[2 + (first.start() if first else 0) :]
    if not begun:
        yield start[2:]


async def _pieces(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    too_large = TooLarge(f"The body may have at most {most:,} bytes.")
    declared = header(request.scope, b"content-length")
    if declared is not None and (not declared.isdigit() or int(declared) > most):
        raise too_large
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise too_large
        yield piece
        more = message.get("more_body", False)


def _read_part(part: str | UploadFile, most: int, what: str) -> bytes:
    """The part's bytes. Raises TooLarge."""
    if isinstance(part, str):
        data = _bytes_of(part)
    else:
        part.file.seek(0)
        data = part.file.read(most + 1)
    if len(data) > most:
        raise TooLarge(f"{what} may have at most {most:,} bytes.")
    return data


def _bytes_of(text: str) -> bytes:
    return text.encode("latin-1")
