"""OpenAPI 3.1 documents, made of a door's operations and the structs they take and answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from starlette.requests import Request

from backroom.web.examples import Schema, example_of
from backroom.web.http import Answer, Door, Operation, Parameter, raw_answer
from backroom.web.pages import page_answer
from backroom.web.reference import reference_of

OPENAPI = "3.1.1"
PATH_NAME = re.compile(r"\{(\w+)\}")
CITATION = re.compile(r"\s*\((?:Patchrooms|Miniback), [^)]*\)")
TEXT: Schema = {"type": "string"}
REQUEST_ID: Schema = {"description": "Names the request in the server's log.", "required": True, "schema": TEXT}
HEADERS = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
SECONDS: Schema = {"description": "After how many seconds to ask again.", "schema": {"type": "integer"}}
TAG: Schema = {"description": "Names this state of it, for `If-None-Match`.", "schema": TEXT}
OWN_HEADERS = {429: {"retry-after": SECONDS}, 503: {"retry-after": SECONDS}, 304: {"etag": TAG}}
"""What answers of a status carry beside the request's id."""

PAGE = {"responses": {"200": {"content": {"text/html": {"schema": TEXT}}}}}

SPACES = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What `str.strip` takes away, for classes in patterns: their own `\\s` differs from it, and by who reads it."""

TAGS = {"openapi.json": "description", "docs": "description", "api-key": "project keys"}
NAMES = {
    "projectId": "The project's id: 24 hex digits.",
    "projectKey": "The project's public key: `pr_` and 24 letters and digits.",
    "reportId": "The report's id: 24 hex digits.",
    "feedbackId": "The report's id: 24 hex digits.",
    "fileId": "The file's id, as in its block's `url`.",
    "channelKey": "The channel's key, which never changes.",
}
"""What the names in paths stand for."""

WORDS = {
    304: "Nothing has changed since the answer with that ETag.",
    400: "Something in the request isn't as it must be.",
    401: "The key is missing, wrong or revoked.",
    403: "The key, the plan or the project doesn't allow this.",
    404: "There is no such thing here.",
    409: "It is there already.",
    413: "The body is too large.",
    415: "This content type isn't taken.",
    416: "The file has no such range.",
    429: "Too many requests, or the month's quota is used up.",
    500: "An error of the server's own; its log tells more under the answer's `x-request-id`.",
    503: "The store can't be used right now; the error says whether anything was kept.",
}


@dataclass(frozen=True)
class Dialect:
    """What a description tells of a dialect as a whole.

    `error` is the struct that every failure answers, `error_example` one of them; `keys` are OpenAPI's security
    schemes, each of which is enough; `key_header` is how a request made with curl carries a key; `sessions` are the
    schemes that count only for operations whose `extra` names them.
    """

    title: str
    about: str
    error: type[msgspec.Struct]
    error_example: Mapping[str, str]
    keys: Mapping[str, Schema]
    key_header: str
    sessions: Mapping[str, Schema] = field(default_factory=dict)


def description_operations(dialect: Dialect) -> list[Operation[Any]]:
    """The two operations that describe a door: `/openapi.json`, and `/docs` for people. Each is made once."""
    kept: dict[str, Answer] = {}

    async def show_document(door: Door, _request: Request) -> Answer:
        if "document" not in kept:
            body = msgspec.json.encode(document_of(door, dialect))
            kept["document"] = raw_answer(body, headers=[(b"cache-control", b"no-cache")])
        return _again(kept["document"])

    async def show_page(door: Door, _request: Request) -> Answer:
        if "page" not in kept:
            reference = reference_of(document_of(door, dialect), dialect.key_header)
            kept["page"] = page_answer("reference.html", reference=reference)
        return _again(kept["page"])

    about = "This description, for {}."
    return [
        Operation("GET", "/openapi.json", show_document, about.format("programs"), dict[str, Any], public=True),
        Operation("GET", "/docs", show_page, about.format("people"), public=True, extra=PAGE),
    ]


def document_of(door: Door, dialect: Dialect) -> dict[str, Any]:
    """The OpenAPI document of all that `door` answers."""
    writer = _Writer(door, dialect)
    paths: dict[str, dict[str, Any]] = {}
    for operation in door.operations:
        paths.setdefault(door.prefix + operation.path, {})[operation.method.lower()] = writer.operation(operation)
    return {
        "openapi": OPENAPI,
        "info": {"title": dialect.title, "description": dialect.about, "version": version("backroom")},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": writer.components,
            "responses": dict(writer.error_responses()),
            "headers": {"RequestId": REQUEST_ID},
            "securitySchemes": {**dialect.keys, **dialect.sessions},
        },
    }


class _Writer:
    """Writes the operations of one door, whose structs share their components."""

    def __init__(self, door: Door, dialect: Dialect) -> None:
        self._dialect = dialect
        used = (kind for operation in door.operations for kind in (operation.body, operation.answer))
        types = [dialect.error, *(kind for kind in used if kind is not None)]
        schemas, self.components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
        self._schemas = dict(zip(types, schemas, strict=True))
        for schema in self.components.values():
            if "description" in schema:
                # Docstrings cite what they follow, which a reader of this doesn't have.
                schema["description"] = CITATION.sub("", schema["description"])
        self._statuses = {status for operation in door.operations for status in operation.failures if status >= 400}
        self._statuses |= {500}

    def operation(self, operation: Operation[Any]) -> dict[str, Any]:
        """One operation; its `extra` is merged into what its other fields tell."""
        entry: dict[str, Any] = {
            "operationId": _name_of(operation),
            "summary": operation.about,
            "tags": [_tag_of(operation.path)],
            "security": [] if operation.public else [self._requirement(name, operation) for name in self._dialect.keys],
            "parameters": list(_parameters(operation)),
            "responses": dict(self._responses(operation)),
        }
        if operation.body is not None:
            entry["requestBody"] = {"required": True, "content": self._json(operation.body)}
        return _merged(entry, operation.extra)

    def error_responses(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every failure that any operation may answer, by the name that operations refer to."""
        schema = self._schemas[self._dialect.error]
        for status in sorted(self._statuses):
            content = {"application/json": {"schema": schema}}
            if status == 404:
                content["application/json"]["example"] = self._dialect.error_example
            yield f"Error{status}", {"description": _words(status), "headers": _headers(status), "content": content}

    def _requirement(self, name: str, operation: Operation[Any]) -> dict[str, list[str]]:
        return {name: [] if operation.key_scope is None else [str(operation.key_scope)]}

    def _responses(self, operation: Operation[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        # What may be unchanged says what it is.
        headers = _headers(304 if 304 in operation.failures else operation.status)
        success: dict[str, Any] = {"description": _words(operation.status), "headers": headers}
        if operation.answer is not None:
            success["content"] = self._json(operation.answer)
        yield str(operation.status), success
        for status in sorted({*operation.failures, 500}):
            told: dict[str, Any] = {"$ref": f"#/components/responses/Error{status}"}
            if status < 400:
                told = {"description": _words(status), "headers": _headers(status)}
            yield str(status), told

    def _json(self, kind: Any) -> dict[str, Any]:
        schema = self._schemas[kind]
        media: dict[str, Any] = {"schema": schema}
        if "$ref" in schema:
            media["example"] = example_of(schema, self.components)
        return {"application/json": media}


def _parameters(operation: Operation[Any]) -> Iterator[dict[str, Any]]:
    told = {parameter.name: parameter for parameter in operation.parameters}
    for name in PATH_NAME.findall(operation.path):
        parameter = told.pop(name, None) or Parameter(name, NAMES.get(name, ""), dict(TEXT), "path")
        yield _parameter(parameter) | {"in": "path", "required": True}
    for parameter in told.values():
        yield _parameter(parameter)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": parameter.name, "in": parameter.place, "schema": dict(parameter.schema)}
    if parameter.about:
        entry["description"] = parameter.about
    return entry | ({"required": True} if parameter.required else {})


def _name_of(operation: Operation[Any]) -> str:
    """A name of its own for an operation: `get-projects-projectId` of `GET /projects/{projectId}`."""
    return "-".join([operation.method.lower(), *re.findall(r"[\w.]+(?:-\w+)*", operation.path)])


def _tag_of(path: str) -> str:
    """What an operation is about: the last word of its path that isn't a name."""
    last = [part for part in path.split("/") if part and not part.startswith("{")][-1]
    return TAGS.get(last, last)


def _headers(status: int) -> dict[str, Any]:
    return HEADERS | OWN_HEADERS.get(status, {})


def _words(status: int) -> str:
    return WORDS.get(status, f"{HTTPStatus(status).phrase}.")


def _merged(entry: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both, `more` over `entry`, objects within them likewise."""
    result = dict(entry)
    for name, value in more.items():
        before = result.get(name)
        result[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def _again(answer: Answer) -> Answer:
    # Headers are added to an answer on its way out.
    return answer._replace(headers=[*answer.headers])
