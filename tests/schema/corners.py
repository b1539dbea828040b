"""Requests with one value in a corner: empty, huge, of another type. What the document allows must be taken."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from tests.schema.trial import Json, Refusal

Place = tuple[str | int, ...]

TEXTS = (
    *("", " ", "\t", "\n", "\0", "a\0b", "\x1f", "\x7f", "\x85", "\u00a0", "\u200b", "\u2028", "a\u2028b", "\ufffd"),
    *("a", "A", "-", "a-", "0", "-1", "1.5", "null", "true", "é", "\N{FOX FACE}", "%00", "../x", "a b"),
    *("x" * size for size in (61, 64, 65, 80, 81, 200, 201, 256, 501, 1_001, 8_001, 10_000, 10_001)),
)
NUMBERS = (0, 1, -1, 0.5, 7.0, 10**9, 10**9 + 1, -(10**9) - 1, 2**31, 2**53 + 1, 2**63, -(2**63), 10**18, 1e308, -1e308)
PLAIN: tuple[Any, ...] = ("x", "#c0392b", "0" * 24, f"{'0' * 8}{'-0000' * 3}-{'0' * 12}", 1, True, {}, None)
CORNERS = (None, True, False, *NUMBERS, *TEXTS, [], [""], ["a"] * 51, {}, {"": None}, {"type": "text"})


@dataclass(frozen=True)
class Corners:
    """The corners of the operation `label` of a document; `parameters` stand in its path."""

    document: Json
    label: str
    parameters: dict[str, str]
    refusals: Sequence[Refusal] = ()

    def bodies(self) -> Iterator[tuple[Any, bool]]:
        """JSON bodies, and whether the document allows them: everything told, with one value replaced or left out."""
        content = self._operation.get("requestBody", {"content": {}})["content"]
        if "application/json" not in content:
            return
        schema = content["application/json"]["schema"]
        validator = Draft202012Validator(schema | {"components": self.document["components"]}, validate_formats=True)
        first, *others = self._whole(schema)
        for whole in (first, *others):
            new = [place for place in _places(whole) if whole is first or _is_new(_at(whole, place), _at(first, place))]
            for body in (whole, *(_with(whole, place, corner) for place in new for corner in CORNERS)):
                yield body, validator.is_valid(body)

    def queries(self) -> Iterator[tuple[dict[str, str], bool]]:
        """Queries of one parameter, and whether the document allows them."""
        for parameter in self._operation["parameters"]:
            if parameter["in"] == "query":
                validator = Draft202012Validator(parameter["schema"], validate_formats=True)
                for text in TEXTS:
                    yield {parameter["name"]: text}, validator.is_valid(_read(text, parameter["schema"]))

    def send(self, http: httpx.Client, headers: dict[str, str], **request: Any) -> httpx.Response:
        """The answer to the request with that `json` or those `params`."""
        path = self.label.partition(" ")[2].format(**self.parameters)
        return http.request(self.label.partition(" ")[0], path, headers=headers, **request)

    def refused(self, answer: httpx.Response) -> bool:
        """Whether the request was refused for what it says, and not by one of the `refusals`."""
        if answer.status_code not in (400, 415):
            return False
        error, sent = answer.json()["error"], answer.request.content
        return not any(answer.status_code == each.status and each.names(error, sent) for each in self.refusals)

    @property
    def _operation(self) -> Json:
        method, path = self.label.split(" ")
        found: Json = self.document["paths"][path][method.lower()]
        return found

    def _whole(self, schema: Json) -> Iterator[Any]:
        """Values with every property, one for each kind that the schema chooses between."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if "anyOf" in schema:
            for each in schema["anyOf"]:
                yield from self._whole(each)
        elif "properties" in schema:
            yield from self._objects(schema["properties"])
        elif schema.get("type") == "array":
            yield from ([each] for each in self._whole(schema["items"]))
        else:
            yield _plain(schema)

    def _objects(self, properties: Json) -> Iterator[Json]:
        choices = {name: list(self._whole(schema)) for name, schema in properties.items()}
        first = {name: values[0] for name, values in choices.items()}
        yield first
        for name, values in choices.items():
            yield from (first | {name: value} for value in values[1:])


def _plain(schema: Json) -> Any:
    """A value that a schema without parts allows."""
    allowed = Draft202012Validator(schema, validate_formats=True)
    tries = (
        *schema.get("enum", ()),
        schema.get("default"),
        "x",
        "#c0392b",
        "0" * 24,
        f"{'0' * 8}{'-0000' * 3}-{'0' * 12}",
    )
    return next(value for value in (*tries, 1, True, {}, None) if allowed.is_valid(value))


def _places(value: Any, above: Place = ()) -> Iterator[Place]:
    yield above
    if isinstance(value, (dict, list)):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(part, (*above, name))


def _is_new(value: Any, before: Any) -> bool:
    """Whether the value itself differs, and not only something in it."""
    return type(value) is not type(before) or (value != before and not isinstance(value, (dict, list)))


def _at(whole: Any, place: Place) -> Any:
    """What stands there; None where nothing does."""
    for name in place:
        there = (isinstance(whole, dict) and name in whole) or (isinstance(whole, list) and name in range(len(whole)))
        whole = whole[name] if there else None
    return whole


def _with(whole: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(whole)
    part = changed
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    return changed


def _read(text: str, schema: Json) -> Any:
    """The text of a query as the value that its schema speaks of."""
    if schema.get("type") != "integer":
        return text
    try:
        return int(text) if text.isascii() and text == text.strip() else text
    except ValueError:
        return text
