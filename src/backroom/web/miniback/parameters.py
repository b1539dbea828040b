"""What can be asked for in queries and headers, and what a retry answers, as the OpenAPI document tells it."""

from __future__ import annotations

from typing import Any

from backroom.web.http import Parameter
from backroom.web.miniback.feedback import LIMIT, PAGE_SIZE

TEXT: dict[str, Any] = {"type": "string"}


def _choice(name: str, about: str, *values: str) -> Parameter:
    return Parameter(name, about, {"type": "string", "enum": list(values)})


def _number(name: str, about: str, default: int, least: int = 1) -> Parameter:
    return Parameter(name, about, {"type": "integer", "minimum": least, "default": default})


def _moment(name: str, about: str) -> Parameter:
    return Parameter(name, about, {"anyOf": [TEXT | {"format": "date"}, TEXT | {"format": "date-time"}]})


STATUS = _choice("status", "Only reports of this status.", "NEW", "REVIEWED", "RESOLVED")

SENDING = (
    Parameter("x-feedback-source", "`widget` marks the source as WIDGET, anything else as API.", TEXT, "header"),
    Parameter(
        "Idempotency-Key",
        "Names the report: sent again, it answers the first result with status 200 and `Idempotent-Replayed: true`.",
        TEXT | {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "header",
    ),
)

PAGES = (
    Parameter("project", "Only reports of the project with this id.", TEXT),
    Parameter("projectSlug", "Only reports of the project with this slug.", TEXT),
    STATUS,
    _choice("source", "Only reports that came this way.", "WIDGET", "API"),
    Parameter("search", "Only reports whose message has this text.", TEXT | {"pattern": r"^[^\u0000]*$"}),
    _moment("start", "Only reports of this date or time and later."),
    _moment("end", "Only reports of this date or time and earlier; of a date its whole day."),
    _number("page", "Which page, counted from 1; empty behind the last.", 1),
    _number("pageSize", "Reports on a page; more than 100 is taken as 100.", PAGE_SIZE),
)

WINDOW = (
    STATUS,
    _number("limit", "How many; more than 100 is taken as 100.", LIMIT),
    _number("offset", "How many to leave out at the start.", 0, least=0),
    Parameter("If-None-Match", "The ETag of an earlier answer: 304 where nothing has changed.", TEXT, "header"),
)

WHOLE = {"type": "integer"}
METERED: dict[str, Any] = {
    "headers": {
        "x-ratelimit-limit": {"description": "API calls a month, where the plan has a limit.", "schema": WHOLE},
        "x-ratelimit-remaining": {"description": "How many of them are left.", "schema": WHOLE},
        "x-ratelimit-reset": {"description": "When the next month begins: seconds since 1970.", "schema": WHOLE},
    }
}
RETRIED: dict[str, Any] = {
    "responses": {
        "201": METERED,
        "200": {
            "description": "A report with this Idempotency-Key is stored already: the first result.",
            "headers": {"Idempotent-Replayed": {"schema": TEXT | {"const": "true"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReceiptAnswer"}}},
        },
    }
}
KEYS: list[dict[str, Any]] = [{"keyInHeader": []}, {"keyInQuery": []}]
KEY_OPTIONAL: dict[str, Any] = {"security": [{}, *KEYS]}
KEY_OR_SESSION: dict[str, Any] = {"security": [*KEYS, {"session": []}]}
