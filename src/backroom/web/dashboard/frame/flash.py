"""One sentence that the next page says, with the way to undo what was done."""

from __future__ import annotations

import base64
import binascii

import msgspec
from starlette.types import Scope

from backroom.web.cookies import read_cookie
from backroom.web.dashboard.frame.render import redirect
from backroom.web.http import Answer, Headers
from backroom.web.sessions import Host, set_cookie

COOKIE = "backroom_said"
SECONDS = 60


class Notice(msgspec.Struct, frozen=True):
    """What was done, and the undo's id where it can be undone."""

    text: str
    undo: str = ""


def say(door: Host, scope: Scope, path: str, text: str, undo: str = "") -> Answer:
    """Goes to `path`, whose page says `text` once."""
    value = base64.urlsafe_b64encode(msgspec.json.encode(Notice(text, undo))).decode()
    return redirect(path, set_cookie(door, scope, COOKIE, value, SECONDS))


def take_notice(door: Host, scope: Scope) -> tuple[Notice | None, Headers]:
    """What this page is to say, and the headers that forget it."""
    value = read_cookie(scope, COOKIE)
    if not value:
        return None, []
    try:
        notice = msgspec.json.decode(base64.urlsafe_b64decode(value), type=Notice)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        notice = None
    return notice, set_cookie(door, scope, COOKIE, "", 0)
