"""The whole server, for its owners: who may create an account, plans, email."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.accounts.instance import (
    get_instance,
    list_all_workspaces,
    require_instance_owner,
    set_default_plan,
    set_sign_up,
)
from backroom.accounts.mail import MailFailed, parse_smtp_url
from backroom.accounts.rules import PLANS, Limits, Plan, parse_plan, parse_sign_up
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form, read_form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation

PATH = "/instance"
PAGE = "workspace/instance/page.html"
SIGN_UPS = [
    ("invitation", "By invitation", "Only people with an invitation link can create an account."),
    ("open", "Open", "Anyone can create an account and gets their own workspace."),
    ("closed", "Closed", "Nobody can create an account. People with an account can still accept invitations."),
]


def read_instance(conn: Connection, visit: Visit, door: DashboardDoor, form: Form | None = None) -> Values:
    """The settings, the state of mail, and all workspaces. Raises Denied."""
    settings = door.settings
    smtp = parse_smtp_url(settings.smtp_url) if settings.smtp_url else None
    return {
        "form": form,
        "workspaces": list_all_workspaces(conn, visit.actor),
        "instance": get_instance(conn),
        "sign_ups": SIGN_UPS,
        "plans": list(Plan),
        "about_plans": [(plan, plan_words(PLANS[plan])) for plan in Plan],
        "plan_of_settings": settings.default_plan,
        "server": f"{smtp.host}:{smtp.port}" if smtp else "",
        "sender": settings.mail_from,
        "public_url": settings.public_url,
    }


def plan_words(limits: Limits) -> str:
    """What a plan includes, in one line."""
    if limits.projects is None:
        return "unlimited projects, reports and API calls"
    projects = "1 project" if limits.projects == 1 else f"{limits.projects} projects"
    api = f"{limits.api_calls:,} API calls" + ("" if limits.reads_api else " (sending only)")
    return f"{projects}, {limits.feedback:,} reports and {api} a month"


@signed_in
async def show_instance(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The instance's page."""
    return await door.page(request, visit, PAGE, read_instance, door)


@signed_in
async def choose_sign_up(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Sets who may create an account. Raises Denied, Invalid."""
    form = await read_form(request)
    mode = parse_sign_up(form["sign_up"])
    await door.db.write(set_sign_up, visit.actor, mode, visit.now)
    return say(door, request.scope, PATH, f"Sign-up is now {'by ' if mode == 'invitation' else ''}{mode}.")


@signed_in
async def choose_default_plan(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Says what new workspaces get. Raises Denied, Invalid."""
    form = await read_form(request)
    plan = parse_plan(form["plan"]) if form["plan"] else None
    await door.db.write(set_default_plan, visit.actor, plan, visit.now)
    return say(door, request.scope, PATH, f"The default plan is now {plan or door.settings.default_plan}.")


@signed_in
async def send_test(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Sends an email to the person who asks, and says what came of it. Raises Denied."""
    form = await read_form(request)
    await door.db.read(require_instance_owner, visit.actor)
    email = visit.session.email
    try:
        if door.mailer.on:
            await door.mailer.send_test(email)
            return say(
                door, request.scope, PATH, f"The mail server accepted a test email to {email}. Check that it arrives."
            )
        form.refuse("", "No mail server is set.")
    except MailFailed as error:
        form.refuse("", error.message)
    return await door.page(request, visit, PAGE, read_instance, door, form)


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", PATH, show_instance, "The instance."),
    Operation("POST", f"{PATH}/sign-up", choose_sign_up, "Set who can create an account."),
    Operation("POST", f"{PATH}/default-plan", choose_default_plan, "Set the default plan."),
    Operation("POST", f"{PATH}/test-mail", send_test, "Send a test email."),
]
