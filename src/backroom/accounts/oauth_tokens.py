"""Codes and tokens of OAuth: short ones to work with, and refresh tokens that are used once.

A code or refresh token that comes a second time was stolen, or its owner's is: all of its grant ends then
(RFC 9700, sections 2.1.1 and 4.14). The store has only hashes.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from backroom.access import SCOPES_OF, Actor, Role, Scope
from backroom.accounts.audit import note_change
from backroom.accounts.oauth import Asked, Kind, end_grant
from backroom.accounts.tickets import hash_token, new_token
from backroom.clock import DAY, MINUTE
from backroom.store.hot import Hot
from backroom.store.tables import memberships, oauth_grants, oauth_secrets, projects

ACCESS_PREFIX = "br_at_"
REFRESH_PREFIX = "br_rt_"
AGENT = "agent"
"""The kind of every actor that comes in as an agent, by which timelines and the audit log tell it from people."""


LASTS = {Kind.CODE: MINUTE, Kind.ACCESS: 30 * MINUTE, Kind.REFRESH: 30 * DAY}
"""Milliseconds. A refresh token's time begins anew with each that follows it."""


class Tokens(NamedTuple):
    """What a program gets, the one time that it can be read. `seconds` is how long `access` lasts."""

    access: str
    refresh: str
    seconds: int
    scopes: tuple[Scope, ...]


class Secret(NamedTuple):
    """A code or refresh token that is good. `asked` is what a code was for; `expires_at` in milliseconds."""

    grant: str
    client: str
    scopes: tuple[Scope, ...]
    asked: Asked | None
    expires_at: int


class Access(NamedTuple):
    """A program at work: who it acts as, for whom, and when that was last noted (ms)."""

    actor: Actor
    user: str
    used_at: int | None


_access = Hot(
    select(
        oauth_grants.c.id,
        oauth_grants.c.workspace,
        oauth_grants.c.project,
        oauth_grants.c.user,
        oauth_grants.c.name,
        oauth_grants.c.scopes,
        oauth_grants.c.used_at,
        memberships.c.role,
    )
    .select_from(
        oauth_secrets.join(oauth_grants, oauth_grants.c.id == oauth_secrets.c.grant)
        .join(
            memberships,
            and_(memberships.c.workspace == oauth_grants.c.workspace, memberships.c.user == oauth_grants.c.user),
        )
        .join(projects, and_(projects.c.id == oauth_grants.c.project, projects.c.workspace == oauth_grants.c.workspace))
    )
    .where(
        oauth_secrets.c.hash == bindparam("hash"),
        oauth_secrets.c.kind == Kind.ACCESS.value,
        oauth_secrets.c.expires_at > bindparam("now"),
        oauth_grants.c.revoked_at.is_(None),
    )
)


def new_code(tx: Connection, grant: str, asked: Asked, now: int) -> str:
    """A code for the program, good for a minute."""
    return _issue(tx, Kind.CODE, grant, msgspec.json.encode(asked), now)


def find_access(conn: Connection, hashed: str, now: int) -> Access | None:
    """Who the access token with that hash acts as: with the scopes of its grant, as far as the person's role goes now.

    None for one that has ended, of somebody who left, or of a project that is gone.
    """
    rows = _access(conn, hash=hashed, now=now)
    if not rows:
        return None
    grant, workspace, project, user, name, scopes, used_at, role = rows[0]
    may = frozenset(Scope(scope) for scope in scopes.split()) & SCOPES_OF[Role(role)]
    return Access(Actor(AGENT, grant, workspace, project, may, name=name), user, used_at)


def find_secret(tx: Connection, kind: Kind, client: str, secret: str, now: int) -> Secret | None:
    """The code or refresh token of that client, while it is good. One that was used before ends its grant."""
    s, g = oauth_secrets.c, oauth_grants.c
    query = select(s.grant, g.client, g.scopes, s.content, s.expires_at, s.used_at)
    query = query.join(oauth_grants, g.id == s.grant).where(s.hash == hash_token(secret), s.kind == kind.value)
    row = tx.execute(query.where(s.expires_at > now, g.revoked_at.is_(None)).with_for_update(of=oauth_secrets)).first()
    if row is None or row.client != client:
        return None
    if row.used_at is not None:
        _end_stolen(tx, row.grant, now)
        return None
    asked = msgspec.json.decode(row.content, type=Asked) if kind is Kind.CODE else None
    scopes = tuple(Scope(scope) for scope in row.scopes.split())
    return Secret(row.grant, row.client, scopes, asked, row.expires_at)


def exchange(tx: Connection, kind: Kind, client: str, secret: str, now: int) -> Tokens | None:
    """New tokens for a code or refresh token, which is used up by that; None where it isn't good."""
    found = find_secret(tx, kind, client, secret, now)
    if found is None:
        return None
    used = update(oauth_secrets).where(oauth_secrets.c.hash == hash_token(secret)).values(used_at=now)
    tx.execute(used)
    _clear(tx, found.grant, now)
    access = _issue(tx, Kind.ACCESS, found.grant, b"", now, ACCESS_PREFIX)
    refresh = _issue(tx, Kind.REFRESH, found.grant, b"", now, REFRESH_PREFIX)
    return Tokens(access, refresh, LASTS[Kind.ACCESS] // 1000, found.scopes)


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


def _clear(tx: Connection, grant: str, now: int) -> None:
    """Takes away the grant's access tokens, which new ones follow, and what has expired of anybody's."""
    s = oauth_secrets.c
    tx.execute(delete(oauth_secrets).where(s.grant == grant, s.kind == Kind.ACCESS.value))
    tx.execute(delete(oauth_secrets).where(s.expires_at <= now))


def _issue(tx: Connection, kind: Kind, grant: str, content: bytes, now: int, prefix: str = "") -> str:
    secret = f"{prefix}{new_token()}"
    values = {"hash": hash_token(secret), "kind": kind.value, "grant": grant, "content": content}
    tx.execute(insert(oauth_secrets).values(values | {"expires_at": now + LASTS[kind]}))
    return secret
