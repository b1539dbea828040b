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
    workspace: Annotated[str, Parameter(help="The workspace's id.")],
    name: Annotated[str, Parameter(help="The project's name, up to 80 characters.")],
    slug: Annotated[str | None, Parameter(help="The name in URLs. Default: made from the name.")] = None,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Creates a project with its first three channels."""
    actor = operator(workspace)
    with opened(place.settings()) as db:
        made = db.read_now(get_project, actor, db.write_now(commands.create_project, actor, name, slug, now_ms()))
    place.answer(
        {"id": made.id, "name": made.name, "slug": made.slug, "projectKey": made.project_key},
        f"Created project {made.name} ({made.id}) with slug {made.slug} and public key {made.project_key}",
    )


def _any_change(arguments: ArgumentCollection) -> None:
    if not any(argument.tokens for argument in arguments):
        raise ValueError("Say what to change, such as --name.")


CHANGES = Group("Changes", validator=_any_change)
LIST = Parameter(group=CHANGES, consume_multiple=False, negative="")


def update_project(
    project: str,
    /,
    *,
    name: Annotated[str | None, Parameter(group=CHANGES, help="The project's name.")] = None,
    slug: Annotated[str | None, Parameter(group=CHANGES, help="The name in URLs.")] = None,
    allowed_origin: Annotated[
        tuple[str, ...] | None,
        LIST,
        Parameter(help="A site that may send reports; repeat it for several. Empty: all sites."),
    ] = None,
    url_pattern: Annotated[
        tuple[str, ...] | None,
        LIST,
        Parameter(help="Pages that show the widget, with * as wildcard; repeat it for several. Empty: all pages."),
    ] = None,
    identity_secret_stdin: Annotated[
        bool,
        Parameter(
            group=CHANGES,
            negative="",
            help="Read the secret that signs user ids from standard input. An empty line removes it.",
        ),
    ] = False,
    default_channel: Annotated[
        str | None, Parameter(group=CHANGES, help="The key of the channel for reports without one.")
    ] = None,
    status: Annotated[
        ProjectStatus | None,
        Parameter(
            group=CHANGES,
            converter=parsed_by(parse_project_status),
            show_choices=False,
            help="ACTIVE, or PAUSED to refuse new reports.",
        ),
    ] = None,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Changes a project's settings, effective immediately. Other settings keep their values.

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
    place.answer(_shown(changed), f"Updated project {changed.name} ({changed.id}).")


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
        raise ValueError("Use either --scope, once or several times, or --miniback.")


def _scopes(_kind: Any, tokens: Sequence[Token]) -> tuple[KeyScope, ...]:
    """The scopes by their values, such as `feedback:read`; Cyclopts would expect the names of the enum."""
    unknown = [token.value for token in tokens if token.value not in set(KeyScope)]
    if unknown:
        raise ValueError(f"There is no scope {unknown[0]!r}. The scopes are {', '.join(KeyScope)}.")
    return tuple(KeyScope(token.value) for token in tokens)


KIND = Group("Kind", validator=_one_kind)


def create_key(
    *,
    project: Annotated[str, Parameter(help="The project's id.")],
    scope: Annotated[
        tuple[KeyScope, ...],
        Parameter(
            group=KIND,
            converter=_scopes,
            consume_multiple=False,
            negative="",
            show_choices=False,
            help=f"What the key may do; repeat it for several. One of {', '.join(KeyScope)}.",
        ),
    ] = (),
    miniback: Annotated[bool, Parameter(group=KIND, negative="", help="Create a Miniback key instead.")] = False,
    name: Annotated[str, Parameter(help="A name that says what the key is for.")] = "API key",
    place: Place = Place(),  # noqa: B008
) -> None:
    """Creates a secret key, which is shown only once. A new mbk_ key replaces the previous one."""
    actor = operator()
    with opened(place.settings()) as db:
        if miniback:
            made = db.write_now(commands.regenerate_miniback_key, actor, project, now_ms())
        else:
            made = db.write_now(commands.create_secret_key, actor, project, frozenset(scope), name, now_ms())
    place.answer({"id": made.id, "key": made.key}, f"{made.key}\nThe key is shown only once. Its id is {made.id}.")


def revoke_key(key: str, /, *, place: Place = Place()) -> None:  # noqa: B008
    """Revokes a secret key, effective immediately.

    Parameters
    ----------
    key
        The key's id, not the key itself.
    """
    with opened(place.settings()) as db:
        at = iso(db.write_now(commands.revoke_key, operator(), key, now_ms()))
    place.answer({"id": key, "revokedAt": at}, f"Key {key} was revoked at {at}.")
