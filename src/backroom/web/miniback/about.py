"""What the description of the Miniback dialect tells of it as a whole."""

from backroom.web.miniback.shapes import ErrorAnswer
from backroom.web.openapi import Dialect
from backroom.web.sessions import COOKIE

ABOUT = Dialect(
    "The Miniback API",
    "Sends, lists and triages the feedback of all projects of a workspace. A key acts for its owner, on the"
    " workspace's plan: on FREE it only sends. Times are ISO 8601 in UTC.",
    ErrorAnswer,
    {"error": "Project not found"},
    {
        "keyInHeader": {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "A key, `mbk_…`, in the header `x-api-key`. `backroom key create --miniback` makes one.",
        },
        "keyInQuery": {
            "type": "apiKey",
            "in": "query",
            "name": "api_key",
            "description": "The same key in the query, as `api_key=mbk_…`, where a header can't be sent.",
        },
    },
    "x-api-key: $KEY",
    {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "Where an operation says so, the cookie of somebody who is signed in to the dashboard. Over"
            " TLS its name begins with `__Host-`.",
        },
    },
)
