"""A project's settings: its name, where its widget shows, who may send, how users are signed, and its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Role
from backroom.accounts.rules import check_name
from backroom.errors import Invalid
from backroom.projects.commands import delete_named, generate_identity_secret, update_project
from backroom.projects.queries import get_by_slug
from backroom.projects.rules import check_identity_secret, check_origin, check_slug, check_url_pattern, matches
from backroom.projects.samples import SAMPLES
from backroom.projects.widget import get_widget
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.projects import attempt, begin_change, find_project_here
from backroom.web.http import Answer, Operation

PAGE = "project/settings/page.html"
MOST_LINES = 500
TRIED_LENGTH = 4_000


class Tried(NamedTuple):
    """What the tester says of an address: whether the widget shows there, and the patterns that say so."""

    address: str
    shows: bool
    by: list[str]


def read_project_settings(
    conn: Connection,
    visit: Visit,
    slug: str,
    tried: str = "",
    form: Form | None = None,
    secret: str | None = None,
) -> Values:
    """The page's values; `tried` is the tester's address, `secret` an identity secret that was made just now."""
    project = get_by_slug(conn, visit.actor, slug)
    tried = tried.strip()[:TRIED_LENGTH]
    return {
        "project": project,
        "widget": get_widget(conn, visit.actor, project.id),
        "tried": _try_address(project.url_patterns, tried) if tried else None,
        "samples": SAMPLES,
        "form": form,
        "secret": secret,
        "manages": visit.actor.has_role(Role.ADMIN),
        "owns": visit.actor.has_role(Role.OWNER),
    }


def _try_address(patterns: list[str], address: str) -> Tried:
    return Tried(address, matches(patterns, address), [each for each in patterns if matches([each], address)])


@signed_in
async def show_settings(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The settings; with `address` also whether the widget shows there."""
    slug, tried = request.path_params["slug"], request.query_params.get("address", "")
    return await door.page(request, visit, PAGE, read_project_settings, slug, tried)


@signed_in
async def change_project_name(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The project's name, and the slug in its URLs."""
    form, project = await begin_change(door, request, visit)
    slug = form["slug"].strip()
    changes = {"name": form.check("name", check_name), "slug": form.check("slug", lambda _typed: check_slug(slug))}
    if form.right:
        await attempt(form, "slug", door.db.write(update_project, visit.actor, project.id, changes, visit.now))
    if not form.right:
        return await _again(door, request, visit, form)
    moved = f" Its URL is now /p/{slug}." if slug != project.slug else ""
    return say(door, request.scope, f"/p/{slug}/settings", f"Saved.{moved}")


@signed_in
async def change_addresses(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Where the widget shows, or which origins may send: whichever of the two the form has."""
    form, project = await begin_change(door, request, visit)
    changes: dict[str, Any] = {}
    for field, rule in (("url_patterns", check_url_pattern), ("allowed_origins", check_origin)):
        if field in form:
            changes[field] = form.check(field, partial(lines_of, rule=rule))
    if not form.right:
        return await _again(door, request, visit, form)
    await door.db.write(update_project, visit.actor, project.id, changes, visit.now)
    return say(door, request.scope, f"/p/{project.slug}/settings", "Saved.")


def lines_of(typed: str, rule: Callable[[str], str]) -> list[str]:
    """The lines that aren't empty, each as `rule` makes it, none twice. Raises Invalid, which names the line."""
    found: dict[str, None] = {}
    for number, line in enumerate(typed.splitlines(), 1):
        if line.strip():
            try:
                found[rule(line)] = None
            except Invalid as error:
                raise Invalid(f"Line {number}: {error.message}") from error
    if len(found) > MOST_LINES:
        raise Invalid(f"At most {MOST_LINES} lines are allowed. You entered {len(found)}.")
    return list(found)


@signed_in
async def change_identity(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Makes a secret that signs users and shows it this once, keeps one that was typed, or takes it away."""
    form, project = await begin_change(door, request, visit)
    act = form["change"]
    if project.identity_secret_set and form["sure"] != "yes":
        form.refuse("sure", "Confirm this first: users signed with the current secret will show as not verified.")
        return await _again(door, request, visit, form)
    if act == "generate":
        secret = await door.db.write(generate_identity_secret, visit.actor, project.id, visit.now)
        return await door.page(request, visit, PAGE, read_project_settings, project.slug, "", None, secret)
    kept = None if act == "remove" else form.check("secret", lambda typed: check_identity_secret(typed.strip()))
    if not form.right:
        return await _again(door, request, visit, form)
    await door.db.write(update_project, visit.actor, project.id, {"identity_secret": kept}, visit.now)
    done = "The new identity secret was saved." if kept else "The identity secret was removed."
    return say(door, request.scope, f"/p/{project.slug}/settings", done)


@signed_in
async def remove_project(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Deletes the project with all its reports, for an owner who typed its name."""
    form = await read_form(request)
    project = await find_project_here(door, request, visit)
    command = door.db.write(delete_named, visit.actor, project.id, form["typed"], visit.now)
    await attempt(form, "typed", command)
    if not form.right:
        return await _again(door, request, visit, form)
    return say(door, request.scope, "/projects", f"{project.name} and its reports were deleted.")


async def _again(door: DashboardDoor, request: Request, visit: Visit, form: Form) -> Answer:
    return await door.page(request, visit, PAGE, read_project_settings, request.path_params["slug"], "", form)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/settings", show_settings, "A project's settings."),
    Operation("POST", "/p/{slug}/settings/name", change_project_name, "Rename a project."),
    Operation("POST", "/p/{slug}/settings/addresses", change_addresses, "Where the widget shows and who may send."),
    Operation("POST", "/p/{slug}/settings/identity", change_identity, "Set or remove the identity secret."),
    Operation("POST", "/p/{slug}/settings/delete", remove_project, "Delete a project."),
]
