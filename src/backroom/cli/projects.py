"""`backroom project …` and `backroom key …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import ArgumentCollection, Group, Parameter, Token

from backroom.access import KeyScope, operator
from backroom.cli.place import Place, opened, parsed_by, read_line
from backroom.clock import iso, now_ms
from backroom.projects import commands
from backroom.projects.queries import Project, get_named, get_project
from backroom.projects.rules import ProjectStatus, parse_project_status


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


def _any_change(arguments: ArgumentCollection) -> None:
    if not any(argument.tokens for argument in arguments):
        raise ValueError("Say what is to be changed.")


CHANGES = Group("Changes", validator=_any_change)
LIST = Parameter(group=CHANGES, consume_multiple=False, negative="")


def update_project(
    project: str,
    /,
    *,
    name: Annotated[str | None, Parameter(group=CHANGES, help="The project's name.")] = None,
    slug: Annotated[str | None, Parameter(group=CHANGES, help="The name in addresses.")] = None,
    allowed_origin: Annotated[
        tuple[str, ...] | None,
        LIST,
        Parameter(help="The sites whose pages may send, all of them; may be repeated. Empty: every site's."),
    ] = None,
    url_pattern: Annotated[
        tuple[str, ...] | None,
        LIST,
        Parameter(help="The pages that show the widget, with * for anything; may be repeated. Empty: every page."),
    ] = None,
    identity_secret_stdin: Annotated[
        bool,
        Parameter(
            group=CHANGES,
            negative="",
            help="Read the secret that signs users from standard input; an empty line: none.",
        ),
    ] = False,
    default_channel: Annotated[
        str | None, Parameter(group=CHANGES, help="The key of the channel for reports that name none.")
    ] = None,
    status: Annotated[
        ProjectStatus | None,
        Parameter(
            group=CHANGES,
            converter=parsed_by(parse_project_status),
            show_choices=False,
            help="ACTIVE, or PAUSED: takes no feedback.",
        ),
    ] = None,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Changes a project's settings, at once in every process; what isn't named stays.

    Parameters
    ----------
    project
        The project's id or slug.
    """
    given: dict[str, Any] = {
        "name": name,
        "slug": slug,
        "allowed_origins": _without_empty(allowed_origin),
        "url_patterns": _without_empty(url_pattern),
        "default_channel_key": default_channel,
        "status": status,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if identity_secret_stdin:
        changes["identity_secret"] = read_line("identity secret") or None
    with opened(place.settings()) as db:
        found = db.read_now(get_named, operator(), project)
        db.write_now(commands.update_project, operator(), found.id, changes, now_ms())
        changed = db.read_now(get_project, operator(), found.id)
    place.answer(_shown(changed), f"Changed the project {changed.name} ({changed.id}).")


def _without_empty(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else [value for value in values if value.strip()]


def _shown(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "slug": project.slug,
        "projectKey": project.project_key,
        "status": project.status,
        "allowedOrigins": project.allowed_origins,
        "urlPatterns": project.url_patterns,
        "defaultChannelKey": project.default_channel_key,
        "identitySecretSet": project.identity_secret_set,
    }


def _one_kind(arguments: ArgumentCollection) -> None:
    if sum(bool(argument.tokens) for argument in arguments) != 1:
        raise ValueError("Give either --scope, as often as needed, or --miniback.")


def _scopes(_kind: Any, tokens: Sequence[Token]) -> tuple[KeyScope, ...]:
    """By their names in the specification, such as `feedback:read`, which Cyclopts wouldn't take of an enum."""
    unknown = [token.value for token in tokens if token.value not in set(KeyScope)]
    if unknown:
        raise ValueError(f"There is no scope {unknown[0]!r}. The scopes are {', '.join(KeyScope)}.")
    return tuple(KeyScope(token.value) for token in tokens)


KIND = Group("Kind", validator=_one_kind)


def create_key(
    *,
    project: Annotated[str, Parameter(help="The id of the project that the key opens.")],
    scope: Annotated[
        tuple[KeyScope, ...],
        Parameter(
            group=KIND,
            converter=_scopes,
            consume_multiple=False,
            negative="",
            show_choices=False,
            help=f"What it may do; may be repeated. One of {', '.join(KeyScope)}.",
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
