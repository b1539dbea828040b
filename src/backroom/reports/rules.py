"""Pure decisions about reports: blocks, titles, messages, statuses."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import msgspec

from backroom.errors import Invalid
from backroom.store.search import can_be_stored

TITLE_LENGTH = 80
UNTITLED = "Untitled report"
MOST_BLOCKS = 50
TEXT_LENGTH = 10_000
URL_LENGTH = 2_000
USER_ID_LENGTH = 200
DEPTH = 100
"""How deep kept JSON may be nested: it must be readable from anywhere, at any depth of the stack."""

AUDIO_MS = 5 * 60 * 1000
CONTEXT_BYTES = 16 * 1024


class Status(StrEnum):
    """Where a report stands (Patchrooms, "REST", B)."""

    OPEN = "open"
    TRIAGED = "triaged"
    IN_PROGRESS = "in-progress"
    RESOLVED = "resolved"
    CLOSED = "closed"


class StatusClass(StrEnum):
    """Miniback's three statuses, each a class of ours ("One store, two dialects")."""

    NEW = "NEW"
    REVIEWED = "REVIEWED"
    RESOLVED = "RESOLVED"


CLASS_OF: dict[str, StatusClass] = {
    Status.OPEN: StatusClass.NEW,
    Status.TRIAGED: StatusClass.REVIEWED,
    Status.IN_PROGRESS: StatusClass.REVIEWED,
    Status.RESOLVED: StatusClass.RESOLVED,
    Status.CLOSED: StatusClass.RESOLVED,
}


def statuses_of(kind: StatusClass) -> tuple[Status, ...]:
    """The statuses of a class, in their order."""
    return tuple(status for status in Status if CLASS_OF[status] is kind)


FIRST_OF_CLASS = {
    StatusClass.NEW: Status.OPEN,
    StatusClass.REVIEWED: Status.TRIAGED,
    StatusClass.RESOLVED: Status.RESOLVED,
}
STATUS_ALIASES = {"new": Status.OPEN, "in_progress": Status.IN_PROGRESS}


class Source(StrEnum):
    """Whether a report came from a widget or from any other program (Miniback, "Routes")."""

    WIDGET = "WIDGET"
    API = "API"


class TextBlock(msgspec.Struct, tag="text", tag_field="type", frozen=True):
    """Words of the reporter, up to 10,000 characters."""

    text: str


class ScreenshotBlock(msgspec.Struct, tag="screenshot", tag_field="type", frozen=True, omit_defaults=True):
    """A stored PNG or JPEG; `width` and `height` in pixels."""

    url: str
    width: int
    height: int
    annotations: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class AudioBlock(msgspec.Struct, tag="audio", tag_field="type", frozen=True, rename="camel"):
    """A stored voice note; its length in milliseconds."""

    url: str
    duration_ms: int


class SelectionBlock(msgspec.Struct, tag="selection", tag_field="type", frozen=True, omit_defaults=True):
    """A quote of page text, with where it stands when the reporter picked an element."""

    quote: str
    selector: str | None = None
    url: str | None = None


Block = TextBlock | ScreenshotBlock | AudioBlock | SelectionBlock


def parse_status(text: str) -> Status:
    """The status of that name, aliases included. Raises Invalid."""
    try:
        return STATUS_ALIASES.get(text) or Status(text)
    except ValueError:
        raise Invalid(f"status must be one of {', '.join(Status)}.") from None


def status_for_class(current: str, wanted: StatusClass) -> Status:
    """The status that a report of status `current` gets when Miniback sets a class: its own if it is in it."""
    return Status(current) if CLASS_OF[current] is wanted else FIRST_OF_CLASS[wanted]


def message_of(blocks: Sequence[Block]) -> str:
    """A report's text blocks joined by blank lines (Miniback, "One store, two dialects")."""
    return "\n\n".join(block.text for block in blocks if isinstance(block, TextBlock))


def title_of(blocks: Sequence[Block]) -> str:
    """First line of the first text block, else the quote, else `Untitled report`; 80 characters (Patchrooms, "MCP")."""
    for kind, attribute in ((TextBlock, "text"), (SelectionBlock, "quote")):
        for block in blocks:
            if isinstance(block, kind):
                title = title_from(getattr(block, attribute))
                if title:
                    return title
    return UNTITLED


def title_from(text: str) -> str:
    """The first line of `text` that has words, at most 80 characters; empty where there is none."""
    stripped = text.strip()
    return stripped.splitlines()[0].strip()[:TITLE_LENGTH] if stripped else ""


def check_text(name: str, text: str, least: int, most: int) -> str:
    """The trimmed text. Raises Invalid, which calls it `name`, unless it has `least` to `most` characters."""
    text = text.strip()
    if not least <= len(text) <= most or not can_be_stored(text):
        raise Invalid(f"{name} must have {least} to {most:,} characters.")
    return text


def check_url(name: str, url: str) -> str:
    """The trimmed address, which a person may follow: http or https. Raises Invalid, which calls it `name`."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.netloc)
    except ValueError:
        right = False
    if not right or len(url) > URL_LENGTH or not url.isprintable() or " " in url:
        raise Invalid(f"{name} must be an address that begins with https:// or http://.")
    return url


def is_too_deep(raw: bytes, value: Any) -> bool:
    """Whether lists and objects lie more than DEPTH levels deep in each other in `value`, whose JSON is `raw`."""
    if raw.count(b"{") + raw.count(b"[") <= DEPTH:
        return False
    row = [value]
    for _ in range(DEPTH):
        row = [item for holder in row for item in _items(holder)]
    return any(isinstance(item, (dict, list)) for item in row)


def _items(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def without_nul(value: Any) -> bool:
    """Whether no text in a decoded JSON value has a NUL character, which PostgreSQL can't keep."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all("\0" not in key and without_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return all(without_nul(item) for item in value)
    return True
