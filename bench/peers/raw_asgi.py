"""The raw ASGI application: the least that uvicorn can do with a request.

It reads a body and answers, and does nothing between. Its rates are the denominator of the ratios
in the benchmark's table: a ratio says how much of the server's speed the application keeps.

- ``POST`` to any path reads the whole body and answers 201 with a small JSON.
- ``GET /healthz`` answers 204.
- ``GET`` with ``If-None-Match`` answers 304 without a body.
- any other ``GET`` answers ``BENCH_PAGE_BYTES`` bytes of JSON (34,000 without the variable), which
  the benchmark sets to the length of Backroom's page of 50 reports.
"""

import gc
import json
import os
import sys
from typing import Any

import uvicorn

PAGE_BYTES = int(os.environ.get("BENCH_PAGE_BYTES", "34000"))
ACCEPTED = json.dumps(
    {"id": "665f1c2e9b1d8a4e7c3f0a12", "channelKey": "bug", "status": "open"}, separators=(",", ":")
).encode()
JSON_TYPE = (b"content-type", b"application/json")
ETAG = (b"etag", b'"1"')


def page(length: int) -> bytes:
    """Return a JSON document of exactly ``length`` bytes, at least 12."""
    shell = b'{"items":""}'
    return shell[:-2] + b"x" * (length - len(shell)) + shell[-2:]


def message(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two ASGI messages of an answer, made once."""
    length = (b"content-length", str(len(body)).encode())
    return (
        {"type": "http.response.start", "status": status, "headers": [*headers, length]},
        {"type": "http.response.body", "body": body},
    )


CREATED = message(201, ACCEPTED, JSON_TYPE)
PAGE = message(200, page(PAGE_BYTES), JSON_TYPE, ETAG)
UNCHANGED = (
    {"type": "http.response.start", "status": 304, "headers": [ETAG]},
    {"type": "http.response.body", "body": b""},
)
HEALTHY = (
    {"type": "http.response.start", "status": 204, "headers": []},
    {"type": "http.response.body", "body": b""},
)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer one HTTP request."""
    if scope["method"] == "POST":
        chunks = []
        while True:
            event = await receive()
            chunks.append(event.get("body", b""))
            if not event.get("more_body", False):
                break
        b"".join(chunks)
        start, body = CREATED
    elif scope["path"] == "/healthz":
        start, body = HEALTHY
    elif any(name == b"if-none-match" for name, _ in scope["headers"]):
        start, body = UNCHANGED
    else:
        start, body = PAGE
    await send(start)
    await send(body)


def main(port: int) -> None:
    """Serve on ``port`` with Backroom's own settings of the server and the garbage collector."""
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
    uvicorn.run(
        app,
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
