"""Comments on a report: notes for the team, replies to the reporter."""

from __future__ import annotations

from sqlalchemy import Connection, update

from backroom.access import Actor
from backroom.errors import Invalid
from backroom.reports.changeset import tallied
from backroom.reports.lookup import get_for_change, matches
from backroom.store.search import can_be_stored
from backroom.store.tables import reports

NOTE = "note"
REPLY = "reply"
COMMENT_LENGTH = 10_000


def add_comment(tx: Connection, actor: Actor, report: str, kind: str, text: str, now: int) -> str:
    """Adds a `note` or a `reply` to the report's timeline; returns its id. Raises NotFound, Denied, Invalid."""
    found = get_for_change(tx, actor, report)
    text = text.strip()
    if kind not in (NOTE, REPLY):
        raise Invalid("A comment is a note or a reply.")
    if not 1 <= len(text) <= COMMENT_LENGTH or not can_be_stored(text):
        raise Invalid(f"A comment must have 1 to {COMMENT_LENGTH:,} characters.")
    tx.execute(update(reports).where(matches([found])).values(updated_at=now))
    with tallied(tx, actor, now) as tally:
        tally.touch(found.project)
        return tally.note(kind, [(found, {"text": text})])[0]
