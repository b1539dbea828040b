"""Who reports can be assigned to, by id or by the name that an agent gives."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from backroom.access import Actor, KeyScope, Role
from backroom.errors import Denied, Invalid
from backroom.store.tables import memberships, projects, users


class Person(NamedTuple):
    """Somebody with an account."""

    id: str
    name: str


class NamedAssignee(NamedTuple):
    """An assignee as an agent names it: a member by name or id, `none`, or `me`, the person whose id is `me`.

    `me` is None for an agent that acts for nobody: one with a key of the project.
    """

    name: str
    me: str | None


def list_assignable(conn: Connection, actor: Actor) -> list[Person]:
    """Those members of the actor's workspace who may triage, by name. Raises Denied."""
    actor.require(KeyScope.FEEDBACK_READ)
    query = select(users.c.id, users.c.name).join(memberships, memberships.c.user == users.c.id)
    query = query.where(memberships.c.workspace == actor.workspace, memberships.c.role != Role.VIEWER.value)
    return [Person(*row) for row in conn.execute(query.order_by(func.lower(users.c.name), users.c.id))]


def get_assignee(conn: Connection, actor: Actor, project: str, to: str | NamedAssignee | None) -> str | None:
    """The id of the member that `to` names, None for nobody.

    Raises Invalid, which tells whom an agent may name, for somebody who isn't a member of the project's workspace who
    may triage; Denied.
    """
    user = _find_named(conn, actor, to) if isinstance(to, NamedAssignee) else to
    if user is None:
        return None
    query = select(memberships.c.role).join(projects, projects.c.workspace == memberships.c.workspace)
    role = conn.execute(query.where(projects.c.id == project, memberships.c.user == user)).scalar()
    if role is None or role == Role.VIEWER.value:
        raise Invalid("Only a member of this workspace who may triage can be assigned.")
    return user


def _find_named(conn: Connection, actor: Actor, to: NamedAssignee) -> str | None:
    wanted = to.name.strip().casefold()
    if wanted == "none":
        return None
    if KeyScope.FEEDBACK_READ not in actor.scopes:
        raise Denied("Assigning needs the scope feedback:read too, to look up who may be assigned.")
    people = list_assignable(conn, actor)
    if wanted == "me":
        if to.me is None:
            raise Invalid(f"This key is nobody's, so there is no 'me'. Name one of: {_names(people)}.")
        return to.me
    found = [person.id for person in people if wanted in (person.id, person.name.casefold())]
    if len(found) != 1:
        what = "Several people are" if found else "Nobody who takes reports is"
        raise Invalid(f"{what} called {to.name!r}. Give 'none' or one of: {_names(people, ids=bool(found))}.")
    return found[0]


def _names(people: list[Person], *, ids: bool = False) -> str:
    return ", ".join(f"{person.name} ({person.id})" if ids else person.name for person in people) or "nobody"
