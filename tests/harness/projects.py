"""Projects of a test's own, made in the store of a running server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backroom.access import ALL_SCOPES, operator
from backroom.clock import now_ms
from backroom.projects.commands import create_project, create_secret_key, update_project
from backroom.projects.queries import Project, get_project
from backroom.projects.widget import update_widget
from backroom.store.database import Database
from tests.harness.cast import Cast


def add_project(
    database: Database, cast: Cast, name: str, settings: dict[str, Any], widget: Mapping[str, Any] | None = None
) -> Project:
    """Adds a project to the owner's workspace, with these settings of its own and of its widget."""
    project = database.write_now(create_project, operator(cast.owner.workspace), name, None, now_ms())
    database.write_now(update_project, operator(), project, settings, now_ms())
    database.write_now(update_widget, operator(), project, widget or {}, now_ms())
    return database.read_now(get_project, operator(), project)


def add_full_key(database: Database, project: Project) -> str:
    """Adds a secret key with every scope; returns the key itself."""
    return database.write_now(create_secret_key, operator(), project.id, ALL_SCOPES, "all", now_ms()).key
