"""Who looks at a page."""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Scope

from backroom.access import Actor
from backroom.accounts.sessions import Session
from backroom.errors import Denied


class NoWorkspace(Denied):
    """Somebody who is signed in belongs to no workspace."""


class Visit(NamedTuple):
    """A request of a member of a workspace. `now` is in milliseconds since the epoch."""

    scope: Scope
    session: Session
    actor: Actor
    now: int
