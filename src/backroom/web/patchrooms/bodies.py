"""Request bodies, checked before anything is done with them."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from backroom.errors import Invalid
from backroom.reports.rules import is_too_deep, without_nul
from backroom.web.http import decode_json, read_body, require_json
from backroom.web.patchrooms.door import PatchroomsDoor

T = TypeVar("T")

JSON_BYTES = 64 * 1024
"""The most that a report's context, or one screenshot's annotations, may take."""

_anything = msgspec.json.Decoder(Any)


async def read_json(door: PatchroomsDoor, request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The request's body. Raises Invalid, WrongType, TooLarge."""
    require_json(request.scope)
    return decode_json(await read_body(request, door.settings.max_json), decoder)


def decode_part(name: str, raw: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """A piece of JSON inside a body that was taken as it is. Raises Invalid, which names it."""
    if len(raw) > JSON_BYTES:
        raise Invalid(f"{name} may have at most {JSON_BYTES:,} bytes.")
    try:
        value = decode_json(raw, decoder)
    except Invalid as error:
        raise Invalid(f"{name} can't be taken: {error.message}") from error
    if is_too_deep(raw, value):
        raise Invalid(f"{name} is nested too deeply.")
    return value


def check_part(name: str, raw: bytes) -> bytes:
    """Any piece of JSON inside a body, as it is. Raises Invalid."""
    decode_part(name, raw, _anything)
    return raw


def refuse_nul(body: bytes) -> None:
    """Raises Invalid where a text in the body has a NUL character, which JSON can only write as an escape."""
    if b"\\u0000" not in body:
        return
    try:
        clean = without_nul(decode_json(body, _anything))
    except RecursionError as error:
        raise Invalid("The body is nested too deeply.") from error
    if not clean:
        raise Invalid("Texts must not have NUL characters.")
