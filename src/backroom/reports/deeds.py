"""What agents do to reports. Done twice it is done once; each deed is in the timeline and in the audit log."""

from __future__ import annotations

import re
import uuid
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, func, select, update

from backroom.access import Actor, KeyScope
from backroom.errors import Denied, Invalid, NotFound
from backroom.projects.audit import note
from backroom.projects.directory import Directory, ProjectFacts
from backroom.projects.queries import get_reached
from backroom.reports import commands, comments, triage
from backroom.reports.changeset import tallied
from backroom.reports.lookup import LockedReport, get_for_change, matches
from backroom.reports.rules import TEXT_LENGTH, Source, Status, TextBlock, message_of, title_from, title_of
from backroom.reports.submit import Submission, submit_report
from backroom.reports.triage import Person
from backroom.store.search import can_be_stored
from backroom.store.tables import events, reports

COMMIT = re.compile(r"[0-9a-fA-F]{7,64}\Z")
COMMIT_EVENT = "commit"
URL_LENGTH = 2_000
MESSAGE_LENGTH = 500
SAME = uuid.UUID("5d0bb1a4-54f1-4c4e-9f5e-0d7f6a3f9c21")
"""The namespace of the client ids by which a report that is sent twice is found again."""


class Done(NamedTuple):
    """What became of a report: `changed` is False where it was so already."""

    report: str
    changed: bool
    was: str | None = None


class Noted(NamedTuple):
    """An event of a report's timeline."""

    id: str
    payload: dict[str, Any]


class Created(NamedTuple):
    """A report that an agent sent: `created` is False where it had sent the same before."""

    id: str
    channel_key: str
    status: str
    created: bool


def create_report(
    tx: Connection, actor: Actor, text: str, title: str | None, channel: str | None, url: str | None, now: int
) -> Created:
    """Stores a report of the agent's own words. The same words, title and address again are the same report.

    Raises Denied (also for a paused project), Invalid, OverQuota.
    """
    actor.require(KeyScope.FEEDBACK_WRITE)
    facts = Directory().by_id(tx, actor.project or "")
    if facts is None:
        raise NotFound("Project not found")
    sent = _submission(facts, actor, text, title, channel, url, now)
    done = submit_report(tx, sent)
    found = get_for_change(tx, actor, done.id)
    if done.created:
        with tallied(tx, actor, now) as tally:
            tally.note("created", [(found, {})])
        _note(tx, actor, found, "report.create", {}, now)
    return Created(done.id, found.channel_key, found.status, done.created)


def set_status(tx: Connection, actor: Actor, report: str, status: Status, now: int) -> Done:
    """Puts the report on a status. Raises NotFound, Denied."""
    found = get_for_change(tx, actor, report)
    if found.status == status:
        return Done(report, changed=False, was=found.status)
    commands.set_status(tx, actor, report, status, now)
    _note(tx, actor, found, "report.status", {"from": found.status, "to": status.value}, now)
    return Done(report, changed=True, was=found.status)


def add_note(tx: Connection, actor: Actor, report: str, text: str, now: int) -> Done:
    """Adds a note, unless this agent wrote the very same before and the status is the same since.

    Raises NotFound, Denied, Invalid.
    """
    found = get_for_change(tx, actor, report)
    if any(each.payload["text"] == text.strip() for each in _own_since_status(tx, actor, found)):
        return Done(report, changed=False)
    comments.add_comment(tx, actor, report, comments.NOTE, text, now)
    _note(tx, actor, found, "report.comment", {}, now)
    return Done(report, changed=True)


def assign(tx: Connection, actor: Actor, report: str, name: str, behalf: str | None, now: int) -> Done:
    """Gives the report to a member by name or id, to `me` (the person with the id `behalf`), or to `none`.

    Raises NotFound, Denied, Invalid, which tells who may be named.
    """
    found = get_for_change(tx, actor, report)
    user = None if name.strip().casefold() == "none" else _member(tx, actor, name, behalf)
    if found.assignee == user:
        return Done(report, changed=False)
    triage.assign_report(tx, actor, report, user, now)
    _note(tx, actor, found, "report.assign", {"from": found.assignee, "to": user}, now)
    return Done(report, changed=True)


