"""A workspace of a test's own, and requests with its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from backroom.access import operator
from backroom.accounts.commands import create_workspace, set_plan
from backroom.accounts.rules import Kind, Plan
from backroom.accounts.usage import take, used
from backroom.clock import now_ms
from backroom.projects import commands
from backroom.projects.queries import get_project
from backroom.store.database import Database

WIDGET = {"x-feedback-source": "widget"}
NOBODY = "0" * 24
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Room:
    """A workspace with one project and that project's `mbk_` key."""

    db: Database
    http: httpx.Client
    workspace: str
    project: str
    slug: str
    key: str

    def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = "",
        headers: Mapping[str, str | bytes] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """A request below `/api`, with the room's key, another, or (None) without one."""
        named = dict(headers or {}) | ({} if key is None else {"x-api-key": key or self.key})
        sent = [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in named.items()]
        if json is not None:
            more["json"] = json
        return self.http.request(method, f"/api{path}", headers=sent, **more)

    def send(self, message: str, context: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Feedback for the room's project; the answer's data."""
        body = {"message": message} | ({} if context is None else {"context": context})
        answer = self.ask("POST", f"/projects/{self.project}/feedback", body, **more)
        assert answer.status_code == 201, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET that must be answered with 200."""
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def messages(self, path: str = "/feedback", **params: Any) -> list[str]:
        """The messages of a list, in its order."""
        return [item["message"] for item in self.get(path, **params)["data"]]

    def another_project(self, name: str) -> tuple[str, str]:
        """One more project in the workspace; its id and slug."""
        return new_project(self.db, self.workspace, name)

    def set_plan(self, plan: Plan) -> None:
        """Put the workspace on another plan."""
        self.db.write_now(set_plan, self.workspace, plan)

    def use(self, kind: Kind, amount: int) -> None:
        """Use so much of the month's quota."""
        granted, _ = self.db.write_now(take, self.workspace, kind, amount, now_ms())
        assert granted == amount

    def used(self, kind: Kind) -> int:
        """What the workspace has used this month."""
        return self.db.read_now(used, self.workspace, kind, now_ms())


def new_room(db: Database, http: httpx.Client, plan: Plan, name: str) -> Room:
    """A new workspace on that plan, with a project of that name."""
    workspace = db.write_now(create_workspace, name, plan, now_ms())
    project, slug = new_project(db, workspace, name)
    key = db.write_now(commands.regenerate_miniback_key, operator(workspace), project, now_ms()).key
    return Room(db, http, workspace, project, slug, key)


def new_project(db: Database, workspace: str, name: str) -> tuple[str, str]:
    """A new project; its id and slug."""
    actor = operator(workspace)
    project = db.write_now(commands.create_project, actor, name, None, now_ms())
    return project, db.read_now(get_project, actor, project).slug
