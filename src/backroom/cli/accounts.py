"""`backroom user …` and `backroom workspace …`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from backroom.accounts import commands
from backroom.accounts.rules import Plan, parse_plan
from backroom.cli.place import Place, opened, parsed_by, read_line
from backroom.clock import now_ms


def create_user(
    *,
    email: Annotated[str, Parameter(help="The mail address, which is the name to sign in with.")],
    name: Annotated[str, Parameter(help="How others see this person; else the first part of the address.")] = "",
    password_stdin: Annotated[  # noqa: ARG001 -- required, and there is no other way in
        bool, Parameter(negative="", required=True, help="Read the password from standard input.")
    ],
    place: Place = Place(),  # noqa: B008
) -> None:
    """Adds a person and a workspace of their own; makes the store where there is none."""
    settings = place.settings()
    password_hash = commands.hash_password(read_line("password"))
    with opened(settings) as db:
        made = db.write_now(commands.create_user, email, name, password_hash, settings.default_plan, now_ms())
    place.answer(
        {"id": made.id, "email": made.email, "workspaceId": made.workspace},
        f"Made the user {made.email} ({made.id}) with the workspace {made.workspace}.",
    )


def set_plan(
    workspace: str,
    plan: Annotated[Plan, Parameter(converter=parsed_by(parse_plan), show_choices=False)],
    /,
    *,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Puts a workspace on another plan from now on.

    Parameters
    ----------
    workspace
        The workspace's id.
    plan
        What it gets: FREE, STARTER or PRO.
    """
    with opened(place.settings()) as db:
        db.write_now(commands.set_plan, workspace, plan)
    place.answer({"id": workspace, "plan": plan.value}, f"The workspace {workspace} is on the plan {plan} now.")
