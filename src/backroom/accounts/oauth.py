"""Programs that people connect with OAuth: requests for consent, grants, revoking them.

A grant is what one person allowed one program: one project and some scopes, never more than the person's own role.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from backroom.access import Actor, KeyScope, Role
from backroom.accounts.audit import note_change
from backroom.accounts.tickets import hash_token, new_token
from backroom.clock import DAY, MINUTE
from backroom.errors import Denied, Invalid, NotFound
from backroom.ids import is_id, new_id
from backroom.store.tables import (
    memberships,
    oauth_clients,
    oauth_grants,
    oauth_requests,
    oauth_secrets,
    projects,
    users,
)

OFFERED = (KeyScope.FEEDBACK_READ, KeyScope.FEEDBACK_WRITE)
"""The scopes that a program can be granted: all that the agents' tools need."""

REQUEST_LASTS = 10 * MINUTE
CLIENT_LASTS = 90 * DAY
"""How long a program's registration is kept while nobody uses it."""

MOST_CLIENTS = 10_000
NAME_LENGTH = 100
GONE = "This request is no longer valid. Connect again from the program."


class RequestGone(NotFound):
    """The request for consent was already answered or has expired."""

    def __init__(self) -> None:
        super().__init__(GONE)


class Kind(StrEnum):
    """What a secret is for."""

    CODE = "code"
    ACCESS = "access"
    REFRESH = "refresh"


class Asked(msgspec.Struct, frozen=True):
    """A program's request for consent. `name` is what the program calls itself; nobody has verified it. `named` are
    the scopes that it asked for explicitly."""

    client: str
    name: str
    redirect_uri: str
    redirect_given: bool
    challenge: str
    state: str | None
    scopes: tuple[KeyScope, ...]
    resource: str | None
    named: tuple[KeyScope, ...] = ()


class Grant(NamedTuple):
    """A connected program. Times are in milliseconds since the epoch; `person` is the name of who allowed it."""

    id: str
    name: str
    client: str
    project_name: str
    project_slug: str
    user: str
    person: str
    scopes: tuple[KeyScope, ...]
    created_at: int
    used_at: int | None


def register_client(tx: Connection, client: str, metadata: bytes, now: int) -> None:
    """Registers a program with the metadata that it sent, and deletes registrations that nobody uses. Raises Denied."""
    granted = exists(select(oauth_grants.c.id).where(oauth_grants.c.client == oauth_clients.c.id))
    stale = (oauth_clients.c.used_at <= now - DAY) & ~granted | (oauth_clients.c.used_at <= now - CLIENT_LASTS)
    tx.execute(delete(oauth_clients).where(stale))
    if len(tx.execute(select(oauth_clients.c.id).limit(MOST_CLIENTS)).all()) >= MOST_CLIENTS:
        raise Denied("Too many programs have registered today. Try again tomorrow.")
    tx.execute(insert(oauth_clients).values(id=client, metadata=metadata, created_at=now, used_at=now))


def find_client(conn: Connection, client: str) -> bytes | None:
    """The metadata that the program registered with, as JSON."""
    if not (client.isascii() and client.isprintable()):
        return None
    return conn.execute(select(oauth_clients.c.metadata).where(oauth_clients.c.id == client)).scalar()


def ask(tx: Connection, asked: Asked, now: int) -> str:
    """Stores a request for consent for ten minutes; returns the token with which it can be read and answered."""
    tx.execute(delete(oauth_requests).where(oauth_requests.c.expires_at <= now))
    token = new_token()
    values = {"hash": hash_token(token), "client": asked.client, "content": msgspec.json.encode(asked)}
    tx.execute(insert(oauth_requests).values(values | {"expires_at": now + REQUEST_LASTS}))
    return token


def get_asked(conn: Connection, token: str, now: int) -> Asked:
    """The request for consent, which stays open. Raises RequestGone."""
    query = select(oauth_requests.c.content).where(oauth_requests.c.hash == hash_token(token))
    content = conn.execute(query.where(oauth_requests.c.expires_at > now)).scalar()
    if content is None:
        raise RequestGone
    return msgspec.json.decode(content, type=Asked)


def take_asked(tx: Connection, token: str, now: int) -> Asked:
    """The request for consent, deleted so that it can't be answered twice. Raises RequestGone."""
    asked = get_asked(tx, token, now)
    if tx.execute(delete(oauth_requests).where(oauth_requests.c.hash == hash_token(token))).rowcount == 0:
        raise RequestGone
    return asked


def allow(tx: Connection, actor: Actor, asked: Asked, project: str, scopes: Collection[KeyScope], now: int) -> str:
    """Grants a program these scopes in a project of the person's workspace; returns the grant's id.

    Raises NotFound, Denied (the person's role lacks one of them), Invalid (none, or more than the program asked for).
    """
    project_name = _hold_project(tx, actor, project)
    if not scopes or not set(scopes) <= set(asked.scopes):
        raise Invalid("Choose at least one of what the program asks for.")
    for scope in scopes:
        actor.require(scope)
    id_ = new_id(now)
    granted = [scope for scope in OFFERED if scope in scopes]
    tx.execute(
        insert(oauth_grants).values(
            id=id_,
            workspace=actor.workspace,
            project=project,
            user=actor.id,
            client=asked.client,
            name=asked.name,
            scopes=" ".join(granted),
            created_at=now,
        )
    )
    payload = {"name": asked.name, "scopes": " ".join(granted), "project": project, "project_name": project_name}
    note_change(tx, actor, "connection.allow", id_, payload, now)
    return id_


