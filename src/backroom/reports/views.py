"""Filters of the inbox under a name: one's own, or shared with the workspace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from backroom.access import Actor, KeyScope
from backroom.accounts.rules import check_name
from backroom.errors import Conflict, Invalid, NotFound
from backroom.ids import new_id
from backroom.reports.filters import parse_filter, query_of
from backroom.reports.lookup import reach
from backroom.store.tables import views

MOST_VIEWS = 100
QUERY_LENGTH = 4_000


class View(NamedTuple):
    """A saved filter: `query` is a query string without its question mark, `project` is empty for all projects."""

    id: str
    name: str
    query: str
    project: str
    shared: bool


_v = views.c
_columns = (_v.id, _v.name, _v.query, _v.project, (_v.user == "").label("shared"))


def list_views(conn: Connection, actor: Actor, project: str | None = "") -> list[View]:
    """What the actor sees: own and shared views of the project and of all projects, by name; without exception where
    `project` is None. Raises Denied."""
    actor.require(KeyScope.FEEDBACK_READ)
    query = select(*_columns).where(_v.workspace == actor.workspace, _v.user.in_([actor.id, ""]))
    if project is not None:
        query = query.where(_v.project.in_([project, ""]))
    return [_view(row) for row in conn.execute(query.order_by(func.lower(_v.name), _v.id))]


def create_view(tx: Connection, actor: Actor, name: str, query: str, project: str, shared: bool, now: int) -> str:
    """Saves a filter of one project, or of all where `project` is empty; returns its id.

    One that is shared needs feedback:write. Raises NotFound, Denied, Invalid, Conflict (too many).
    """
    actor.require(KeyScope.FEEDBACK_WRITE if shared else KeyScope.FEEDBACK_READ)
    if project:
        reach(tx, actor, [project])
    user = "" if shared else actor.id
    mine = (_v.workspace == actor.workspace) & (_v.user == user)
    if tx.execute(select(func.count()).select_from(views).where(mine)).scalar_one() >= MOST_VIEWS:
        raise Conflict(f"There are {MOST_VIEWS} views already; delete one first.")
    id_ = new_id(now)
    values = {"workspace": actor.workspace, "id": id_, "user": user, "project": project, "created_at": now}
    tx.execute(insert(views).values(name=check_name(name), query=canonical_query(query), **values))
    return id_


def rename_view(tx: Connection, actor: Actor, view: str, name: str) -> None:
    """Gives a view another name. Raises NotFound, Denied, Invalid."""
    _check(tx, actor, view)
    name = check_name(name)
    tx.execute(update(views).where(_v.workspace == actor.workspace, _v.id == view).values(name=name))


def delete_view(tx: Connection, actor: Actor, view: str) -> None:
    """Deletes a view. Raises NotFound, Denied."""
    _check(tx, actor, view)
    tx.execute(delete(views).where(_v.workspace == actor.workspace, _v.id == view))


def follow_label(tx: Connection, project: str, name: str, new: str) -> None:
    """Makes the project's views that filter by a label follow its new name."""
    for view, query in tx.execute(select(_v.id, _v.query).where(_v.project == project)).all():
        wanted = parse_filter(parse_qsl(query), ())
        if wanted.label == name:
            followed = query_of(replace(wanted, label=new))
            tx.execute(update(views).where(_v.project == project, _v.id == view).values(query=followed))


def canonical_query(query: str) -> str:
    """The query string in the form that is always the same for the same filter. Raises Invalid."""
    if len(query) > QUERY_LENGTH:
        raise Invalid("The filter is too long to be saved.")
    return query_of(parse_filter(parse_qsl(query.removeprefix("?")), ()))


def _check(tx: Connection, actor: Actor, view: str) -> None:
    """Makes sure that the actor may change the view: an own one, or a shared one as a member."""
    query = select(_v.user).where(_v.workspace == actor.workspace, _v.id == view)
    user = tx.execute(query.where(or_(_v.user == actor.id, _v.user == ""))).scalar()
    if user is None:
        raise NotFound("There is no such view.")
    actor.require(KeyScope.FEEDBACK_READ if user else KeyScope.FEEDBACK_WRITE)


def _view(row: Any) -> View:
    return View(row.id, row.name, row.query, row.project, bool(row.shared))
