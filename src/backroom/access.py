"""Who asks, and what they are allowed."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from backroom.errors import Denied


class KeyScope(StrEnum):
    """What a secret key may do (Patchrooms, "Keys and hosts")."""

    PROJECT_READ = "project:read"
    PROJECT_WRITE = "project:write"
    FEEDBACK_READ = "feedback:read"
    FEEDBACK_WRITE = "feedback:write"
    CHANNEL_READ = "channel:read"
    CHANNEL_WRITE = "channel:write"


ALL_SCOPES = frozenset(KeyScope)


class Role(StrEnum):
    """What a member of a workspace is, from most to least."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


RANKS = (Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER)
"""From least to most: each role may do what those before it may."""

_READING = frozenset({KeyScope.PROJECT_READ, KeyScope.FEEDBACK_READ, KeyScope.CHANNEL_READ})
SCOPES_OF: dict[Role, frozenset[KeyScope]] = {
    Role.VIEWER: _READING,
    Role.MEMBER: _READING | {KeyScope.FEEDBACK_WRITE},
    Role.ADMIN: ALL_SCOPES,
    Role.OWNER: ALL_SCOPES,
}


class Actor(NamedTuple):
    """Whoever acts: a key, a person, the operator at the command line, or the public with a project key.

    `project` is set where the actor is bound to one project, else the actor reaches
    every project of `workspace`. `role` is that of a person in the workspace, and of those who act
    for its owner; keys that are bound to a project have none. `name` is for people to read.
    """

    kind: str
    id: str
    workspace: str
    project: str | None
    scopes: frozenset[KeyScope]
    role: Role | None = None
    name: str = ""

    def require(self, scope: KeyScope) -> None:
        """Raises Denied unless this actor has `scope`."""
        if scope not in self.scopes:
            raise Denied(f"This needs the scope {scope}." if self.role is None else f"The role {self.role} may not.")

    def has_role(self, least: Role) -> bool:
        """Whether this actor's role is `least` or more."""
        return self.role is not None and RANKS.index(self.role) >= RANKS.index(least)

    def require_role(self, least: Role) -> None:
        """Raises Denied unless this actor's role is `least` or more."""
        if not self.has_role(least):
            raise Denied(f"This needs the role {least}.")

    def require_project(self, project: str) -> None:
        """Raises Denied where this actor is bound to another project."""
        if self.project is not None and self.project != project:
            raise Denied("This key belongs to another project.")


def operator(workspace: str = "") -> Actor:
    """The one at the machine's own command line: may do everything, in any workspace."""
    return Actor("operator", "cli", workspace, None, ALL_SCOPES, Role.OWNER, "Command line")


def person(user: str, name: str, workspace: str, role: Role) -> Actor:
    """A member of a workspace, who reaches all of its projects as far as the role goes."""
    return Actor("user", user, workspace, None, SCOPES_OF[role], role, name)
