"""People with the dashboard open: a browser without scripts, signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Concatenate, ParamSpec, Self, TypeVar

import httpx
from sqlalchemy import Connection, select

from backroom.access import Role
from backroom.accounts.commands import add_member, add_person
from backroom.accounts.sessions import start_session
from backroom.clock import now_ms
from backroom.store.database import Database
from backroom.store.tables import users
from tests.harness.cast import Cast
from tests.harness.server import Server
from tests.harness.store import Store

PEOPLE = ("owner", "admin", "member", "viewer", "outsider")
"""One of each role in the owner's workspace, and the cast's outsider."""

COOKIE = "backroom"
Fields = Mapping[str, str | Sequence[str]]
P = ParamSpec("P")
T = TypeVar("T")


class Member:
    """One person's browser; without a `token` nobody is signed in yet.

    Redirects aren't followed; cookies are kept; forms are sent as from the page itself.
    """

    def __init__(self, url: str, user: str, token: str) -> None:
        self.user = user
        self.token = token
        self._client = httpx.Client(base_url=url, headers={"accept": "text/html"})
        if token:
            self._client.cookies.set(COOKIE, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Opens a page."""
        return self._client.get(path, headers=dict(headers or {}))

    def post(self, path: str, fields: Fields | None = None, site: str = "same-origin") -> httpx.Response:
        """Sends a form; `site` is what the browser says of where it stood (`Sec-Fetch-Site`)."""
        return self._client.post(path, data=dict(fields or {}), headers={"sec-fetch-site": site})

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """The page that a redirect leads to."""
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:500]}"
        return self.get(answer.headers["location"])


@contextmanager
def members_of(cast: Cast, server: Server) -> Iterator[dict[str, Member]]:
    """The `PEOPLE` by name, signed in, for the time of the block; adds those who are missing to the store.

    Sessions end by the server's own clock, so they begin at the real time.
    """
    with ExitStack() as kept:
        found = {}
        for name in PEOPLE:
            user, token = in_store(cast.store, _sign_in, cast, name)
            found[name] = kept.enter_context(Member(server.url, user, token))
        yield found


def in_store(store: Store, command: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `command(tx, …)` returns, done to the store beside a server that runs on it."""
    db = Database(store.url if store.cluster else "", store.data_dir)
    try:
        return db.write_now(command, *args, **kwargs)
    finally:
        db.close()


def _sign_in(tx: Connection, cast: Cast, name: str) -> tuple[str, str]:
    """The person's id and the token of a new session."""
    if name == "outsider":
        user, workspace = cast.outsider.id, cast.outsider.workspace
    else:
        workspace = cast.owner.workspace
        user = cast.owner.id if name == "owner" else _member(tx, workspace, Role(name))
    return user, start_session(tx, user, workspace, "", "test", True, now_ms())


def _member(tx: Connection, workspace: str, role: Role) -> str:
    """The id of the workspace's member with that role, who is added where there is none yet."""
    email = f"{role}@example.com"
    found = tx.execute(select(users.c.id).where(users.c.email == email)).scalar()
    if found is not None:
        return str(found)
    user = add_person(tx, email, role.value.capitalize(), "no hash at all", now_ms())[0]
    add_member(tx, workspace, user, role, now_ms())
    return user
