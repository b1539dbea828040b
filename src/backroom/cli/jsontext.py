"""Edits JSON that people wrote. Everything else in it keeps its indentation, line ends and numbers."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

SPACE = re.compile(r"[ \t\r\n]*")
FIRST_INDENT = re.compile(r"[{\[][ \t]*\r?\n([ \t]+)\S")
OTHER_FORM = "it has an unknown format"

_decoder = json.JSONDecoder()


class Number(str):
    """A number as it is written, so that 1.0 and 1e0 are different."""

    __slots__ = ()


class Property(NamedTuple):
    """A property of an object, with the positions where it and its value start, and where the value ends."""

    name: str
    start: int
    value: int
    end: int


def read(text: str) -> Any:
    """Parses the text, with numbers as they are written. Raises ValueError."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def put(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text with `value` at the path of names. Creates missing objects on the path. Raises ValueError."""
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
    """The text without the property at the path and its comma. Raises ValueError."""
    at = _start(text)
    for name in path[:-1]:
        found = _find(text, at, name)
        if found is None:
            return text
        at = found.value
    properties = _properties(text, at)
    place = next((number for number, each in enumerate(properties) if each.name == path[-1]), None)
    if place is None:
        return text
    if place + 1 < len(properties):
        return text[: properties[place].start] + text[properties[place + 1].start :]
    if place:
        return text[: properties[place - 1].end] + text[properties[place].end :]
    return text[: at + 1] + text[_skip(text, properties[0].end) :]


def _start(text: str) -> int:
    return _skip(text, 0)


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return at if found is None else found.end()


def _find(text: str, at: int, name: str) -> Property | None:
    found = [each for each in _properties(text, at) if each.name == name]
    if len(found) > 1:
        raise ValueError(f"it has {name} twice")
    return found[0] if found else None


def _properties(text: str, at: int) -> list[Property]:
    """The properties of the object that starts at `at`, in valid JSON. Raises ValueError if it isn't an object."""
    if text[at : at + 1] != "{":
        raise ValueError(OTHER_FORM)
    found = []
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = _decoder.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)
        _, end = _decoder.raw_decode(text, value)
        found.append(Property(name, at, value, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _insert(text: str, at: int, name: str, value: Any) -> str:
    """Adds a property at the end of the object at `at`, on a line of its own if the others have that."""
    properties = _properties(text, at)
    if not properties:
        base = _indent_at(text, at)
        inner = None if base is None else base + _unit(text)
        written = f"{json.dumps(name)}: {_written(text, value, inner)}"
        if base is not None:
            written = f"{_line_end(text)}{inner}{written}{_line_end(text)}{base}"
        return text[: at + 1] + written + text[_skip(text, at + 1) :]
    last = properties[-1]
    indent = _indent_at(text, last.start) if _begins_line(text, last.start) else None
    gap = " " if indent is None else f"{_line_end(text)}{indent}"
    return f"{text[: last.end]},{gap}{json.dumps(name)}: {_written(text, value, indent)}{text[last.end :]}"


def _written(text: str, value: Any, indent: str | None) -> str:
    """`value` in the text's style: on several lines, indented by `indent`, or on one line if that is None."""
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, indent=_unit(text), ensure_ascii=False).split("\n")
    return f"{_line_end(text)}{indent}".join(lines)


def _begins_line(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return "\n" in text[:at] and not line.strip()


def _indent_at(text: str, at: int) -> str | None:
    """The indentation of the line of that position; None if the text is a single line."""
    if "\n" not in text.strip():
        return None
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """One level of the text's indentation."""
    found = FIRST_INDENT.search(text)
    return found[1] if found else "  "


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
