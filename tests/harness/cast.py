"""The people of the tests, made with the program's own commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.harness.server import Cli
from tests.harness.store import Store, new_store

ALL_SCOPES = (
    "project:read",
    "project:write",
    "feedback:read",
    "feedback:write",
    "channel:read",
    "channel:write",
)
READING = ("project:read", "feedback:read", "channel:read")


@dataclass(frozen=True)
class Project:
    """A project as the command line tells it; `project_key` is the public one."""

    id: str
    name: str
    slug: str
    project_key: str


@dataclass(frozen=True)
class Person:
    """Somebody with an account, the project they work on and their keys to it.

    `key` is a secret key of the Patchrooms dialect (`pr_sk_…`), `miniback_key` the project's
    one key of the Miniback dialect (`mbk_…`).
    """

    id: str
    email: str
    password: str
    workspace: str
    project: Project
    key: str
    miniback_key: str


@dataclass(frozen=True)
class Reporter:
    """Somebody without an account, who uses the owner's product and sends reports."""

    user_id: str
    project_key: str


@dataclass(frozen=True)
class Cast:
    """The people, on one store.

    The owner's key has every scope; the teammate's opens the same project for reading only; the
    outsider has as much as the owner, in another workspace. All workspaces are on the plan PRO.
    """

    store: Store
    owner: Person
    teammate: Person
    outsider: Person
    reporter: Reporter

    @property
    def cli(self) -> Cli:
        """Runs commands on the cast's store."""
        return Cli(self.store)


def make_cast(store: Store) -> Cast:
    """Put the cast into an empty store."""
    run = Cli(store)
    owner, teammate, outsider = (_user(run, name) for name in ("owner", "teammate", "outsider"))
    room = _project(run, owner["workspaceId"], "Room")
    elsewhere = _project(run, outsider["workspaceId"], "Elsewhere")
    room_miniback, elsewhere_miniback = _miniback_key(run, room), _miniback_key(run, elsewhere)
    return Cast(
        store=store,
        owner=_person(owner, room, _key(run, room, ALL_SCOPES), room_miniback),
        teammate=_person(teammate, room, _key(run, room, READING), room_miniback),
        outsider=_person(outsider, elsewhere, _key(run, elsewhere, ALL_SCOPES), elsewhere_miniback),
        reporter=Reporter(user_id="reporter-1", project_key=room.project_key),
    )


@contextmanager
def copy_cast(cast: Cast, data_dir: Path) -> Iterator[Cast]:
    """The same people on a store of their own, for the time of the block."""
    with new_store(data_dir, cast.store.cluster, like=cast.store) as store:
        yield replace(cast, store=store)


def _user(run: Cli, name: str) -> dict[str, str]:
    email, password = f"{name}@example.com", f"the password of {name}"
    words = ("--email", email, "--name", name.capitalize(), "--password-stdin")
    return run("user", "create", *words, input=f"{password}\n") | {"password": password}


def _person(user: dict[str, str], project: Project, key: str, miniback_key: str) -> Person:
    return Person(
        id=user["id"],
        email=user["email"],
        password=user["password"],
        workspace=user["workspaceId"],
        project=project,
        key=key,
        miniback_key=miniback_key,
    )


def _project(run: Cli, workspace: str, name: str) -> Project:
    made = run("project", "create", "--workspace", workspace, "--name", name)
    return Project(made["id"], made["name"], made["slug"], made["projectKey"])


def _key(run: Cli, project: Project, scopes: tuple[str, ...]) -> str:
    chosen = [word for scope in scopes for word in ("--scope", scope)]
    return str(run("key", "create", "--project", project.id, *chosen)["key"])


def _miniback_key(run: Cli, project: Project) -> str:
    return str(run("key", "create", "--project", project.id, "--miniback")["key"])
