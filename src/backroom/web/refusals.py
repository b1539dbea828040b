"""What is refused while a request is still being read: why, and the answer's bytes."""

from __future__ import annotations

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from backroom.web.http import JSON, Headers


class Refusal(Exception):
    """A request that isn't taken, found while it is parsed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


MALFORMED = Refusal(400, "BAD_REQUEST", "This isn't valid HTTP.")
UNKNOWN_METHOD = Refusal(400, "BAD_REQUEST", "This isn't HTTP, or has a method that the server doesn't know.")
TOO_SLOW = Refusal(408, "REQUEST_TIMEOUT", "The request didn't arrive in time.")
TOO_MUCH_FRAMING = Refusal(413, "PAYLOAD_TOO_LARGE", "The body's chunks carry too little, or its trailers too much.")
OVERLOADED = Refusal(503, "UNAVAILABLE", "The server has as many connections as it takes. Try again in a moment.")


def refusal_of(error: httptools.HttpParserError) -> Refusal:
    """What the parser found, or what was raised while it told."""
    if isinstance(error.__context__, Refusal):
        return error.__context__
    return UNKNOWN_METHOD if isinstance(error, httptools.HttpParserInvalidMethodError) else MALFORMED


def body_and_headers(refusal: Refusal) -> tuple[bytes, Headers]:
    """Body and headers in the shape of the dialect with more fields; the other takes it as well."""
    body = msgspec.json.encode({"error": str(refusal), "code": refusal.code})
    return body, [JSON, (b"connection", b"close")]


def refusal_bytes(refusal: Refusal, default_headers: Headers, request_id: str) -> bytes:
    """The whole answer, for a connection on which there is no request to answer."""
    body, headers = body_and_headers(refusal)
    headers += [(b"x-request-id", request_id.encode()), (b"content-length", b"%d" % len(body))]
    lines = [b"%b: %b\r\n" % line for line in (*default_headers, *headers)]
    return b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body])
