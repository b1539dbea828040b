"""Sessions of signed-in browsers. The cookie has the token, the store only its hash."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from backroom.access import Actor, Role, person
from backroom.accounts.tickets import hash_token, new_token
from backroom.clock import DAY, MINUTE
from backroom.errors import Denied, NotFound
from backroom.ids import new_id
from backroom.store.prepared import Prepared
from backroom.store.tables import memberships, sessions, users, workspaces

LASTS = 30 * DAY
UNCONFIRMED_LASTS = 10 * MINUTE
"""How long a person has to give the second factor."""

MOST_SESSIONS = 50
"""Sessions per person; beyond that, the least recently used one ends."""

ADDRESS_LENGTH = 64
AGENT_LENGTH = 300
NO_WORKSPACE = "You no longer belong to a workspace. Ask an admin there for an invitation."


class Session(NamedTuple):
    """A browser's session. Times are in milliseconds since the epoch.

    `workspace` is the current one and `role` the person's role in it; "" and None if they belong to none.
    `confirmed` is false until the second factor was given; until then the session allows nothing else.
    """

    id: str
    user: str
    name: str
    email: str
    workspace: str
    workspace_name: str
    role: Role | None
    confirmed: bool
    instance_owner: bool
    second_factor: bool
    created_at: int
    seen_at: int

    @property
    def actor(self) -> Actor:
        """The actor of this session. Raises Denied without a workspace, or until the second factor was given."""
        if self.role is None or not self.confirmed:
            raise Denied(NO_WORKSPACE if self.confirmed else "Enter the code of your second factor first.")
        return person(self.user, self.name, self.workspace, self.role)


class SessionInfo(NamedTuple):
    """A session in its owner's list. Times are in milliseconds since the epoch."""

    id: str
    address: str
    agent: str
    created_at: int
    seen_at: int


_own_role = and_(memberships.c.workspace == sessions.c.workspace, memberships.c.user == sessions.c.user)
_find = Prepared(
    select(
        sessions.c.id,
        sessions.c.user,
        users.c.name,
        users.c.email,
        sessions.c.workspace,
        workspaces.c.name.label("workspace_name"),
        memberships.c.role,
        sessions.c.confirmed,
        users.c.instance_owner,
        users.c.totp_step,
        sessions.c.created_at,
        sessions.c.seen_at,
    )
    .select_from(
        sessions.join(users, users.c.id == sessions.c.user)
        .outerjoin(memberships, _own_role)
        .outerjoin(workspaces, workspaces.c.id == memberships.c.workspace)
    )
    .where(sessions.c.hash == bindparam("hash"), sessions.c.expires_at > bindparam("now"))
)


def start_session(
    tx: Connection, user: str, workspace: str, address: str, agent: str, confirmed: bool, now: int
) -> str:
    """Starts a session; returns the token for the cookie. If not `confirmed`, it waits for the second factor.

    Deletes expired sessions, and the person's least recently used ones beyond 50.
    """
    tx.execute(delete(sessions).where(sessions.c.expires_at <= now))
    kept = select(sessions.c.hash).where(sessions.c.user == user).order_by(sessions.c.seen_at.desc())
    stale = tx.execute(kept.offset(MOST_SESSIONS - 1)).scalars().all()
    if stale:
        tx.execute(delete(sessions).where(sessions.c.hash.in_(stale)))
    token = new_token()
    tx.execute(
        insert(sessions).values(
            hash=hash_token(token),
            id=new_id(now),
            user=user,
            workspace=workspace,
            confirmed=confirmed,
            address=_printable(address)[:ADDRESS_LENGTH],
            agent=_printable(agent)[:AGENT_LENGTH],
            created_at=now,
            seen_at=now,
            expires_at=now + (LASTS if confirmed else UNCONFIRMED_LASTS),
        )
    )
    return token


def find_session(conn: Connection, token: str, now: int) -> Session | None:
    """The session of that token, with the person and their current role; None if it has ended."""
    rows = _find(conn, hash=hash_token(token), now=now)
    if not rows:
        return None
    (id_, user, name, email, workspace, in_workspace, role, confirmed, owner, step, created_at, seen_at) = rows[0]
    return Session(
        id_,
        user,
        name,
        email,
        "" if role is None else workspace,
        in_workspace or "",
        None if role is None else Role(role),
        bool(confirmed),
        bool(owner),
        step is not None,
        created_at,
        seen_at,
    )


def mark_session_seen(tx: Connection, session: str, now: int) -> None:
    """Extends a session that is in use by 30 days; for `write_soon`, every few minutes."""
    seen = update(sessions).where(sessions.c.id == session, sessions.c.confirmed.is_(True), sessions.c.seen_at < now)
    tx.execute(seen.values(seen_at=now, expires_at=now + LASTS))


def confirm(tx: Connection, session: str, now: int) -> str:
    """Confirms a session after the second factor was given; returns its new token."""
    # A new token, so that a cookie from before the second factor is worth nothing afterwards.
    token = new_token()
    values = {"hash": hash_token(token), "confirmed": True, "seen_at": now, "expires_at": now + LASTS}
    tx.execute(update(sessions).where(sessions.c.id == session).values(values))
    return token


def switch_workspace(tx: Connection, session: Session, workspace: str) -> None:
    """Switches the session to another workspace of the person. Raises NotFound."""
    query = select(memberships.c.role).where(memberships.c.workspace == workspace, memberships.c.user == session.user)
    if not _is_clean(workspace) or tx.execute(query).first() is None:
        raise NotFound("You aren't a member of that workspace.")
    tx.execute(update(sessions).where(sessions.c.id == session.id).values(workspace=workspace))


def list_sessions(conn: Connection, user: str, now: int) -> list[SessionInfo]:
    """The person's sessions, most recently used first."""
    columns = (sessions.c.id, sessions.c.address, sessions.c.agent, sessions.c.created_at, sessions.c.seen_at)
    query = select(*columns).where(sessions.c.user == user, sessions.c.confirmed.is_(True), sessions.c.expires_at > now)
    return [SessionInfo(*row) for row in conn.execute(query.order_by(sessions.c.seen_at.desc(), sessions.c.id))]


def end_session(tx: Connection, user: str, session: str) -> None:
    """Ends one of the person's sessions by its id. Raises NotFound."""
    own = (sessions.c.id == session) & (sessions.c.user == user)
    if not _is_clean(session) or tx.execute(delete(sessions).where(own)).rowcount == 0:
        raise NotFound("That session has already ended.")


def end_other_sessions(tx: Connection, user: str, kept: str | None) -> int:
    """Ends all of the person's sessions except the one with the id `kept`; returns how many ended."""
    others = delete(sessions).where(sessions.c.user == user)
    return tx.execute(others if kept is None else others.where(sessions.c.id != kept)).rowcount


def move_sessions(tx: Connection, user: str, gone: str) -> None:
    """Switches the person's sessions from a workspace that they have left to another one of theirs."""
    rest = select(memberships.c.workspace).where(memberships.c.user == user, memberships.c.workspace != gone)
    other = tx.execute(rest.order_by(memberships.c.created_at, memberships.c.workspace).limit(1)).scalar()
    moved = update(sessions).where(sessions.c.user == user, sessions.c.workspace == gone)
    tx.execute(moved.values(workspace=other or ""))


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _is_clean(text: str) -> bool:
    """Whether the database accepts the text: PostgreSQL refuses a NUL."""
    return text.isascii() and text.isprintable()
