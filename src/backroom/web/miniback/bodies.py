"""Request bodies: how each is read, and what is said where it isn't what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from starlette.requests import Request

from backroom.errors import Invalid
from backroom.web.http import InvalidJson, TooDeep, decode_json, read_body, require_json
from backroom.web.miniback.errors import (
    MESSAGE_REQUIRED,
    NAME_REQUIRED,
    PROJECT_SLUG_REQUIRED,
    SLUG_NOT_TEXT,
    STATUS_INVALID,
    TOO_DEEP,
)
from backroom.web.miniback.shapes import FeedbackIn, ProjectChange, ProjectIn, StatusIn, WidgetFeedbackIn

T = TypeVar("T")


@dataclass(frozen=True)
class Body(Generic[T]):
    """A kind of body. `complaints` has a text for every field that may be missing or of a wrong type."""

    decoder: msgspec.json.Decoder[T]
    complaints: Mapping[str, str]

    async def read(self, request: Request, limit: int) -> T:
        """The request's body, of at most `limit` bytes. Raises WrongType, TooLarge, Invalid."""
        require_json(request.scope)
        body = await read_body(request, limit)
        try:
            return decode_json(body, self.decoder)
        except InvalidJson:
            raise
        except TooDeep as error:
            raise Invalid(TOO_DEEP) from error
        except Invalid as error:
            raise Invalid(self._complaint(str(error))) from error

    def _complaint(self, error: str) -> str:
        """The text for the field that msgspec names; the first where the body is no object at all."""
        found = (text for field, text in self.complaints.items() if f"`{field}`" in error or f"$.{field}`" in error)
        return next(found, next(iter(self.complaints.values())))


def _body(kind: type[T], complaints: Mapping[str, str]) -> Body[T]:
    return Body(msgspec.json.Decoder(kind), complaints)


PROJECT = _body(ProjectIn, {"name": NAME_REQUIRED, "slug": SLUG_NOT_TEXT})
PROJECT_CHANGE = _body(ProjectChange, {"name": NAME_REQUIRED, "slug": SLUG_NOT_TEXT})
STATUS = _body(StatusIn, {"status": STATUS_INVALID})
FEEDBACK = _body(FeedbackIn, {"message": MESSAGE_REQUIRED})
WIDGET_FEEDBACK = _body(WidgetFeedbackIn, {"message": MESSAGE_REQUIRED, "projectSlug": PROJECT_SLUG_REQUIRED})
