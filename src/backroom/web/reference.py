"""An OpenAPI document as what a page shows: sections of operations, each with its fields and a request by curl."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from backroom.web.examples import VALUES, Schema, example_of, resolved, type_of

WIDTH = 78
UNBOUNDED = 10**9
"""A maximum from here on is no limit that a reader would care for."""
LAST = "description"
"""The section that stands last."""


class Row(NamedTuple):
    """One parameter or property: `kind` says in words what it takes; `target` is the struct it leads to."""

    name: str
    kind: str
    about: str
    required: bool
    target: str


class Entry(NamedTuple):
    """One operation. `answers` are pairs of a status and what it means."""

    anchor: str
    method: str
    path: str
    about: str
    key: str
    parameters: list[Row]
    body: list[Row]
    body_about: str
    curl: str
    answer: str
    status: str
    answers: list[tuple[str, str]]


class Struct(NamedTuple):
    """One of the document's schemas."""

    anchor: str
    name: str
    about: str
    rows: list[Row]


class Reference(NamedTuple):
    """A whole page."""

    title: str
    about: str
    version: str
    document: str
    keys: list[str]
    key_header: str
    sections: dict[str, list[Entry]]
    structs: list[Struct]


def reference_of(document: Mapping[str, Any], key_header: str) -> Reference:
    """What the page of an OpenAPI document shows. `key_header` is how curl sends a key."""
    sections: dict[str, list[Entry]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            sections.setdefault(operation["tags"][0], []).append(
                _entry(document, method.upper(), path, operation, key_header)
            )
    schemas = document["components"]["schemas"]
    info = document["info"]
    return Reference(
        info["title"],
        info["description"],
        info["version"],
        next(path for path in document["paths"] if path.endswith("/openapi.json")),
        [scheme["description"] for scheme in document["components"]["securitySchemes"].values()],
        key_header,
        dict(sorted(sections.items(), key=lambda section: section[0] == LAST)),
        [
            Struct(f"struct-{name}", name, schema.get("description", ""), list(_properties(schema, schemas)))
            for name, schema in schemas.items()
            if "properties" in schema
        ],
    )


def _entry(document: Mapping[str, Any], method: str, path: str, operation: Schema, key_header: str) -> Entry:
    schemas = document["components"]["schemas"]
    body: Schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    taken: Schema = resolved(body["schema"], schemas) if body else {}
    status, success = next(iter(operation["responses"].items()))
    media: Schema = success.get("content", {}).get("application/json", {})
    return Entry(
        operation["operationId"],
        method,
        path,
        operation["summary"].rstrip("."),
        _key(operation["security"]),
        [_row(one["name"], one["schema"], schemas, one.get("required", False), one) for one in operation["parameters"]],
        list(_properties(taken, schemas)),
        taken.get("description", ""),
        _curl(method, path, operation, body.get("example"), key_header),
        _pretty(media["example"]) if "example" in media else "",
        status,
        [(status, _meaning(document, answer)) for status, answer in operation["responses"].items()],
    )


def _key(security: list[Mapping[str, list[str]]]) -> str:
    """What key an operation takes, in words."""
    if not security:
        return "No key needed"
    if {} in security:
        return "With or without a key"
    scopes = [scope for requirement in security for names in requirement.values() for scope in names]
    if scopes:
        return f"Needs a key with the scope `{scopes[0]}`"
    return "Needs a key or a session" if {"session": []} in security else "Needs a key"


def _meaning(document: Mapping[str, Any], answer: Schema) -> str:
    found = resolved(answer, document["components"]["responses"])
    return str(found["description"])


def _properties(schema: Schema, schemas: Mapping[str, Schema]) -> Iterator[Row]:
    required = schema.get("required", ())
    for name, value in schema.get("properties", {}).items():
        yield _row(name, value, schemas, name in required, value)


def _row(name: str, schema: Schema, schemas: Mapping[str, Schema], required: bool, told: Schema) -> Row:
    about = [told.get("description") or schema.get("description", "")]
    if schema.get("default") not in (None, {}, []):
        about.append(f"Default `{json.dumps(schema['default'], ensure_ascii=False)}`.")
    return Row(name, _kind(schema, schemas), " ".join(filter(None, about)), required, _target(schema, schemas))


def _kind(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    """What a schema takes, in words: `"open" | "closed"`, `string or null`, `list of Report`."""
    if "properties" in resolved(schema, schemas) and "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    schema = resolved(schema, schemas)
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    for choices in ("anyOf", "oneOf"):
        if choices in schema:
            return " or ".join(dict.fromkeys(_kind(choice, schemas) for choice in schema[choices]))
    if type_of(schema) == "array" and "items" in schema:
        return f"list of {_kind(schema['items'], schemas)}"
    kinds = schema.get("type", "any JSON")
    words = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{words}{_limits(schema)}"


def _limits(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return {"date-time": ", ISO 8601", "date": ", ISO date", "uuid": ", UUID"}.get(schema.get("format", ""), "")
    if most is None or most >= UNBOUNDED:
        return f", {least:g} or more" if least is not None else ""
    return f", {least:g} to {most:g}" if least is not None else f", {most:g} or less"


def _target(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    """The anchor of the one struct that a schema leads to, "" where it leads to none or to several."""
    inner = [schema, schema.get("items", {}), *schema.get("anyOf", ())]
    names = {found["$ref"].rpartition("/")[2] for found in inner if "$ref" in found}
    names = {name for name in names if "properties" in schemas[name]}
    return f"struct-{names.pop()}" if len(names) == 1 else ""


def _curl(method: str, path: str, operation: Schema, body: Any, key_header: str) -> str:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            name = parameter["name"]
            path = path.replace(f"{{{name}}}", quote(str(VALUES.get(name, name))))
    lines = [f'curl "$HOST{path}"' if method == "GET" else f'curl -X {method} "$HOST{path}"']
    if operation["security"]:
        lines.append(f'-H "{key_header}"')
    for parameter in operation["parameters"]:
        if parameter["in"] == "header" and parameter.get("required"):
            value = example_of(parameter["schema"], {}, parameter["name"])
            lines.append(f'-H "{parameter["name"]}: {value}"')
    if body is not None:
        lines.append('-H "Content-Type: application/json"')
        shell = _pretty(body).replace("'", "'\\''")
        lines.append(f"-d '{shell}'")
    return " \\\n  ".join(lines)


def _pretty(value: Any) -> str:
    """JSON on one line where it fits, else indented."""
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= WIDTH else json.dumps(value, ensure_ascii=False, indent=2)
