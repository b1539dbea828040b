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
"""Where `backroom serve` is found unless a setting says otherwise."""

WHERE = (
    f"Open it at the server's own host and port, such as {LOCAL_ADDRESS}; "
    "with BACKROOM_PUBLIC_URL set the whole address is printed."
)


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
    password_hash = hash_password(read_line("password"))
    with opened(settings, new=True) as db:
        plan = db.read_now(first_plan, settings.default_plan)
        made = db.write_now(commands.create_user, email, name, password_hash, plan, now_ms())
    place.answer(
        {"id": made.id, "email": made.email, "workspaceId": made.workspace},
        f"Made the user {made.email} ({made.id}) with the workspace {made.workspace}.",
    )


def list_users(*, place: Place = Place()) -> None:  # noqa: B008
    """Shows everybody with an account, by address, and where they belong."""
    with opened(place.settings()) as db:
        found = db.read_now(people.list_people)
    place.answer(
        {"users": [_as_json(one) for one in found]}, "\n".join(map(_as_text, found)) or "There is no user yet."
    )


def reset_password(
    email: str,
    /,
    *,
    password_stdin: Annotated[
        bool, Parameter(negative="", help="Read the new password from standard input, in place of a link.")
    ] = False,
    lost_second_factor: Annotated[
        bool, Parameter(negative="", help="Turn the second factor off, too, of somebody who has lost it.")
    ] = False,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Prints a link, good for an hour, that sets a new password; or sets it. Every session of the person, and
    every connection of a program to their account, ends then.

    Parameters
    ----------
    email
        Whose password it is.
    """
    settings, now = place.settings(), now_ms()
    password_hash = hash_password(read_line("password")) if password_stdin else None
    with opened(settings) as db:
        if password_hash is None:
            reset = db.write_now(people.force_reset, email, now)
            path, until = reset_link("", reset.ticket.token), iso(reset.ticket.expires_at)
            url = f"{settings.public_url}{path}" if settings.public_url else None
            fields = {"id": reset.user, "path": path, "url": url, "expiresAt": until}
            text = f"{url or path}\nThis link sets a new password for {reset.email}, once, until {until}."
            if url is None:
                text += f"\n{WHERE}"
        else:
            fields = {"id": db.write_now(people.set_password, email, password_hash, now)}
            text = f"{email} has the new password now, and has to sign in again everywhere."
        if lost_second_factor:
            db.write_now(people.lose_second_factor, email, now)
            text += "\nThe second factor is off."
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
    """A line for the person, and one for each workspace."""
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
    """Puts a workspace on another plan from now on.

    Parameters
    ----------
    workspace
        The workspace's id.
    plan
        What it gets: FREE, STARTER or PRO.
    """
    with opened(place.settings()) as db:
        db.write_now(change_plan, operator(), workspace, plan, now_ms())
    place.answer({"id": workspace, "plan": plan.value}, f"The workspace {workspace} is on the plan {plan} now.")
