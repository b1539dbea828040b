"""Who asks, and what they are allowed."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from backroom.errors import Denied


class Scope(StrEnum):
    """What a secret key may do (Patchrooms, "Keys and hosts")."""

    PROJECT_READ = "project:read"
    PROJECT_WRITE = "project:write"
    FEEDBACK_READ = "feedback:read"
    FEEDBACK_WRITE = "feedback:write"
    CHANNEL_READ = "channel:read"
    CHANNEL_WRITE = "channel:write"


ALL_SCOPES = frozenset(Scope)


class Role(StrEnum):
    """What a member of a workspace is, from most to least."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Actor(NamedTuple):
    """Whoever acts: a key, a person, the operator at the command line, or the public with a project key.

    `project` is set where the actor is bound to one project, else the actor reaches
    every project of `workspace`.
    """

    kind: str
    id: str
    workspace: str
    project: str | None
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Raises Denied unless this actor has `scope`."""
        if scope not in self.scopes:
            raise Denied(f"This needs the scope {scope}.")

    def require_project(self, project: str) -> None:
        """Raises Denied where this actor is bound to another project."""
        if self.project is not None and self.project != project:
            raise Denied("This key belongs to another project.")


def operator(workspace: str = "") -> Actor:
    """The one at the machine's own command line: may do everything, in any workspace."""
    return Actor("operator", "cli", workspace, None, ALL_SCOPES)