def list_grants(conn: Connection, actor: Actor) -> list[Grant]:
    """The programs connected in this workspace, newest first: the person's own, or everyone's for admins and owners.

    Leaves out grants whose program never fetched its tokens.
    """
    g = oauth_grants.c
    actor.require_role(Role.VIEWER)
    query = select(g.id, g.name, g.client, projects.c.name, projects.c.slug, g.user, users.c.name, g.scopes)
    query = query.add_columns(g.created_at, g.used_at).join(projects, projects.c.id == g.project)
    query = query.join(users, users.c.id == g.user).where(g.workspace == actor.workspace, g.revoked_at.is_(None))
    tokens = select(oauth_secrets.c.hash).where(oauth_secrets.c.grant == g.id, oauth_secrets.c.kind != Kind.CODE.value)
    query = query.where(exists(tokens))
    if not actor.has_role(Role.ADMIN):
        query = query.where(g.user == actor.id)
    rows: Iterable[Any] = conn.execute(query.order_by(g.id.desc()))
    found = []
    for id_, name, client, project, slug, user, person, scopes, created_at, used_at in rows:
        granted = tuple(KeyScope(scope) for scope in scopes.split())
        found.append(Grant(id_, name, client, project, slug, user, person, granted, created_at, used_at))
    return found


def revoke(tx: Connection, actor: Actor, grant: str, now: int) -> None:
    """Disconnects a program at once. Members can disconnect their own, admins and owners anyone's. Raises NotFound."""
    g = oauth_grants.c
    row = None
    if is_id(grant):
        query = select(g.user, g.name).where(g.id == grant, g.workspace == actor.workspace, g.revoked_at.is_(None))
        row = tx.execute(query).first()
    if row is None or not (row.user == actor.id or actor.has_role(Role.ADMIN)):
        raise NotFound("That connection has already ended.")
    end_grant(tx, grant, now)
    note_change(tx, actor, "connection.revoke", grant, {"name": row.name}, now)


def revoke_all_of(tx: Connection, user: str, name: str, now: int) -> int:
    """Disconnects all programs of a person in every workspace; returns how many there were.

    Called when the password changes: someone who knew the old one may have connected a program.
    """
    return _end_all(tx, Actor("user", user, "", None, frozenset(), name=name), oauth_grants.c.user == user, now)


def end_grants_of_member(tx: Connection, actor: Actor, user: str, now: int) -> None:
    """Disconnects the programs of a person who has just left the actor's workspace."""
    g = oauth_grants.c
    _end_all(tx, actor, (g.user == user) & (g.workspace == actor.workspace), now)


def end_grants_of_project(tx: Connection, actor: Actor, project: str, now: int) -> None:
    """Disconnects the programs of a project that is being deleted."""
    _end_all(tx, actor, oauth_grants.c.project == project, now)


def end_grant(tx: Connection, grant: str, now: int) -> None:
    """Ends a grant and deletes its codes and tokens."""
    ended = update(oauth_grants).where(oauth_grants.c.id == grant, oauth_grants.c.revoked_at.is_(None))
    tx.execute(ended.values(revoked_at=now))
    tx.execute(delete(oauth_secrets).where(oauth_secrets.c.grant == grant))


def _end_all(tx: Connection, actor: Actor, which: ColumnElement[bool], now: int) -> int:
    """Ends the grants and logs each in its workspace's audit log; returns how many there were."""
    g = oauth_grants.c
    found = tx.execute(select(g.id, g.workspace, g.name).where(which, g.revoked_at.is_(None))).all()
    for row in found:
        end_grant(tx, row.id, now)
        who = actor._replace(workspace=row.workspace)
        note_change(tx, who, "connection.revoke", row.id, {"name": row.name}, now)
    return len(found)


def _hold_project(tx: Connection, actor: Actor, project: str) -> str:
    """The name of a project in the actor's workspace, locked together with the membership. Raises NotFound."""
    # Without the locks, deleting the project or removing the member could run between this check and the insert of
    # the grant, and would then not find the grant that it has to end.
    m, p = memberships.c, projects.c
    mine = select(m.role).where(m.workspace == actor.workspace, m.user == actor.id)
    row = tx.execute(
        select(p.name).where(p.id == project, p.workspace == actor.workspace).with_for_update(read=True)
    ).first()
    if actor.kind != "user" or row is None or tx.execute(mine.with_for_update(read=True)).first() is None:
        raise NotFound("Project not found")
    return str(row.name)


def mark_used(tx: Connection, grant: str, now: int) -> None:
    """Updates the time of a connection's last use; for `write_soon`, every few minutes."""
    tx.execute(update(oauth_grants).where(oauth_grants.c.id == grant).values(used_at=now))
    row = tx.execute(select(oauth_grants.c.client).where(oauth_grants.c.id == grant)).first()
    if row is not None:
        tx.execute(update(oauth_clients).where(oauth_clients.c.id == row.client).values(used_at=now))
