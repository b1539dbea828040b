"""The commits that a report is worked on with, in its timeline."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select, update

from backroom.errors import Invalid
from backroom.reports.changeset import Changed, Changeset
from backroom.reports.lookup import LockedReport
from backroom.reports.rules import check_text, check_url
from backroom.reports.timeline import COMMIT
from backroom.reports.triage import update_rows
from backroom.store.tables import events

HASH = re.compile(r"[0-9a-fA-F]{7,64}\Z")
MESSAGE_LENGTH = 500


class Commit(NamedTuple):
    """A commit by its hash, in short (7 digits at least) or in full, with its address and message where given."""

    hash: str
    url: str | None = None
    message: str | None = None


class _Link(NamedTuple):
    """A commit's event in a timeline."""

    id: str
    payload: dict[str, Any]


def add_commit(changeset: Changeset, found: list[LockedReport], commit: Commit) -> list[Changed]:
    """Links reports of one project with a commit, once: in short and in full it is the same commit.

    A link that is there gets what is new: more digits, an address, a message. Raises Invalid.
    """
    payload = _payload_of(commit)
    changed = []
    for each in found:
        link = _find_link(changeset.tx, each, payload["commit"])
        if link is None:
            changeset.add_event(each, COMMIT, payload)
            changed.append(Changed(each, None, payload["commit"]))
            continue
        merged = _merged(link.payload, payload)
        if merged != link.payload:
            mine = (events.c.project == each.project, events.c.report == each.id, events.c.id == link.id)
            changeset.tx.execute(update(events).where(*mine).values(payload=msgspec.json.encode(merged)))
            changeset.add_audit(each, COMMIT, merged)
            changed.append(Changed(each, link.payload["commit"], merged["commit"]))
    update_rows(changeset, [each.report for each in changed], {})
    return changed


def _payload_of(commit: Commit) -> dict[str, Any]:
    """The event's payload. Raises Invalid."""
    if not HASH.match(commit.hash):
        raise Invalid("commit must be a commit's hash: 7 to 64 hex digits.")
    return {
        "commit": commit.hash.lower(),
        "url": None if commit.url is None else check_url("url", commit.url),
        "message": None if commit.message is None else check_text("message", commit.message, 1, MESSAGE_LENGTH),
    }


def _merged(linked: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What is linked with what is given besides, and the longer one of the two hashes."""
    new = {name: value for name, value in given.items() if value is not None}
    return linked | new | {"commit": max(given["commit"], linked["commit"], key=len)}


def _find_link(tx: Connection, report: LockedReport, hash_: str) -> _Link | None:
    """The commit's link: that of the very same hash if there is one, else of one that begins with the other."""
    e = events.c
    query = select(e.id, e.payload).where(e.project == report.project, e.report == report.id, e.kind == COMMIT)
    links = [_Link(id_, msgspec.json.decode(payload)) for id_, payload in tx.execute(query.order_by(e.id))]
    same = [each for each in links if each.payload["commit"] == hash_]
    alike = [each for each in links if _begins(each.payload["commit"], hash_)]
    return next(iter(same or alike), None)


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
