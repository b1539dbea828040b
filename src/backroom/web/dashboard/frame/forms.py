"""Forms: what was typed, what is wrong with it, and both again on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from backroom.errors import Denied, Failure, Invalid, TooMany, WrongType
from backroom.web.failures import failure_headers, failure_status
from backroom.web.http import Headers, header, read_body

LARGEST = 256 * 1024
MOST_FIELDS = 2_000
URLENCODED = b"application/x-www-form-urlencoded"
CROSS_SITE = "This form was sent from another site. Open the page here and try again."
OVER_TLS = "backroom.over_tls"
"""Where the door notes in the scope whether the browser is known to speak TLS."""

T = TypeVar("T")


class Form:
    """The fields that were typed and, by field, what is wrong; "" is the form as a whole."""

    def __init__(self, fields: list[tuple[str, str]] | None = None) -> None:
        self.errors: dict[str, str] = {}
        self._too_many: TooMany | None = None
        self._fields = fields or []

    def __getitem__(self, name: str) -> str:
        """What was typed into the field; "" where it isn't there."""
        return next((value for key, value in self._fields if key == name), "")

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._fields)

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return [value for key, value in self._fields if key == name]

    def check(self, name: str, rule: Callable[[str], T]) -> T | None:
        """The field as `rule` makes it; None, with the rule's words at the field, where it raises a Failure."""
        try:
            return rule(self[name])
        except Failure as error:
            self.errors[name] = error.message
            return None

    def refuse(self, name: str, message: str) -> None:
        """Says what is wrong with a field; "" for the form as a whole."""
        self.errors[name] = message

    def fail(self, name: str, error: Failure) -> None:
        """Says at a field, or "" for the form as a whole, that a command refused what was typed."""
        self.refuse(name, error.message)
        if isinstance(error, TooMany):
            self._too_many = error

    @property
    def status(self) -> int:
        """The status of the page that shows the form again."""
        if self._too_many is not None:
            return failure_status(self._too_many)
        return 200 if self.right else 400

    @property
    def headers(self) -> Headers:
        """The headers of that page: when to try again, after too many tries."""
        return [] if self._too_many is None else failure_headers(self._too_many)

    @property
    def right(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.errors


async def read_form(request: Request) -> Form:
    """The posted form. Raises Denied where it comes from another site, Invalid, TooLarge, WrongType."""
    require_same_origin(request)
    kind = (header(request.scope, b"content-type") or URLENCODED).split(b";", 1)[0].strip().lower()
    if kind != URLENCODED:
        raise WrongType("The form must be sent as application/x-www-form-urlencoded.")
    body = await read_body(request, LARGEST)
    try:
        text = body.decode()
        return Form(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid("The form isn't valid.") from error


def require_same_origin(request: Request) -> None:
    """Raises Denied unless the browser says that a page of this very host sent the request.

    `Sec-Fetch-Site` can't be set by scripts; older browsers send at least `Origin` with a POST. A page without TLS
    may be anybody's on the way, so that it is another site to one with it; behind a proxy that isn't known to us,
    either may be ours.
    """
    scope = request.scope
    site = header(scope, b"sec-fetch-site")
    if site is not None:
        if site != b"same-origin":
            raise Denied(CROSS_SITE)
        return
    origin, host = header(scope, b"origin"), header(scope, b"host")
    if origin is None or host is None:
        raise Denied(CROSS_SITE)
    scheme, _, sender = origin.lower().partition(b"://")
    schemes = (b"https",) if scope.get(OVER_TLS) else (b"https", b"http")
    if sender != host.lower() or scheme not in schemes:
        raise Denied(CROSS_SITE)


def own_path(text: str, otherwise: str) -> str:
    """`text` where it is a path of ours, for it came from a page's address or form; else `otherwise`."""
    ours = text.startswith("/") and not text.startswith("//") and not urlsplit(text).netloc and "\\" not in text
    return text if ours and text.isascii() and text.isprintable() else otherwise


def back_of(form: Form) -> str:
    """The page that the form was on: a path of ours, else the inbox."""
    return own_path(form["back"], "/inbox")
