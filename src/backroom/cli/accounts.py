"""`backroom user …` and `backroom workspace …`."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from backroom.access import operator
from backroom.accounts import commands, people
from backroom.accounts.instance import change_plan, first_plan
from backroom.accounts.links import reset_link
from backroom.accounts.passwords import hash_password
from backroom.accounts.rules import Plan, parse_plan
from backroom.cli.place import Place, opened, parsed_by, read_line
from backroom.clock import iso, now_ms

LOCAL_ADDRESS = "http://127.0.0.1:8000"
"""The address of `backroom serve` with its default host and port."""

WHERE = (
    f"Open it on the server's own host and port, such as {LOCAL_ADDRESS}. "
    "Set BACKROOM_PUBLIC_URL to get the full address."
)


def create_user(
    *,
    email: Annotated[str, Parameter(help="The user's email, for signing in.")],
    name: Annotated[str, Parameter(help="The name that others see. Default: the first part of the email.")] = "",
    password_stdin: Annotated[  # noqa: ARG001 -- required: a password is read from nowhere else
        bool, Parameter(negative="", required=True, help="Read the password from standard input.")
    ],
    place: Place = Place(),  # noqa: B008
) -> None:
    """Creates a user with their own workspace, and the store if there is none."""
    settings = place.settings()
    password_hash = hash_password(read_line("password"))
    with opened(settings, new=True) as db:
        plan = db.read_now(first_plan, settings.default_plan)
        made = db.write_now(commands.create_user, email, name, password_hash, plan, now_ms())
    place.answer(
        {"id": made.id, "email": made.email, "workspaceId": made.workspace},
        f"Created user {made.email} ({made.id}) with workspace {made.workspace}.",
    )


def list_users(*, place: Place = Place()) -> None:  # noqa: B008
    """Lists all users by email, with their workspaces."""
    with opened(place.settings()) as db:
        found = db.read_now(people.list_people)
    place.answer({"users": [_as_json(one) for one in found]}, "\n".join(map(_as_text, found)) or "No users yet.")


def reset_password(
    email: str,
    /,
    *,
    password_stdin: Annotated[
        bool, Parameter(negative="", help="Set a password from standard input instead of creating a link.")
    ] = False,
    lost_second_factor: Annotated[
        bool, Parameter(negative="", help="Also turn off two-factor authentication.")
    ] = False,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Prints a link that sets a new password and works for an hour, or sets the password. This signs the user out
    everywhere, and disconnects every app that uses their account.

    Parameters
    ----------
    email
        The user's email.
    """
    settings, now = place.settings(), now_ms()
    password_hash = hash_password(read_line("password")) if password_stdin else None
    with opened(settings) as db:
        if password_hash is None:
            reset = db.write_now(people.force_reset, email, now)
            path, until = reset_link("", reset.ticket.token), iso(reset.ticket.expires_at)
            url = f"{settings.public_url}{path}" if settings.public_url else None
            fields = {"id": reset.user, "path": path, "url": url, "expiresAt": until}
            text = f"{url or path}\nThis link sets a new password for {reset.email}. It works once, until {until}."
            if url is None:
                text += f"\n{WHERE}"
        else:
            fields = {"id": db.write_now(people.set_password, email, password_hash, now)}
            text = f"The password of {email} was changed, and all sessions were ended."
        if lost_second_factor:
            db.write_now(people.lose_second_factor, email, now)
            text += "\nTwo-factor authentication is off."
    place.answer(fields, text)


def _as_json(one: people.Person) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "createdAt": iso(one.created_at),
        "instanceOwner": one.instance_owner,
        "secondFactor": one.second_factor,
        "workspaces": [{"id": id_, "name": name, "role": role.value} for id_, name, role in one.workspaces],
    }


def _as_text(one: people.Person) -> str:
    """One line for the user, and one for each workspace."""
    marks = [
        mark for mark, set_ in (("owns the instance", one.instance_owner), ("two-factor", one.second_factor)) if set_
    ]
    lines = [", ".join([f"{one.email}  {one.name} ({one.id})", *marks])]
    return "\n".join([*lines, *(f"  {role}  {name} ({id_})" for id_, name, role in one.workspaces)])


def set_plan(
    workspace: str,
    plan: Annotated[Plan, Parameter(converter=parsed_by(parse_plan), show_choices=False)],
    /,
    *,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Changes a workspace's plan.

    Parameters
    ----------
    workspace
        The workspace's id.
    plan
        FREE, STARTER or PRO.
    """
    with opened(place.settings()) as db:
        db.write_now(change_plan, operator(), workspace, plan, now_ms())
    place.answer({"id": workspace, "plan": plan.value}, f"Workspace {workspace} is now on the plan {plan}.")
