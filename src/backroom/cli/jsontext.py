"""JSON that people wrote, changed in one place: everything else keeps its indentation, line ends and numbers."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

SPACE = re.compile(r"[ \t\r\n]*")
FIRST_INDENT = re.compile(r"[{\[][ \t]*\r?\n([ \t]+)\S")
OTHER_FORM = "it has another form"

_decoder = json.JSONDecoder()


class Number(str):
    """A number as it is written, which 1.0 and 1e0 are not alike in."""

    __slots__ = ()


class Member(NamedTuple):
    """A name and its value in an object: where both begin, and where the value ends."""

    name: str
    start: int
    value: int
    end: int


def read(text: str) -> Any:
    """What the text says, with numbers as they are written. Raises ValueError."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def put(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text with `value` at the path of names; objects on the way are made. Raises ValueError."""
    at = _start(text)
    for depth, name in enumerate(path):
        found = _find(text, at, name)
        if found is None:
            for inner in reversed(path[depth + 1 :]):
                value = {inner: value}
            return _insert(text, at, name, value)
        if depth == len(path) - 1:
            return text[: found.value] + _written(text, value, _indent_at(text, found.start)) + text[found.end :]
        at = found.value
    raise ValueError("a path has at least one name")


def drop(text: str, path: tuple[str, ...]) -> str:
    """The text without what is at the path, with the comma that it needed. Raises ValueError."""
    at = _start(text)
    for name in path[:-1]:
        found = _find(text, at, name)
        if found is None:
            return text
        at = found.value
    members = _members(text, at)
    place = next((number for number, each in enumerate(members) if each.name == path[-1]), None)
    if place is None:
        return text
    if place + 1 < len(members):
        return text[: members[place].start] + text[members[place + 1].start :]
    if place:
        return text[: members[place - 1].end] + text[members[place].end :]
    return text[: at + 1] + text[_skip(text, members[0].end) :]


def _start(text: str) -> int:
    return _skip(text, 0)


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return at if found is None else found.end()


def _find(text: str, at: int, name: str) -> Member | None:
    found = [each for each in _members(text, at) if each.name == name]
    if len(found) > 1:
        raise ValueError(f"it says {name} twice")
    return found[0] if found else None


def _members(text: str, at: int) -> list[Member]:
    """The members of the object that begins at `at`. The text must be good JSON. Raises ValueError for no object."""
    if text[at : at + 1] != "{":
        raise ValueError(OTHER_FORM)
    found = []
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = _decoder.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)
        _, end = _decoder.raw_decode(text, value)
        found.append(Member(name, at, value, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _insert(text: str, at: int, name: str, value: Any) -> str:
    """Another member behind those of the object at `at`, on a line of its own where they are."""
    members = _members(text, at)
    if not members:
        base = _indent_at(text, at)
        inner = None if base is None else base + _unit(text)
        written = f"{json.dumps(name)}: {_written(text, value, inner)}"
        if base is not None:
            written = f"{_line_end(text)}{inner}{written}{_line_end(text)}{base}"
        return text[: at + 1] + written + text[_skip(text, at + 1) :]
    last = members[-1]
    indent = _indent_at(text, last.start) if _begins_line(text, last.start) else None
    gap = " " if indent is None else f"{_line_end(text)}{indent}"
    return f"{text[: last.end]},{gap}{json.dumps(name)}: {_written(text, value, indent)}{text[last.end :]}"


def _written(text: str, value: Any, indent: str | None) -> str:
    """`value` as the text writes JSON: over several lines, from `indent` on, or in one where that is None."""
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, indent=_unit(text), ensure_ascii=False).split("\n")
    return f"{_line_end(text)}{indent}".join(lines)


def _begins_line(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return "\n" in text[:at] and not line.strip()


def _indent_at(text: str, at: int) -> str | None:
    """What the line of that place begins with; None where the whole text is one line."""
    if "\n" not in text.strip():
        return None
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """What the text indents by."""
    found = FIRST_INDENT.search(text)
    return found[1] if found else "  "


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
