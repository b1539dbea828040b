"""OAuth's codes and tokens: short-lived access tokens, and refresh tokens that can be used once.

A code or refresh token that is used a second time may have been stolen, so the whole grant ends (RFC 9700, sections
2.1.1 and 4.14). The one exception: for 10 seconds after a refresh the same token returns the same successor, because
the answer may have been lost, or two windows of one program refreshed at once. The store has only hashes of tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from backroom.access import SCOPES_OF, Actor, KeyScope, Role
from backroom.accounts.audit import note_change
from backroom.accounts.oauth import OFFERED, Asked, Kind, end_grant
from backroom.accounts.tickets import hash_token, new_token
from backroom.clock import DAY, MINUTE
from backroom.store.prepared import Prepared
from backroom.store.tables import memberships, oauth_grants, oauth_secrets, projects

ACCESS_PREFIX = "br_at_"
REFRESH_PREFIX = "br_rt_"
AGENT = "agent"
"""The actor kind of agents, by which timelines and the audit log distinguish them from people."""


REPEATED_FOR = 10_000
"""Milliseconds in which a refresh may be repeated."""

LASTS = {Kind.CODE: MINUTE, Kind.ACCESS: 30 * MINUTE, Kind.REFRESH: 30 * DAY}
"""Lifetimes in milliseconds. Each refresh returns a refresh token with a full lifetime."""


class Tokens(NamedTuple):
    """The tokens that a program gets. The store can't show them again. `seconds` is the lifetime of `access`."""

    access: str
    refresh: str
    seconds: int
    scopes: tuple[KeyScope, ...]


class Secret(NamedTuple):
    """A valid code or refresh token. `asked` is the request that a code belongs to; `expires_at` is in milliseconds.

    `successor` is the refresh token that this one was exchanged for within the last 10 seconds, if it was.
    """

    grant: str
    client: str
    scopes: tuple[KeyScope, ...]
    asked: Asked | None
    expires_at: int
    successor: str | None


class Access(NamedTuple):
    """A program's access: the actor, the person who allowed it, and the last use that was recorded (ms)."""

    actor: Actor
    user: str
    used_at: int | None


_living = (
    oauth_secrets.join(oauth_grants, oauth_grants.c.id == oauth_secrets.c.grant)
    .join(
        memberships,
        and_(memberships.c.workspace == oauth_grants.c.workspace, memberships.c.user == oauth_grants.c.user),
    )
    .join(projects, and_(projects.c.id == oauth_grants.c.project, projects.c.workspace == oauth_grants.c.workspace))
)
"""Secrets of grants whose person is still a member and whose project still exists."""

_access = Prepared(
    select(
        oauth_grants.c.id,
        oauth_grants.c.workspace,
        oauth_grants.c.project,
        oauth_grants.c.user,
        oauth_grants.c.name,
        oauth_grants.c.scopes,
        oauth_grants.c.used_at,
        memberships.c.role,
        oauth_secrets.c.content,
    )
    .select_from(_living)
    .where(
        oauth_secrets.c.hash == bindparam("hash"),
        oauth_secrets.c.kind == Kind.ACCESS.value,
        oauth_secrets.c.expires_at > bindparam("now"),
        oauth_grants.c.revoked_at.is_(None),
    )
)


def new_code(tx: Connection, grant: str, asked: Asked, now: int) -> str:
    """Creates a code for the program, valid for a minute."""
    code = new_token()
    _keep(tx, Kind.CODE, grant, code, msgspec.json.encode(asked), now)
    return code


def find_access(conn: Connection, hashed: str, now: int) -> Access | None:
    """The access of the token with that hash, with those of its scopes that the person's current role allows.

    None if the token has expired or was revoked, the person has left, or the project was deleted.
    """
    rows = _access(conn, hash=hashed, now=now)
    if not rows:
        return None
    grant, workspace, project, user, name, scopes, used_at, role, content = rows[0]
    may = frozenset(_scopes(bytes(content).decode() or scopes)) & SCOPES_OF[Role(role)]
    return Access(Actor(AGENT, grant, workspace, project, may, name=name), user, used_at)


