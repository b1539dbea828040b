"""The labels of a project: made on first use, listed, renamed, recoloured, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from backroom.access import Actor, KeyScope
from backroom.errors import Conflict, Invalid, NotFound
from backroom.projects.queries import lock_project
from backroom.projects.rules import check_color
from backroom.reports.lookup import reach, reached
from backroom.reports.views import follow_label
from backroom.store.changes import mark_changed
from backroom.store.search import can_be_stored, fold
from backroom.store.tables import labels, projects, report_labels

NAME_LENGTH = 40
PALETTE = ("#c2410c", "#1971c2", "#2b8a3e", "#7048e8", "#c2255c", "#0b7285", "#8d6e00", "#5f3dc4", "#a61e4d", "#495057")
"""Dark enough for white letters on them; each new label takes the next."""


class Label(NamedTuple):
    """A label of a project, and how many reports have it."""

    name: str
    color: str
    reports: int


def list_labels(conn: Connection, actor: Actor, project: str) -> list[Label]:
    """The project's labels by name. Raises NotFound, Denied."""
    _reach(conn, actor, project, KeyScope.FEEDBACK_READ)
    r = report_labels.c
    used = select(r.name, func.count().label("n")).where(r.project == project).group_by(r.name).subquery()
    query = select(labels.c.name, labels.c.color, func.coalesce(used.c.n, 0))
    query = query.outerjoin(used, used.c.name == labels.c.name).where(labels.c.project == project)
    return [Label(*row) for row in conn.execute(query.order_by(func.lower(labels.c.name), labels.c.name))]


def list_label_names(conn: Connection, actor: Actor, named: Sequence[str]) -> list[str]:
    """What the labels of the projects `named` are called, each name once, in order. Raises NotFound, Denied."""
    of_projects = labels.c.project.in_(reach(conn, actor, named))
    names = conn.execute(select(labels.c.name).where(of_projects).distinct()).scalars()
    return sorted(names, key=lambda name: (fold(name), name))


def rename_label(tx: Connection, actor: Actor, project: str, name: str, new: str) -> None:
    """Renames a label on every report that has it, and in the project's saved views.

    Raises NotFound, Denied, Invalid, Conflict (the name is taken).
    """
    new = check_label_name(new)
    _get(tx, actor, project, name)
    if new == name:
        return
    if tx.execute(select(labels.c.name).where(_is(project, new))).first():
        raise Conflict(f"There is a label {new} already.")
    tx.execute(update(labels).where(_is(project, name)).values(name=new))
    r = report_labels.c
    tx.execute(update(report_labels).where(r.project == project, r.name == name).values(name=new))
    follow_label(tx, project, name, new)
    mark_changed(tx, [project])


def recolor_label(tx: Connection, actor: Actor, project: str, name: str, color: str) -> None:
    """Gives a label another colour, `#rrggbb`. Raises NotFound, Denied, Invalid."""
    check_color(color)
    _get(tx, actor, project, name)
    tx.execute(update(labels).where(_is(project, name)).values(color=color))
    mark_changed(tx, [project])


def delete_label(tx: Connection, actor: Actor, project: str, name: str) -> None:
    """Takes a label off every report and away. Raises NotFound, Denied."""
    _get(tx, actor, project, name)
    r = report_labels.c
    tx.execute(delete(report_labels).where(r.project == project, r.name == name))
    tx.execute(delete(labels).where(_is(project, name)))
    mark_changed(tx, [project])


def check_label_name(name: str) -> str:
    """The trimmed name. Raises Invalid unless it has 1 to 40 characters on one line."""
    name = name.strip()
    fits = 1 <= len(name) <= NAME_LENGTH and can_be_stored(name)
    if not fits or any(ord(char) < 32 for char in name):
        raise Invalid(f"A label must have 1 to {NAME_LENGTH} characters on one line.")
    return name


def use_label(tx: Connection, project: str, name: str) -> None:
    """Makes the project's label of that name, in the next colour, where there is none.

    One that is there is locked on PostgreSQL, so that nobody renames it under the report that is to have it.
    """
    if tx.execute(select(labels.c.name).where(_is(project, name)).with_for_update(read=True)).first():
        return
    has = tx.execute(select(func.count()).select_from(labels).where(labels.c.project == project)).scalar_one()
    added = (sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert)(labels)
    values = {"project": project, "name": name, "color": PALETTE[has % len(PALETTE)]}
    tx.execute(added.values(values).on_conflict_do_nothing())


def _is(project: str, name: str) -> ColumnElement[bool]:
    return (labels.c.project == project) & (labels.c.name == name)


def _get(tx: Connection, actor: Actor, project: str, name: str) -> None:
    """Makes sure that the actor may change this label of the project, and holds it until the commit."""
    _reach(tx, actor, project, KeyScope.FEEDBACK_WRITE)
    lock_project(tx, project)
    if tx.execute(select(labels.c.name).where(_is(project, name))).first() is None:
        raise NotFound(f"This project has no label {name[:NAME_LENGTH]}.")


def _reach(conn: Connection, actor: Actor, project: str, scope: KeyScope) -> None:
    if conn.execute(reached(actor).where(projects.c.id == project)).first() is None:
        raise NotFound("Project not found")
    actor.require(scope)
