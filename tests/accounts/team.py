"""A workspace with somebody of every role, and a workspace beside it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backroom.access import Actor, Role, person
from backroom.accounts.audit import Change, list_audit
from backroom.accounts.commands import add_member, add_person, create_user
from backroom.accounts.members import list_members
from backroom.accounts.rules import Plan
from backroom.accounts.sessions import Session, find_session, start_session
from backroom.store.database import Database
from tests.store.fixtures import NOW

PASSWORD_HASH = "no hash at all"


@dataclass(frozen=True)
class Team:
    """The people as actors. The owner was the first on the instance, and so owns it."""

    db: Database
    workspace: str
    owner: Actor
    admin: Actor
    member: Actor
    viewer: Actor
    outsider: Actor

    def __getitem__(self, name: str) -> Actor:
        found: Actor = getattr(self, name)
        return found

    def roles(self) -> dict[str, Role]:
        """Everybody's role as the store has it, by name."""
        return {one.name: one.role for one in self.db.read_now(list_members, self.owner)}

    def audit(self) -> list[Change]:
        """The workspace's log, oldest first."""
        return self.db.read_now(list_audit, self.owner, None, 100)[::-1]

    def sign_in(self, actor: Actor, now: int = NOW, *, confirmed: bool = True) -> str:
        """A session of that person in this workspace; its token."""
        return self.db.write_now(start_session, actor.id, actor.workspace, "192.0.2.1", "Firefox", confirmed, now)

    def session(self, token: str, now: int = NOW) -> Session:
        """The session of that token, which must be there."""
        found = self.db.read_now(find_session, token, now)
        assert found is not None
        return found


def make_team(db: Database) -> Team:
    """Adds the people; their addresses are role@example.com."""
    first = db.write_now(create_user, "owner@example.com", "owner", PASSWORD_HASH, Plan.PRO, NOW)
    actors = {"owner": person(first.id, "owner", first.workspace, Role.OWNER)}
    for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
        actors[role.value] = db.write_now(_add, role, first.workspace)
    other = db.write_now(create_user, "outsider@example.com", "outsider", PASSWORD_HASH, Plan.PRO, NOW)
    outsider = person(other.id, "outsider", other.workspace, Role.OWNER)
    return Team(db, first.workspace, outsider=outsider, **actors)


def _add(tx: Connection, role: Role, workspace: str) -> Actor:
    user, _, name = add_person(tx, f"{role}@example.com", role.value, PASSWORD_HASH, NOW)
    add_member(tx, workspace, user, role, NOW)
    return person(user, name, workspace, role)
