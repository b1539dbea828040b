"""What can be asked for in queries and headers, and bodies that aren't JSON, as the OpenAPI document tells them.

`extra` of an operation are OpenAPI fields to be merged into its own.
"""

from __future__ import annotations

from typing import Any

from backroom.files.sniff import NAMES
from backroom.ids import ID
from backroom.projects.rules import CHANNEL_KEY
from backroom.reports.rules import Status
from backroom.web.http import Parameter
from backroom.web.patchrooms.feedback import LIMIT

TEXT: dict[str, Any] = {"type": "string"}
BINARY: dict[str, Any] = TEXT | {"format": "binary"}


def _header(name: str, about: str) -> Parameter:
    return Parameter(name, about, TEXT, "header")


IF_NONE_MATCH = _header("If-None-Match", "The ETag of an earlier answer: 304 where nothing has changed.")

PAGE = (
    Parameter(
        "limit",
        "How many; more than 100 is taken as 100.",
        {"type": "integer", "minimum": 1, "default": LIMIT},
    ),
    Parameter("channelKey", "Only reports of this channel.", TEXT | {"pattern": f"^{CHANNEL_KEY.pattern[:-2]}$"}),
    Parameter("status", "Only reports of this status.", TEXT | {"enum": [*Status, "new", "in_progress"]}),
    Parameter("before", "The id of a report: only older ones.", TEXT | {"pattern": f"^{ID.pattern[:-2]}$"}),
    IF_NONE_MATCH,
)

ARCHIVED = (
    Parameter(
        "archived",
        "`true` includes archived channels.",
        TEXT | {"enum": ["true", "false"], "default": "false"},
    ),
)

PART_OF_FILE = (
    _header("Range", "`bytes=…`, a single range: 206 with just these bytes."),
    _header("If-Range", "The ETag of an earlier answer: the range only if the file is still that one."),
    IF_NONE_MATCH,
)

ORIGIN = (_header("Origin", "The page that sends; 403 where the project lists origins and this is none of them."),)

REPORT = {"$ref": "#/components/schemas/IngestIn"}

FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {"schema": TEXT | {"contentMediaType": "application/json", "contentSchema": REPORT}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "description": "The JSON in the part `report`, each file in a part named as its block's `file`.",
                    "properties": {"report": REPORT},
                    "required": ["report"],
                    "additionalProperties": BINARY,
                },
                "encoding": {"report": {"contentType": "application/json"}},
            },
        },
    },
    "responses": {
        "200": {
            "description": "A retry: the first answer again.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/IngestOut"}}},
        }
    },
}

FILE = {
    "responses": {
        status: {"description": about, "content": {kind: {"schema": BINARY} for kind in NAMES}}
        for status, about in (("200", "The whole file."), ("206", "The range that was asked for."))
    }
}
