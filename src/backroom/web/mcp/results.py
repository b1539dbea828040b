"""What a tool gives back, before the protocol dresses it."""

from __future__ import annotations

from typing import NamedTuple, Self

import msgspec

from backroom.web.mcp.shapes import Answered


class Picture(NamedTuple):
    """An image for the agent's eyes: its bytes and their type."""

    data: bytes
    content_type: str


class Shown(NamedTuple):
    """A screenshot by what it is called in the answer; `picture` is None where it can't be shown."""

    label: str
    picture: Picture | None


class Result(NamedTuple):
    """`texts` for the agent to read, the first of them documented; `data` the same for programs."""

    texts: list[str]
    data: Answered | None = None
    pictures: tuple[Shown, ...] = ()
    failed: bool = False

    @classmethod
    def failure(cls, text: str) -> Self:
        """A failure, said in words."""
        return cls([text], failed=True)

    @classmethod
    def of(cls, data: Answered, shown: object = None) -> Self:
        """`data`, or as text another form of it, as JSON over several lines."""
        return cls([pretty(data if shown is None else shown)], data)


def pretty(value: object) -> str:
    """JSON that is indented for reading (Patchrooms, "MCP": `list_reports`)."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
