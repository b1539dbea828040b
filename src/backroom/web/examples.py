"""Believable examples for JSON schemas, so that a description shows what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

VALUES: dict[str, Any] = {
    "apiKey": "mbk_1a2b3c4d5e6f7g8h9i0j",
    "archived": False,
    "baseWeight": 1,
    "before": "6a1fea8e4f1c9ab3d5e07c21",
    "channelKey": "bug",
    "clientId": "3f2b8c1e-9a47-4d0c-8f65-2b7d1e0a9c34",
    "color": "#c0392b",
    "context": {"url": "https://app.example.com/checkout", "language": "en"},
    "defaultChannelKey": "bug",
    "durationMs": 12_000,
    "end": "2026-06-30",
    "feedbackId": "6a1fea8e4f1c9ab3d5e07c21",
    "fileId": "6a1fea8e4f1c9ab3d5e07c22",
    "goal": "reduce checkout friction",
    "hasMore": True,
    "id": "6a1fea8e4f1c9ab3d5e07c21",
    "key": "bug",
    "limit": 20,
    "mascot": "fox",
    "message": "The coupon field covers the pay button on my phone.",
    "name": "My Website",
    "nextCursor": "6a1fea8e4f1c9ab3d5e07c21",
    "offset": 0,
    "page": 1,
    "pageSize": 10,
    "project": "6a1fea8e4f1c9ab3d5e07c20",
    "projectId": "6a1fea8e4f1c9ab3d5e07c20",
    "projectKey": "pr_7Qm2Zx9Kd4Vb6Tn1Rw8Ys3Lc",
    "projectSlug": "my-website",
    "quote": "Pay now",
    "reportId": "6a1fea8e4f1c9ab3d5e07c21",
    "search": "coupon",
    "selector": "form#checkout > button.pay",
    "slug": "my-website",
    "start": "2026-06-01",
    "text": "The coupon field covers the pay button on my phone.",
    "title": "Checkout review",
    "tool": "claude-code",
    "total": 128,
    "totalPages": 13,
    "url": "https://app.example.com/checkout",
    "urlPatterns": ["https://app.example.com/*"],
    "userId": "user-17",
    "width": 780,
    "height": 1688,
}
"""By a property's name, where the name says what it is."""

USUAL = ("open", "NEW", "ACTIVE", "WIDGET", "fox")
"""The word to show of several."""

FORMATS = {"date-time": "2026-06-03T09:14:22.000Z", "date": "2026-06-03", "uuid": VALUES["clientId"]}


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> Any:
    """An example of what `schema` takes, as the value of the property `name`."""
    schema = resolved(schema, schemas)
    for told in ("const", "example"):
        if told in schema:
            return schema[told]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return next((word for word in (VALUES.get(name), *USUAL) if word in schema["enum"]), schema["enum"][0])
    for choices in ("anyOf", "oneOf"):
        if choices in schema:
            return example_of(_first(schema[choices]), schemas, name)
    if name in VALUES and _is(type_of(schema), VALUES[name]):
        return VALUES[name]
    return _by_type(schema, schemas)


def resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """The schema itself, where this one only refers to it."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def type_of(schema: Schema) -> str:
    """The JSON type that a schema asks for first, "" where it asks for none."""
    kind = schema.get("type", "")
    return str(next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind)


def _by_type(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    kind = type_of(schema)
    if kind == "object":
        properties: Mapping[str, Schema] = schema.get("properties", {})
        return {key: example_of(value, schemas, key) for key, value in properties.items()}
    if kind == "array":
        return [example_of(schema["items"], schemas)] if "items" in schema else []
    if "default" in schema:
        return schema["default"]
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), "text")
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind)


def _first(choices: list[Schema]) -> Schema:
    return next((choice for choice in choices if choice.get("type") != "null"), choices[0])


def _is(kind: str, value: object) -> bool:
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "object": dict,
        "": object,
    }
    return isinstance(value, kinds.get(kind, ())) and (isinstance(value, bool) == (kind in ("boolean", "")))
