"""Stored files as answers: never sniffed, never run, in pieces, and from any place on for audio's sake."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import NamedTuple

from starlette.types import Scope

from backroom.files.blobs import Blobs
from backroom.files.sniff import file_name
from backroom.reports.queries import StoredBytes
from backroom.web.http import Answer, Headers, NoSuchRange, Pieces, header, names_tag

RANGE = re.compile(rb"bytes=(\d{0,15})-(\d{0,15})\Z")
HARMLESS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Span(NamedTuple):
    """The bytes from `start` up to but without `end`."""

    start: int
    end: int


async def stored_answer(scope: Scope, blobs: Blobs, file: str, found: StoredBytes, vary: bytes) -> Answer:
    """A screenshot's or voice note's bytes, all or one range of them; `vary` names the header that let the client in.

    Raises NoSuchRange, NotFound, StoreFailed.
    """
    tag = b'"%b"' % found.sha256.encode()
    headers = _headers(file, found, tag, vary)
    if names_tag(scope, tag):
        return Answer(304, b"", headers)
    bare = scope["method"] == "HEAD"
    span = span_of(header(scope, b"range"), found.size) if _in_date(scope, tag) and not bare else None
    start, end = span or (0, found.size)
    if span is not None:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, found.size)))
    if bare:
        await asyncio.to_thread(blobs.check, found.key, found.size)
        pieces: Iterator[bytes] = iter(())
    else:
        pieces = await asyncio.to_thread(blobs.stream, found.key, start, end, found.size)
    return Answer(206 if span else 200, Pieces(end - start, pieces), headers)


def span_of(value: bytes | None, size: int) -> Span | None:
    """What a Range header asks of `size` bytes; None for everything, also where it asks for several ranges.

    Raises NoSuchRange where no byte of it is there (RFC 9110, section 14).
    """
    match = RANGE.match(value) if value else None
    if match is None or match.group(0) == b"bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise NoSuchRange(size)
    return Span(start, end)


def _headers(file: str, found: StoredBytes, tag: bytes, vary: bytes) -> Headers:
    name = file_name(file, found.content_type)
    return [
        (b"content-type", found.content_type.encode()),
        (b"content-disposition", f'inline; filename="{name}"'.encode()),
        (b"cache-control", b"private, max-age=31536000, immutable"),
        (b"vary", vary),
        (b"accept-ranges", b"bytes"),
        (b"etag", tag),
        *HARMLESS,
    ]


def _in_date(scope: Scope, tag: bytes) -> bool:
    """Whether a range may be answered: not where the client holds a part of something else."""
    condition = header(scope, b"if-range")
    return condition is None or condition == tag
