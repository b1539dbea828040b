"""Comments on reports: notes for the team, replies to the reporter."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from backroom.access import Actor
from backroom.errors import Invalid
from backroom.reports.changeset import Changed, Changeset
from backroom.reports.lookup import LockedReport
from backroom.reports.rules import check_text
from backroom.reports.timeline import NOTE, REPLY
from backroom.reports.triage import update_rows
from backroom.store.tables import events

COMMENT_LENGTH = 10_000


def comment_on(changeset: Changeset, found: list[LockedReport], kind: str, text: str, *, once: bool) -> list[Changed]:
    """Adds a `note` or a `reply` to reports of one project. Raises Invalid.

    `once` passes over those to which the actor has added the very same since their status last changed: an agent
    that calls again, not knowing whether it was heard, adds nothing.
    """
    if kind not in (NOTE, REPLY):
        raise Invalid("A comment is a note or a reply.")
    text = check_text("A comment", text, 1, COMMENT_LENGTH)
    if once:
        found = [each for each in found if text not in _own_since_status(changeset.tx, changeset.actor, each, kind)]
    update_rows(changeset, found, {})
    return [Changed(each, after=changeset.add_event(each, kind, {"text": text})) for each in found]


def _own_since_status(tx: Connection, actor: Actor, report: LockedReport, kind: str) -> list[str]:
    """The texts of the actor's own comments of that kind that are newer than the last change of the status."""
    e = events.c
    of_report = (e.project == report.project) & (e.report == report.id)
    last = select(func.max(e.id)).where(of_report, e.kind == "status").scalar_subquery()
    query = select(e.payload).where(of_report, e.kind == kind, e.actor_id == actor.id, e.id > func.coalesce(last, ""))
    return [msgspec.json.decode(payload)["text"] for payload in tx.execute(query).scalars()]
