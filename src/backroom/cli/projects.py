"""`backroom project …` and `backroom key …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import ArgumentCollection, Group, Parameter, Token

from backroom.access import Scope, operator
from backroom.cli.place import Place, opened
from backroom.clock import iso, now_ms
from backroom.projects import commands
from backroom.projects.queries import get_project


def create_project(
    *,
    workspace: Annotated[str, Parameter(help="The id of the workspace that it belongs to.")],
    name: Annotated[str, Parameter(help="The project's name, up to 80 characters.")],
    slug: Annotated[str | None, Parameter(help="The name in addresses; else made from the name.")] = None,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Adds a project with its first three channels."""
    actor = operator(workspace)
    with opened(place.settings()) as db:
        made = db.read_now(get_project, actor, db.write_now(commands.create_project, actor, name, slug, now_ms()))
    place.answer(
        {"id": made.id, "name": made.name, "slug": made.slug, "projectKey": made.project_key},
        f"Made the project {made.name} ({made.id}), slug {made.slug}, with the public key {made.project_key}",
    )


def _one_kind(arguments: ArgumentCollection) -> None:
    if sum(bool(argument.tokens) for argument in arguments) != 1:
        raise ValueError("Give either --scope, as often as needed, or --miniback.")


def _scopes(_kind: Any, tokens: Sequence[Token]) -> tuple[Scope, ...]:
    """By their names in the specification, such as `feedback:read`, which Cyclopts wouldn't take of an enum."""
    unknown = [token.value for token in tokens if token.value not in set(Scope)]
    if unknown:
        raise ValueError(f"There is no scope {unknown[0]!r}. The scopes are {', '.join(Scope)}.")
    return tuple(Scope(token.value) for token in tokens)


KIND = Group("Kind", validator=_one_kind)


def create_key(
    *,
    project: Annotated[str, Parameter(help="The id of the project that the key opens.")],
    scope: Annotated[
        tuple[Scope, ...],
        Parameter(
            group=KIND,
            converter=_scopes,
            consume_multiple=False,
            negative="",
            show_choices=False,
            help=f"What it may do; may be repeated. One of {', '.join(Scope)}.",
        ),
    ] = (),
    miniback: Annotated[bool, Parameter(group=KIND, negative="", help="Make the project's mbk_ key instead.")] = False,
    name: Annotated[str, Parameter(help="What reminds you of what the key is for.")] = "API key",
    place: Place = Place(),  # noqa: B008
) -> None:
    """Makes a secret key. It is shown this once; a new mbk_ key ends the one before."""
    actor = operator()
    with opened(place.settings()) as db:
        if miniback:
            made = db.write_now(commands.regenerate_miniback_key, actor, project, now_ms())
        else:
            made = db.write_now(commands.create_secret_key, actor, project, frozenset(scope), name, now_ms())
    place.answer({"id": made.id, "key": made.key}, f"{made.key}\nThis is shown only once. The key's id is {made.id}.")


def revoke_key(key: str, /, *, place: Place = Place()) -> None:  # noqa: B008
    """Ends a secret key at once, in every process.

    Parameters
    ----------
    key
        The key's id, not the key itself.
    """
    with opened(place.settings()) as db:
        at = iso(db.write_now(commands.revoke_key, operator(), key, now_ms()))
    place.answer({"id": key, "revokedAt": at}, f"The key {key} is revoked since {at}.")
