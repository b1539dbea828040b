"""Who changed what in the workspace, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, select
from starlette.requests import Request

from backroom.access import Scope
from backroom.accounts.audit import Change, list_audit
from backroom.ids import is_id
from backroom.store.tables import users
from backroom.web.dashboard.auth import Visit, signed_in
from backroom.web.dashboard.words import day
from backroom.web.http import Answer, Operation

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor, Values

PAGE = 50
MOST_SHOWN = 60
"""Characters of a value."""

ABOUT_PEOPLE = ("member", "password", "second-factor")
Payload = Mapping[str, Any]


class Line(NamedTuple):
    """An entry of the log: who, and the rest of the sentence."""

    at: int
    who: str
    text: str


def read_audit(conn: Connection, visit: Visit, before: str | None) -> Values:
    """A page of the log by days, newest first. Raises Denied."""
    found = list_audit(conn, visit.actor, before, PAGE + 1)
    shown = found[:PAGE]
    names = _names(conn, shown)
    lines = [Line(change.at, who(change), sentence(change, names)) for change in shown]
    days = [(title, list(group)) for title, group in groupby(lines, lambda line: day(line.at, visit.now))]
    return {"days": days, "older": shown[-1].id if len(found) > PAGE else None, "before": before}


def who(change: Change) -> str:
    """Who did it, to begin a sentence with."""
    if change.actor_kind == "operator":
        return "The command line"
    if change.actor_kind == "key":
        return f"The key {change.actor_name}" if change.actor_name else "A key"
    return change.actor_name or "Somebody"


def sentence(change: Change, names: Mapping[str, str]) -> str:
    """What was done, to end a sentence that begins with who did it. `names` are those of people by their ids."""
    payload = change.payload
    if change.action in ABOUT_OTHERS:
        return ABOUT_OTHERS[change.action](payload, names.get(change.subject, "somebody"))
    if change.action in SENTENCES:
        text = SENTENCES[change.action](payload, change.subject)
    else:
        thing, _, verb = change.action.partition(".")
        text = f"did {verb.replace('-', ' ') or 'something'} to the {thing.replace('-', ' ')} {change.subject}"
    project = payload.get("project_name")
    if project and not change.action.startswith("project."):
        text = f"{text} in {project}"
    return f"{text}: {_differences(payload)}" if change.action in WITH_DIFFERENCES else text


def _names(conn: Connection, changes: Iterable[Change]) -> dict[str, str]:
    """The names of the people whom these changes are about, also of those who have left."""
    ids = {each.subject for each in changes if each.action.startswith(ABOUT_PEOPLE) and is_id(each.subject)}
    rows = conn.execute(select(users.c.id, users.c.name).where(users.c.id.in_(sorted(ids))))
    return {row.id: row.name for row in rows}


def _shown(value: Any) -> str:
    """A value as people read it."""
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _differences(payload: Payload) -> str:
    """`name from A to B; archived yes`: what a change noted as pairs of before and after, or in a word."""
    parts = []
    for name, value in payload.items():
        if name in ("project", "project_name"):
            continue
        before, after = value if isinstance(value, list) and len(value) == 2 else (None, value)
        told = (
            _shown(after) if before is None or isinstance(after, bool) else f"from {_shown(before)} to {_shown(after)}"
        )
        parts.append(f"{name.replace('_', ' ')} {told}")
    return "; ".join(parts)


def _scopes(payload: Payload) -> str:
    scopes = str(payload.get("scopes") or "").split()
    return "every scope" if len(scopes) == len(Scope) else ", ".join(scopes)


def _invitation(payload: Payload) -> str:
    to = payload.get("email")
    return f"an invitation {'for ' + to + ' ' if to else ''}as {payload.get('role')}"


WITH_DIFFERENCES = ("project.change", "project.widget", "channel.change")
SENTENCES: dict[str, Callable[[Payload, str], str]] = {
    "instance.set-up": lambda *_: "set this server up",
    "instance.sign-up": lambda payload, _: f"set sign-up on this server to {payload.get('mode')}",
    "instance.default-plan": lambda payload, _: (
        f"set the plan of new workspaces to {payload.get('plan') or 'that of the settings'}"
    ),
    "workspace.create": lambda payload, _: f"made the workspace {payload.get('name')}",
    "workspace.rename": lambda payload, _: f"renamed the workspace to {payload.get('name')}",
    "workspace.plan": lambda payload, _: f"put the workspace on the plan {payload.get('plan')}",
    "invitation.create": lambda payload, _: f"made {_invitation(payload)}",
    "invitation.revoke": lambda payload, _: f"withdrew {_invitation(payload)}",
    "member.join": lambda payload, _: f"joined as {payload.get('role')}",
    "member.sign-up": lambda *_: "made an account with this workspace",
    "member.leave": lambda payload, _: f"left, and was {payload.get('role')}",
    "password.change": lambda *_: "changed their own password",
    "password.reset": lambda *_: "set a new password by a link or the command line",
    "second-factor.on": lambda *_: "turned their second factor on",
    "second-factor.off": lambda *_: "turned their second factor off",
    "second-factor.codes": lambda *_: "made new recovery codes",
    "second-factor.lost": lambda *_: "lost their second factor, which was turned off",
    "project.create": lambda payload, _: f"created the project {payload.get('project_name')}",
    "project.change": lambda payload, _: f"changed the project {payload.get('project_name')}",
    "project.widget": lambda payload, _: f"changed the widget of {payload.get('project_name')}",
    "project.delete": lambda payload, _: f"deleted the project {payload.get('project_name')} and all its feedback",
    "key.create": lambda payload, _: f"made the key “{payload.get('name')}” with {_scopes(payload)}",
    "key.revoke": lambda payload, _: f"revoked the key “{payload.get('name')}”",
    "channel.create": lambda payload, key: f"added the channel {payload.get('name')} ({key})",
    "channel.change": lambda _payload, key: f"changed the channel {key}",
    "hint.add": lambda payload, _: (
        f"hinted at the channel {payload.get('channel')} with the weight {payload.get('weight')}"
        f" for {payload.get('user') or 'everybody'}"
    ),
    "hint.delete": lambda payload, _: f"took back a hint at the channel {payload.get('channel')}",
}

ABOUT_OTHERS: dict[str, Callable[[Payload, str], str]] = {
    "member.role": lambda payload, name: (
        f"changed the role of {name} from {payload.get('from')} to {payload.get('to')}"
    ),
    "member.remove": lambda payload, name: f"removed {name}, who was {payload.get('role')}",
}


@signed_in
async def show_audit(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The log."""
    before = request.query_params.get("before")
    return await door.page(request, visit, "workspace/audit.html", read_audit, before)


OPERATIONS: list[Operation[Any]] = [Operation("GET", "/audit", show_audit, "Who changed what.")]
