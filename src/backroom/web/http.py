"""The little that all doors share: operations, routing, reading a body, answering.

An endpoint is `async def endpoint(door, request) -> Answer`. Requests are Starlette's, which cost
nothing until they are asked; an Answer goes out in two messages, without Starlette's Response.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
import structlog
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from backroom.access import KeyScope
from backroom.errors import Failure, Invalid, StoreFailed, TooLarge, WrongType
from backroom.ids import random_text

log = structlog.get_logger("backroom.web")

WITHOUT_BODY = (204, 304)
JSON = (b"content-type", b"application/json")
STOPPING = "The server is stopping; send this again."
Headers = list[tuple[bytes, bytes]]
DoorT = TypeVar("DoorT", bound="Door")
T = TypeVar("T")

_process = random_text(6)
_requests = count(1)


def new_request_id() -> str:
    """The next request id: six letters of this process and a number in hex."""
    return f"{_process}-{next(_requests):x}"


class Pieces(NamedTuple):
    """A body of `size` bytes that is read, in threads, while it is sent."""

    size: int
    pieces: Iterator[bytes]


class Stream(NamedTuple):
    """A body of a length that nobody knows yet, sent piece by piece until it ends or the client goes away."""

    pieces: AsyncIterator[bytes]


class Answer(NamedTuple):
    """A whole response. `headers` names are in lower case; the length is added when it is sent."""

    status: int
    body: bytes | Pieces | Stream
    headers: Headers


class MethodNotAllowed(Failure):
    """There is such a path, but not for this method. `allowed` are those that it has."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"This path takes {', '.join(allowed)}.")
        self.allowed = allowed


class NoSuchPath(Failure):
    """No operation of this door has that path."""


