"""Codes and tokens of OAuth: short ones to work with, and refresh tokens that are used once.

A code or refresh token that comes a second time was stolen, or its owner's is: all of its grant ends then
(RFC 9700, sections 2.1.1 and 4.14). Only right after a refresh the same one may come again, for its answer may have
been lost, or two windows of one program have asked at once; it gets the same successor. The store has only hashes.
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
"""The kind of every actor that comes in as an agent, by which timelines and the audit log tell it from people."""


REPEATED_FOR = 10_000
"""Milliseconds for which a refresh may be repeated."""

LASTS = {Kind.CODE: MINUTE, Kind.ACCESS: 30 * MINUTE, Kind.REFRESH: 30 * DAY}
"""Milliseconds. A refresh token's time begins anew with each that follows it."""


class Tokens(NamedTuple):
    """What a program gets, the one time that it can be read. `seconds` is how long `access` lasts."""

    access: str
    refresh: str
    seconds: int
    scopes: tuple[KeyScope, ...]


class Secret(NamedTuple):
    """A code or refresh token that is good. `asked` is what a code was for; `expires_at` in milliseconds.

    `successor` is the refresh token that has followed this one just now.
    """

    grant: str
    client: str
    scopes: tuple[KeyScope, ...]
    asked: Asked | None
    expires_at: int
    successor: str | None


class Access(NamedTuple):
    """A program at work: who it acts as, for whom, and when that was last noted (ms)."""

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
"""Secrets whose person is a member still, and whose project is there."""

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
    """A code for the program, good for a minute."""
    code = new_token()
    _keep(tx, Kind.CODE, grant, code, msgspec.json.encode(asked), now)
    return code


def find_access(conn: Connection, hashed: str, now: int) -> Access | None:
    """Who the access token with that hash acts as: with its scopes, as far as the person's role goes now.

    None for one that has ended, of somebody who left, or of a project that is gone.
    """
    rows = _access(conn, hash=hashed, now=now)
    if not rows:
        return None
    grant, workspace, project, user, name, scopes, used_at, role, content = rows[0]
    may = frozenset(_scopes(bytes(content).decode() or scopes)) & SCOPES_OF[Role(role)]
    return Access(Actor(AGENT, grant, workspace, project, may, name=name), user, used_at)


def find_secret(tx: Connection, kind: Kind, client: str, secret: str, now: int) -> Secret | None:
    """The code or refresh token of that client, while it is good. One that was used before ends its grant.

    None, too, where whoever allowed it is no member any more, or the project is gone.
    """
    s, g = oauth_secrets.c, oauth_grants.c
    query = select(s.grant, g.client, g.scopes, s.content, s.expires_at, s.used_at).select_from(_living)
    query = query.where(s.hash == hash_token(secret), s.kind == kind.value, s.expires_at > now, g.revoked_at.is_(None))
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
    """New tokens for a code or refresh token, which is used up by that; None where it isn't good.

    The access token has those of the grant's scopes that are among `scopes`; the refresh token keeps them all.
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
    """Ends the grant of a token that its program has no more use for; one that isn't good changes nothing."""
    s, g = oauth_secrets.c, oauth_grants.c
    query = select(g.id).join(oauth_secrets, s.grant == g.id).where(s.hash == hash_token(token), g.client == client)
    grant = tx.execute(query.where(s.kind != Kind.CODE.value)).scalar()
    if grant is not None:
        end_grant(tx, grant, now)


def _end_stolen(tx: Connection, grant: str, now: int) -> None:
    """Ends a grant of which a secret came twice, and says so in the audit log."""
    g = oauth_grants.c
    row = tx.execute(select(g.workspace, g.name).where(g.id == grant)).one()
    end_grant(tx, grant, now)
    agent = Actor(AGENT, grant, row.workspace, None, frozenset(), name=row.name)
    note_change(tx, agent, "connection.reuse", grant, {"name": row.name}, now)


def _succeed(tx: Connection, kind: Kind, grant: str, secret: str, now: int) -> str:
    """The refresh token that follows a code or refresh token, which is used up; takes away what has expired."""
    s = oauth_secrets.c
    refresh = f"{REFRESH_PREFIX}{new_token()}"
    tx.execute(delete(oauth_secrets).where(s.expires_at <= now))
    mine = (s.grant == grant) & (s.kind == Kind.REFRESH.value)
    tx.execute(update(oauth_secrets).where(mine).values(content=b""))
    sealed = _sealed(secret, refresh.encode()) if kind is Kind.REFRESH else b""
    tx.execute(update(oauth_secrets).where(s.hash == hash_token(secret)).values(used_at=now, content=sealed))
    _keep(tx, Kind.REFRESH, grant, refresh, b"", now)
    return refresh


def _successor(tx: Connection, secret: str, sealed: bytes, now: int) -> str | None:
    """The refresh token that follows a used one; None where that was used, too."""
    s = oauth_secrets.c
    refresh = _sealed(secret, sealed).decode("latin-1")
    unused = (s.hash == hash_token(refresh)) & s.used_at.is_(None) & (s.expires_at > now)
    return None if tx.execute(select(s.hash).where(unused)).first() is None else refresh


def _sealed(secret: str, content: bytes) -> bytes:
    """`content` so that only whoever has the secret can read it, or what was sealed so in the clear again."""
    pad = hashlib.shake_256(f"successor {secret}".encode()).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, pad, strict=True))


def _keep(tx: Connection, kind: Kind, grant: str, secret: str, content: bytes, now: int) -> None:
    values = {"hash": hash_token(secret), "kind": kind.value, "grant": grant, "content": content}
    tx.execute(insert(oauth_secrets).values(values | {"expires_at": now + LASTS[kind]}))


def _scopes(text: str) -> tuple[KeyScope, ...]:
    return tuple(KeyScope(scope) for scope in text.split())
