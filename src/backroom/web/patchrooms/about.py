"""What the description of the Patchrooms dialect tells of it as a whole."""

from backroom.web.openapi import Dialect
from backroom.web.patchrooms.shapes import ErrorOut

ABOUT = Dialect(
    "The Patchrooms API",
    "Sends, lists and triages the feedback of one project. A secret key belongs to one project and has scopes;"
    " sending a report takes no key but the project's public one. Times are ISO 8601 in UTC.",
    ErrorOut,
    {"error": "Not found", "code": "NOT_FOUND"},
    {
        "secretKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "A secret key, `pr_sk_…`, as `Authorization: Bearer pr_sk_…`."
            " `backroom key create` makes one.",
        }
    },
    "Authorization: Bearer $KEY",
)
