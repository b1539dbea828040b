"""Links that can be used once. The store has only a hash of their secret."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from backroom.clock import DAY, HOUR
from backroom.errors import NotFound
from backroom.ids import new_id
from backroom.store.tables import tickets

TOKEN_BYTES = 32
GONE = "This link is no longer valid: it was used or revoked, or it has expired. Ask for a new one."


class Purpose(StrEnum):
    """What a ticket is for."""

    SETUP = "setup"
    INVITATION = "invitation"
    RESET = "reset"


LASTS = {Purpose.SETUP: 7 * DAY, Purpose.INVITATION: 7 * DAY, Purpose.RESET: HOUR}
"""Milliseconds."""


class NewTicket(NamedTuple):
    """A ticket with its token, which can't be shown again. `expires_at` is in milliseconds since the epoch."""

    id: str
    token: str
    expires_at: int


class Ticket(NamedTuple):
    """A ticket that is still valid."""

    id: str
    workspace: str | None
    user: str | None
    email: str | None
    role: str | None
    created_by: str
    expires_at: int


_columns = (
    tickets.c.id,
    tickets.c.workspace,
    tickets.c.user,
    tickets.c.email,
    tickets.c.role,
    tickets.c.created_by,
    tickets.c.expires_at,
)


def new_token() -> str:
    """A secret of 256 random bits for a cookie or a link: 43 characters of [A-Za-z0-9_-]."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """The hash under which a token is stored. SHA-256 is enough, because the token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def issue(
    tx: Connection,
    purpose: Purpose,
    now: int,
    *,
    workspace: str | None = None,
    user: str | None = None,
    email: str | None = None,
    role: str | None = None,
    created_by: str = "",
) -> NewTicket:
    """Adds a ticket and deletes expired ones."""
    tx.execute(delete(tickets).where(tickets.c.expires_at <= now))
    made = NewTicket(new_id(now), new_token(), now + LASTS[purpose])
    tx.execute(
        insert(tickets).values(
            hash=hash_token(made.token),
            id=made.id,
            kind=purpose.value,
            workspace=workspace,
            user=user,
            email=email,
            role=role,
            created_by=created_by,
            created_at=now,
            expires_at=made.expires_at,
        )
    )
    return made


def get_ticket(conn: Connection, purpose: Purpose, token: str, now: int) -> Ticket:
    """The ticket of that token, which stays valid. Raises NotFound."""
    query = select(*_columns).where(tickets.c.hash == hash_token(token), tickets.c.kind == purpose.value)
    row = conn.execute(query.where(tickets.c.expires_at > now)).first()
    if row is None:
        raise NotFound(GONE)
    return Ticket(*row)


def spend(tx: Connection, purpose: Purpose, token: str, now: int) -> Ticket:
    """Deletes the ticket of that token, so that it can't be used again, and returns it. Raises NotFound."""
    found = get_ticket(tx, purpose, token, now)
    if tx.execute(delete(tickets).where(tickets.c.id == found.id)).rowcount == 0:
        raise NotFound(GONE)
    return found