class NoSuchRange(Failure):
    """The file has none of the bytes that were asked for. `size` is all it has."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size:,} bytes; the range lies behind them.")
        self.size = size


class Disconnected(Exception):
    """The client went away before its request was whole; there is nobody to answer."""


def json_answer(value: Any, status: int = 200, headers: Headers | None = None) -> Answer:
    """`value` as JSON."""
    return Answer(status, msgspec.json.encode(value), [JSON, *(headers or [])])


def raw_answer(body: bytes, status: int = 200, headers: Headers | None = None) -> Answer:
    """JSON that is bytes already."""
    return Answer(status, body, [JSON, *(headers or [])])


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """Sends an answer, in two messages unless its body comes in pieces; HEAD gets the length but no body."""
    body = answer.body
    if isinstance(body, Stream):
        raise TypeError("a stream needs to know whether its client is still there: send_stream")
    headers = _named(scope, answer)
    if answer.status not in WITHOUT_BODY:
        size = body.size if isinstance(body, Pieces) else len(body)
        headers.append((b"content-length", b"%d" % size))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if isinstance(body, Pieces):
        async for piece in iterate_in_threadpool(body.pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def send_stream(scope: Scope, receive: Receive, send: Send, answer: Answer, pieces: AsyncIterator[bytes]) -> None:
    """Sends an answer whose body ends some time; stops when the client goes away."""
    await send({"type": "http.response.start", "status": answer.status, "headers": _named(scope, answer)})
    gone = asyncio.ensure_future(_left(receive))
    try:
        async for piece in pieces:
            if gone.done():
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        gone.cancel()
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
    await send({"type": "http.response.body", "body": b""})


def _named(scope: Scope, answer: Answer) -> Headers:
    """The answer's headers and the request's id, by which its log lines are found."""
    return [*answer.headers, (b"x-request-id", scope["request_id"].encode())]


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True)
class Parameter:
    """A query or header parameter, for the OpenAPI document. `schema` is a JSON schema."""

    name: str
    about: str
    schema: dict[str, Any]
    place: str = "query"
    required: bool = False


@dataclass(frozen=True)
class Operation(Generic[DoorT]):
    """One method of one path, all that routing and the OpenAPI document need to know of it.

    `path` is relative to the door's prefix, with `{names}` for parameters. `answer` and `body` are the
    structs that go over the wire; `failures` the statuses it may answer besides success.
    """

    method: str
    path: str
    endpoint: Callable[[DoorT, Request], Awaitable[Answer]]
    about: str
    answer: Any = None
    status: int = 200
    body: Any = None
    key_scope: KeyScope | None = None
    parameters: Sequence[Parameter] = ()
    failures: Sequence[int] = ()
    public: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


Endpoint = Callable[[Any, Request], Awaitable[Answer]]


class Door:
    """One dialect's way in, below `prefix`. Subclasses hold what their endpoints need and answer failures."""

    prefix = ""

    def __init__(self, operations: Sequence[Operation[Any]]) -> None:
        self.operations = operations
        self._paths = _paths_of(self.prefix, operations)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        """This dialect's answer to a failure of any kind; anything but a Failure is an error of ours."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            endpoint = self._find(scope)
            if endpoint is None:
                await self.before_refusal(scope)
                raise self._refusal(scope)
            answer = await endpoint(self, Request(scope, receive))
            scope["answering"] = True
            if isinstance(answer.body, Stream):
                await send_stream(scope, receive, send, answer, answer.body.pieces)
            else:
                await send_answer(scope, send, answer)
        except Disconnected:
            return
        except asyncio.CancelledError:
            # The time for a graceful stop is over; whether a write of this request was kept is unknown.
            if not scope.get("answering"):
                await send_answer(scope, send, self.answer_failure(StoreFailed(STOPPING), scope))
        except Exception as error:
            if not isinstance(error, Failure):
                log.exception("request_failed", path=scope["path"], request_id=scope.get("request_id"))
            if scope.get("answering"):
                raise
            await send_answer(scope, send, self.answer_failure(error, scope))

    async def before_refusal(self, scope: Scope) -> None:
        """Called where no operation takes the request, before that is answered."""

    def _find(self, scope: Scope) -> Endpoint | None:
        """What answers the request. A router that does more takes 2.4 µs, a tenth of the time on this side of the
        store."""
        for pattern, methods in self._paths:
            found = pattern.match(scope["path"])
            if found:
                scope["path_params"] = found.groupdict()
                return methods.get(scope["method"])
        return None

    def _refusal(self, scope: Scope) -> Failure:
        """Why no operation takes the request."""
        for pattern, methods in self._paths:
            if pattern.match(scope["path"]):
                return MethodNotAllowed(sorted(methods))
        return NoSuchPath("Not found")


def _paths_of(prefix: str, operations: Sequence[Operation[Any]]) -> list[tuple[re.Pattern[str], dict[str, Endpoint]]]:
    paths: dict[str, dict[str, Endpoint]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation.endpoint
    for methods in paths.values():
        if "GET" in methods:
            methods.setdefault("HEAD", methods["GET"])
    return [(_pattern(prefix + path), methods) for path, methods in paths.items()]


def _pattern(path: str) -> re.Pattern[str]:
    """What the whole path must be, with a group for each `{name}`, which has no slash in it."""
    pieces = re.split(r"\{(\w+)\}", path)
    pieces[1::2] = [f"(?P<{name}>[^/]+)" for name in pieces[1::2]]
    pieces[::2] = [re.escape(text) for text in pieces[::2]]
    return re.compile("".join(pieces) + r"\Z")


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def wants_page(scope: Scope) -> bool:
    """Whether the client takes HTML by name, as browsers do; `*/*` alone is a program."""
    return b"text/html" in (header(scope, b"accept") or b"").lower()


def whole_number(text: str, least: int, most: int) -> int | None:
    """The number that `text` writes in ASCII digits, of any length, at most `most`; None where it is no such number,
    or one below `least`."""
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    # int() takes at most 4,300 digits.
    number = most if len(digits) > len(str(most)) else min(int(digits), most)
    return number if number >= least else None


def names_tag(scope: Scope, tag: bytes) -> bool:
    """Whether the request's `If-None-Match` names `tag` (in its quotes, without `W/`), or anything by `*`."""
    sent = header(scope, b"if-none-match")
    return sent is not None and (tag in sent or sent.strip() == b"*")


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body. Raises TooLarge past `limit` bytes, without reading on; Disconnected."""
    scope = request.scope
    declared = header(scope, b"content-length")
    if declared is not None and (not declared.isdigit() or int(declared) > limit):
        raise TooLarge(f"The body may have at most {limit:,} bytes.")
    receive = request.receive
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise TooLarge(f"The body may have at most {limit:,} bytes.")
    return b"".join(parts)


def require_json(scope: Scope) -> None:
    """Raises WrongType where the request declares a content type that isn't JSON."""
    declared = header(scope, b"content-type")
    if declared is None:
        return
    essence = declared.split(b";", 1)[0].strip().lower()
    if essence != b"application/json" and not essence.endswith(b"+json"):
        raise WrongType("The content type must be application/json.")


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The decoded body. Raises Invalid with one sentence that says what is wrong, and where."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid(_sentence(str(error))) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidJson("The body isn't valid JSON in UTF-8.") from error
    except RecursionError as error:
        raise TooDeep("The body is nested too deeply.") from error


class InvalidJson(Invalid):
    """The body can't be read as JSON at all."""


class TooDeep(Invalid):
    """Lists and objects lie deeper in each other than can be read."""


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."
