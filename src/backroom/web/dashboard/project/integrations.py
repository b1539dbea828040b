"""How programs reach a project: the public project key, the `mbk_` key, and secret keys with scopes.

A key is shown in the answer to the very form that made it and nowhere else: not in an address, not in a cookie.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import KeyScope, Role
from backroom.accounts.rules import check_name
from backroom.errors import NotFound
from backroom.projects.commands import create_secret_key, regenerate_miniback_key, revoke_key
from backroom.projects.queries import find_miniback_key, get_by_slug, list_keys
from backroom.projects.rules import Dialect
from backroom.projects.usage import usage_overview
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.projects import attempt, begin_change
from backroom.web.dashboard.project.snippets import snippets_of
from backroom.web.http import Answer, Operation
from backroom.web.sessions import origin_of

PAGE = "project/integrations/page.html"
SCOPES = {
    KeyScope.FEEDBACK_READ: "Read reports",
    KeyScope.FEEDBACK_WRITE: "Send reports and change their status",
    KeyScope.CHANNEL_READ: "Read channels",
    KeyScope.CHANNEL_WRITE: "Change channels and add hints",
    KeyScope.PROJECT_READ: "Read the project's settings",
    KeyScope.PROJECT_WRITE: "Change the project's settings",
}


class NewSecret(NamedTuple):
    """A key that was made just now, the one time it can be read."""

    dialect: Dialect
    name: str
    key: str


def read_integrations(
    conn: Connection, visit: Visit, slug: str, origin: str, form: Form | None = None, shown: NewSecret | None = None
) -> Values:
    """The page's values; keys only for those who manage them. Raises NotFound."""
    project = get_by_slug(conn, visit.actor, slug)
    manages = visit.actor.has_role(Role.ADMIN)
    keys = list_keys(conn, visit.actor, project.id) if manages else []
    secret = [key for key in keys if key.dialect is Dialect.PATCHROOMS]
    return {
        "project": project,
        "origin": origin,
        "snippets": snippets_of(origin, project)[:2],
        "plan": usage_overview(conn, visit.actor, visit.now).plan,
        "access": find_miniback_key(conn, visit.actor, project.id) if manages else None,
        "live": [key for key in secret if key.revoked_at is None],
        "revoked": [key for key in secret if key.revoked_at is not None],
        "scopes": SCOPES,
        "form": form,
        "shown": shown,
        "manages": manages,
    }


@signed_in
async def show_integrations(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The keys of the project and what they are for."""
    return await _page(door, request, visit)


@signed_in
async def regenerate_key(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A new `mbk_` key, shown this once (Miniback, "Keys and plans"); the one before ends, which one has to confirm."""
    form, project = await begin_change(door, request, visit)
    before = await door.db.read(find_miniback_key, visit.actor, project.id)
    if before is not None and form["sure"] != "yes":
        form.refuse("sure", "Confirm this first: programs that use the current key lose access immediately.")
        return await _page(door, request, visit, form)
    made = await door.db.write(regenerate_miniback_key, visit.actor, project.id, visit.now)
    return await _page(door, request, visit, shown=NewSecret(Dialect.MINIBACK, "API Access", made.key))


@signed_in
async def add_key(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A new secret key with the scopes that were ticked, shown this once."""
    form, project = await begin_change(door, request, visit)
    form.check("name", lambda name: check_name(name, "key's name"))
    scopes = frozenset(scope for scope in KeyScope if scope in form.all("scope"))
    if not scopes:
        form.refuse("scope", "Select at least one permission.")
    if form.right:
        command = door.db.write(create_secret_key, visit.actor, project.id, scopes, form["name"], visit.now)
        made = await attempt(form, "name", command)
        if made is not None:
            shown = NewSecret(Dialect.PATCHROOMS, form["name"].strip(), made.key)
            return await _page(door, request, visit, shown=shown)
    return await _page(door, request, visit, form)


@signed_in
async def revoke_project_key(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Ends a secret key of this project."""
    _, project = await begin_change(door, request, visit)
    key: str = request.path_params["key"]
    found = next((row for row in await door.db.read(list_keys, visit.actor, project.id) if row.id == key), None)
    if found is None:
        raise NotFound("Key not found.")
    await door.db.write(revoke_key, visit.actor, key, visit.now)
    return say(door, request.scope, f"/p/{project.slug}/integrations", f"The key {found.name} was revoked.")


async def _page(
    door: DashboardDoor, request: Request, visit: Visit, form: Form | None = None, shown: NewSecret | None = None
) -> Answer:
    slug, origin = request.path_params["slug"], origin_of(door, request.scope)
    return await door.page(request, visit, PAGE, read_integrations, slug, origin, form, shown)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/integrations", show_integrations, "A project's keys."),
    Operation("POST", "/p/{slug}/integrations/api-access", regenerate_key, "Generate the mbk_ key."),
    Operation("POST", "/p/{slug}/integrations/keys", add_key, "Create a secret key."),
    Operation("POST", "/p/{slug}/integrations/keys/{key}/revoke", revoke_project_key, "Revoke a secret key."),
]
