"""The `backroom` command: a thin door like the others."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from cyclopts import App as Cli

from backroom.access import Scope, operator
from backroom.accounts.commands import create_user, hash_password
from backroom.app import App, open_database
from backroom.clock import now_ms
from backroom.config import read_settings
from backroom.projects.commands import create_project, create_secret_key
from backroom.projects.queries import get_project
from backroom.store.migrations import migrate

cli = Cli(name="backroom")
user, project, key = Cli(name="user"), Cli(name="project"), Cli(name="key")
for sub in (user, project, key):
    cli.command(sub)


@cli.command
def serve(*, host: str = "127.0.0.1", port: int = 8000, data: Path | None = None) -> None:
    import uvicorn

    settings = read_settings(data=data)
    uvicorn.run(
        App(settings),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


@user.command(name="create")
def user_create(
    *,
    email: str,
    name: str = "",
    password_stdin: bool = False,
    json: bool = False,
    data: Path | None = None,
) -> None:
    settings = read_settings(data=data)
    db = open_database(settings)
    migrate(db)
    made = db.write_now(
        create_user,
        email,
        name,
        hash_password(sys.stdin.read().rstrip("\n")),
        settings.default_plan,
        now_ms(),
    )
    print(msgspec.json.encode({"id": made.id, "email": made.email, "workspaceId": made.workspace}).decode())


@project.command(name="create")
def project_create(
    *,
    workspace: str,
    name: str,
    slug: str | None = None,
    json: bool = False,
    data: Path | None = None,
) -> None:
    db = open_database(read_settings(data=data))
    actor = operator(workspace)
    id_ = db.write_now(create_project, actor, name, slug, now_ms())
    made = db.read_now(get_project, actor, id_)
    print(
        msgspec.json.encode(
            {"id": made.id, "name": made.name, "slug": made.slug, "projectKey": made.project_key}
        ).decode()
    )


@key.command(name="create")
def key_create(
    *,
    project: str,
    scope: list[str],
    name: str = "API key",
    json: bool = False,
    data: Path | None = None,
) -> None:
    db = open_database(read_settings(data=data))
    made = db.write_now(create_secret_key, operator(), project, frozenset(Scope(s) for s in scope), name, now_ms())
    print(msgspec.json.encode(made._asdict()).decode())


def main() -> None:
    cli()
