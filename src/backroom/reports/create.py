"""Reports that an agent writes itself."""

from __future__ import annotations

import uuid
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from backroom.access import Actor, KeyScope
from backroom.errors import Invalid, NotFound
from backroom.projects.directory import Directory, ProjectFacts
from backroom.reports.changeset import open_changeset
from backroom.reports.lookup import lock_reports
from backroom.reports.rules import (
    TEXT_LENGTH,
    Source,
    TextBlock,
    check_text,
    check_url,
    message_of,
    title_from,
    title_of,
)
from backroom.reports.submit import Submission, submit_report

SAME_WORDS = uuid.UUID("5d0bb1a4-54f1-4c4e-9f5e-0d7f6a3f9c21")
"""The namespace of the client ids by which a report that is sent twice is found again."""


class Draft(NamedTuple):
    """A report as an agent writes it: `channel` is a live one's key, `url` the page that it is about."""

    text: str
    title: str | None = None
    channel: str | None = None
    url: str | None = None


class Created(NamedTuple):
    """A report that an agent sent: `created` is False where it had sent the same before."""

    id: str
    channel_key: str
    status: str
    created: bool


def create_report(tx: Connection, actor: Actor, draft: Draft, now: int) -> Created:
    """Stores a report of the agent's own words. The same words, title, channel and address again are the same report.

    Raises Denied (also for a paused project), Invalid, OverQuota.
    """
    actor.require(KeyScope.FEEDBACK_WRITE)
    facts = Directory().by_id(tx, actor.project or "")
    if facts is None:
        raise NotFound("Project not found")
    done = submit_report(tx, _submission(facts, actor, draft, now))
    report = lock_reports(tx, actor, [done.id])[0]
    if done.created:
        with open_changeset(tx, actor, now) as changeset:
            changeset.add_event(report, "created", {})
    return Created(done.id, report.channel_key, report.status, done.created)


def _submission(facts: ProjectFacts, actor: Actor, draft: Draft, now: int) -> Submission:
    """The report as the store takes it. Raises Invalid."""
    text = check_text("text", draft.text, 1, TEXT_LENGTH)
    live = [each.key for each in facts.channels if not each.archived]
    if draft.channel is not None and draft.channel not in live:
        raise Invalid(f"This project has no live channel {draft.channel!r}. It has: {', '.join(live)}.")
    url = None if draft.url is None else check_url("url", draft.url)
    blocks = [TextBlock(text)]
    title = title_from(check_text("title", draft.title, 1, TEXT_LENGTH)) if draft.title else ""
    words = "\x1f".join((actor.id, text, draft.title or "", draft.channel or "", url or ""))
    return Submission(
        project=facts,
        now=now,
        source=Source.API.value,
        client_id=str(uuid.uuid5(SAME_WORDS, words)),
        channel=draft.channel,
        title=title or title_of(blocks),
        message=message_of(blocks),
        blocks=msgspec.json.encode(blocks),
        context=msgspec.json.encode({} if url is None else {"url": url}),
        identity=None,
        user_id=None,
        url=url,
        artifact_id=None,
    )