def link_commit(
    tx: Connection, actor: Actor, report: str, commit: str, url: str | None, message: str | None, now: int
) -> Done:
    """Puts a commit into the report's timeline, once; short and in full it is the same commit.

    What a later call adds to it, the link then has; `was` is its hash before. Raises NotFound, Denied, Invalid.
    """
    found = get_for_change(tx, actor, report)
    if not COMMIT.match(commit):
        raise Invalid("commit must be a commit's hash: 7 to 64 hex digits.")
    payload = {
        "commit": commit.lower(),
        "url": None if url is None else check_url("url", url),
        "message": None if message is None else _checked("message", message, MESSAGE_LENGTH),
    }
    linked = _linked(tx, found, commit.lower())
    if linked is not None:
        given = {name: value for name, value in payload.items() if value is not None}
        given["commit"] = max(commit.lower(), linked.payload["commit"], key=len)
        payload = linked.payload | given
        if payload == linked.payload:
            return Done(report, changed=False)
        mine = (events.c.project == found.project, events.c.report == found.id, events.c.id == linked.id)
        tx.execute(update(events).where(*mine).values(payload=msgspec.json.encode(payload)))
    tx.execute(update(reports).where(matches([found])).values(updated_at=now))
    with tallied(tx, actor, now) as tally:
        tally.touch(found.project)
        if linked is None:
            tally.note(COMMIT_EVENT, [(found, payload)])
    _note(tx, actor, found, "report.commit", payload, now)
    return Done(report, changed=True, was=None if linked is None else linked.payload["commit"])


def check_url(name: str, url: str) -> str:
    """An address that a person may follow: http or https. Raises Invalid."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.netloc)
    except ValueError:
        right = False
    if not right or len(url) > URL_LENGTH or not url.isprintable() or " " in url:
        raise Invalid(f"{name} must be an address that begins with https:// or http://.")
    return url


def _submission(
    facts: ProjectFacts, actor: Actor, text: str, title: str | None, channel: str | None, url: str | None, now: int
) -> Submission:
    """The report as the store takes it. Raises Invalid."""
    text = _checked("text", text, TEXT_LENGTH)
    live = [each.key for each in facts.channels if not each.archived]
    if channel is not None and channel not in live:
        raise Invalid(f"This project has no live channel {channel!r}. It has: {', '.join(live)}.")
    url = None if url is None else check_url("url", url)
    blocks = [TextBlock(text)]
    words = "\x1f".join((actor.id, text, title or "", channel or "", url or ""))
    return Submission(
        facts,
        now,
        Source.API.value,
        str(uuid.uuid5(SAME, words)),
        channel,
        (title_from(_checked("title", title, TEXT_LENGTH)) if title else "") or title_of(blocks),
        message_of(blocks),
        msgspec.json.encode(blocks),
        msgspec.json.encode({} if url is None else {"url": url}),
        None,
        None,
        url,
        None,
    )


def _member(tx: Connection, actor: Actor, name: str, behalf: str | None) -> str:
    people = _assignable(tx, actor)
    wanted = name.strip().casefold()
    if wanted == "me":
        if behalf is None:
            raise Invalid(f"This key is nobody's, so there is no 'me'. Name one of: {_names(people)}.")
        return behalf
    found = [person.id for person in people if wanted in (person.id, person.name.casefold())]
    if len(found) != 1:
        what = "Several people are" if found else "Nobody who takes reports is"
        raise Invalid(f"{what} called {name!r}. Give 'none' or one of: {_names(people, ids=bool(found))}.")
    return found[0]


def _assignable(tx: Connection, actor: Actor) -> list[Person]:
    if KeyScope.FEEDBACK_READ not in actor.scopes:
        raise Denied("Assigning needs the scope feedback:read too, to look up who may be assigned.")
    return triage.assignable(tx, actor)


def _names(people: list[Person], *, ids: bool = False) -> str:
    return ", ".join(f"{person.name} ({person.id})" if ids else person.name for person in people) or "nobody"


def _checked(name: str, text: str, most: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= most or not can_be_stored(text):
        raise Invalid(f"{name} must have 1 to {most:,} characters.")
    return text


def _linked(tx: Connection, found: LockedReport, commit: str) -> Noted | None:
    """The link of the commit, by the whole hash if there is one, else by one that begins with the other."""
    links = _noted(tx, found, COMMIT_EVENT)
    same = [each for each in links if each.payload["commit"] == commit]
    alike = [each for each in links if _begins(each.payload["commit"], commit)]
    return next(iter(same or alike), None)


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _own_since_status(tx: Connection, actor: Actor, found: LockedReport) -> list[Noted]:
    """The agent's own notes that are newer than the last change of the status."""
    e = events.c
    last = select(func.max(e.id)).where(e.project == found.project, e.report == found.id, e.kind == "status")
    return _noted(tx, found, comments.NOTE, e.actor_id == actor.id, e.id > func.coalesce(last.scalar_subquery(), ""))


def _noted(tx: Connection, found: LockedReport, kind: str, *more: Any) -> list[Noted]:
    e = events.c
    query = select(e.id, e.payload).where(e.project == found.project, e.report == found.id, e.kind == kind, *more)
    return [Noted(id_, msgspec.json.decode(payload)) for id_, payload in tx.execute(query.order_by(e.id))]


def _note(tx: Connection, actor: Actor, found: LockedReport, action: str, payload: dict[str, Any], now: int) -> None:
    note(tx, actor, get_reached(tx, actor, found.project), action, found.id, payload, now)