def find_secret(tx: Connection, kind: Kind, client: str, secret: str, now: int) -> Secret | None:
    """The client's code or refresh token if it is valid. A token that was used before ends its grant.

    None also if the person is no longer a member, or the project was deleted.
    """
    s, g = oauth_secrets.c, oauth_grants.c
    query = select(s.grant, g.client, g.scopes, s.content, s.expires_at, s.used_at).select_from(_living)
    query = query.where(s.hash == hash_token(secret), s.kind == kind.value, s.expires_at > now, g.revoked_at.is_(None))
    # The lock makes two uses of one token take turns: the second then sees `used_at` of the first.
    row = tx.execute(query.with_for_update(of=oauth_secrets)).first()
    if row is None or row.client != client:
        return None
    repeated = kind is Kind.REFRESH and row.used_at is not None and now - row.used_at < REPEATED_FOR
    successor = _successor(tx, secret, row.content, now) if repeated else None
    if row.used_at is not None and successor is None:
        _end_stolen(tx, row.grant, now)
        return None
    asked = msgspec.json.decode(row.content, type=Asked) if kind is Kind.CODE else None
    return Secret(row.grant, row.client, _scopes(row.scopes), asked, row.expires_at, successor)


def exchange(
    tx: Connection, kind: Kind, client: str, secret: str, now: int, scopes: Collection[KeyScope] = OFFERED
) -> Tokens | None:
    """Exchanges a code or refresh token for new tokens; None if it isn't valid.

    The access token has those of the grant's scopes that are in `scopes`; the refresh token keeps all of them.
    """
    found = find_secret(tx, kind, client, secret, now)
    granted = () if found is None else tuple(scope for scope in found.scopes if scope in scopes)
    if found is None or not granted:
        return None
    refresh = found.successor or _succeed(tx, kind, found.grant, secret, now)
    access = f"{ACCESS_PREFIX}{new_token()}"
    _keep(tx, Kind.ACCESS, found.grant, access, " ".join(granted).encode(), now)
    return Tokens(access, refresh, LASTS[Kind.ACCESS] // 1000, granted)


def give_back(tx: Connection, client: str, token: str, now: int) -> None:
    """Ends the grant of a token that its program revokes. A token that isn't valid changes nothing."""
    s, g = oauth_secrets.c, oauth_grants.c
    query = select(g.id).join(oauth_secrets, s.grant == g.id).where(s.hash == hash_token(token), g.client == client)
    grant = tx.execute(query.where(s.kind != Kind.CODE.value)).scalar()
    if grant is not None:
        end_grant(tx, grant, now)


def _end_stolen(tx: Connection, grant: str, now: int) -> None:
    """Ends a grant whose secret was used twice, and logs that in the audit log."""
    g = oauth_grants.c
    row = tx.execute(select(g.workspace, g.name).where(g.id == grant)).one()
    end_grant(tx, grant, now)
    agent = Actor(AGENT, grant, row.workspace, None, frozenset(), name=row.name)
    note_change(tx, agent, "connection.reuse", grant, {"name": row.name}, now)


def _succeed(tx: Connection, kind: Kind, grant: str, secret: str, now: int) -> str:
    """Marks a code or refresh token as used and returns the refresh token that follows it. Deletes expired ones."""
    s = oauth_secrets.c
    refresh = f"{REFRESH_PREFIX}{new_token()}"
    tx.execute(delete(oauth_secrets).where(s.expires_at <= now))
    # Only the latest used token can still return its successor; the content of older ones is erased.
    mine = (s.grant == grant) & (s.kind == Kind.REFRESH.value)
    tx.execute(update(oauth_secrets).where(mine).values(content=b""))
    sealed = _sealed(secret, refresh.encode()) if kind is Kind.REFRESH else b""
    tx.execute(update(oauth_secrets).where(s.hash == hash_token(secret)).values(used_at=now, content=sealed))
    _keep(tx, Kind.REFRESH, grant, refresh, b"", now)
    return refresh


def _successor(tx: Connection, secret: str, sealed: bytes, now: int) -> str | None:
    """The refresh token that follows a used one; None if that one was used, too."""
    s = oauth_secrets.c
    refresh = _sealed(secret, sealed).decode("latin-1")
    unused = (s.hash == hash_token(refresh)) & s.used_at.is_(None) & (s.expires_at > now)
    return None if tx.execute(select(s.hash).where(unused)).first() is None else refresh


def _sealed(secret: str, content: bytes) -> bytes:
    """Encrypts `content` with the secret, and decrypts what was encrypted this way."""
    # A one-time pad: a refresh token is random and encrypts exactly one successor, so the XOR is never used twice. A
    # copy of the database, which has only the secret's hash, can't decrypt it.
    pad = hashlib.shake_256(f"successor {secret}".encode()).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, pad, strict=True))


def _keep(tx: Connection, kind: Kind, grant: str, secret: str, content: bytes, now: int) -> None:
    values = {"hash": hash_token(secret), "kind": kind.value, "grant": grant, "content": content}
    tx.execute(insert(oauth_secrets).values(values | {"expires_at": now + LASTS[kind]}))


def _scopes(text: str) -> tuple[KeyScope, ...]:
    return tuple(KeyScope(scope) for scope in text.split())
