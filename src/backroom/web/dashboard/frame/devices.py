"""Whose browser it is, and from where: what tries of passwords and codes are counted by."""

from __future__ import annotations

from starlette.types import Scope

from backroom.accounts.throttle import known_device
from backroom.web.cookies import read_cookie
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.limits import site_of
from backroom.web.sessions import cookie_name

DEVICE = "backroom_device"


async def find_device(door: DashboardDoor, scope: Scope, email: str) -> str | None:
    """The browser's name, where the owner of `email` has signed in with it before."""
    return known_device(await door.secret(), email, read_cookie(scope, cookie_name(door, scope, DEVICE)))


def site(door: DashboardDoor, scope: Scope) -> str:
    """What the client's tries are counted by."""
    return site_of(door.limits.address(scope))
