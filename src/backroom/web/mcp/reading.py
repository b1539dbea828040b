"""The tools that read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection

from backroom.clock import iso
from backroom.errors import Failure, Invalid
from backroom.reports.agents import Listed, list_for_agent, search_for_agent
from backroom.reports.comments import NOTE, REPLY
from backroom.reports.detail import File, Full, get_full
from backroom.reports.markdown import document_of, for_agent, seen
from backroom.reports.marks import Drawn, marks_of
from backroom.reports.queries import StoredBytes, get_file
from backroom.reports.rules import UNTITLED, ScreenshotBlock, Status, parse_status
from backroom.reports.timeline import list_events
from backroom.reports.urgency import Next
from backroom.reports.urgency import next_report as find_next
from backroom.web.mcp import shapes
from backroom.web.mcp.pictures import MOST_PICTURES, scaled
from backroom.web.mcp.results import Picture, Result

if TYPE_CHECKING:
    from backroom.web.mcp.work import Work

NOTHING_WAITS = (
    "Nothing waits: every open report is taken, or there is none. list_reports shows those in other statuses."
)


class Shot(NamedTuple):
    """A screenshot that is stored, and what was drawn over it."""

    file: StoredBytes
    drawn: Drawn


async def list_reports(work: Work, given: shapes.ListReports) -> Result:
    """The project's reports (Patchrooms, "MCP": `list_reports`). Raises Invalid."""
    limit = min(given.limit, shapes.MOST_LISTED)
    wanted = (_status(given.status), _channel(work, given.channel_key), given.artifact_id, given.before, limit)
    found = await work.door.db.read(list_for_agent, work.caller.actor, *wanted)
    return _listed(found.reports, found.before)


async def search_reports(work: Work, given: shapes.SearchReports) -> Result:
    """The newest reports with these words. Raises Invalid."""
    wanted = (given.query, _status(given.status), min(given.limit, shapes.MOST_FOUND))
    return _listed(await work.door.db.read(search_for_agent, work.caller.actor, *wanted), None)


async def get_report(work: Work, given: shapes.GetReport) -> Result:
    """A report as Markdown (Patchrooms, "MCP": `get_report`), with its screenshots where they are asked for."""
    return await _report(work, given.id, images=given.images, before=())


async def next_report(work: Work, given: shapes.NextReport) -> Result:
    """The most urgent report, with the reason before it."""
    found = await work.door.db.read(find_next, work.caller.actor, _channel(work, given.channel_key), work.now)
    if found is None:
        return Result([NOTHING_WAITS])
    return await _report(work, found.id, images=given.images, before=[_reason(found)])


async def list_comments(work: Work, given: shapes.ListComments) -> Result:
    """A report's notes and replies. Raises NotFound."""
    events = await work.door.db.read(list_events, work.caller.actor, given.id)
    lines = [
        shapes.CommentLine(event.id, event.kind, event.actor_name, event.payload["text"], iso(event.at))
        for event in events
        if event.kind in (NOTE, REPLY)
    ]
    return Result.of(shapes.CommentList(lines), lines)


async def list_projects(work: Work, _given: shapes.NoArguments) -> Result:
    """The one project that the caller is bound to."""
    project = work.caller.project
    lines = [shapes.ProjectLine(project.id, project.name, project.slug, project.project_key, project.active)]
    return Result.of(shapes.ProjectList(lines), lines)


async def list_channels(work: Work, given: shapes.ListChannels) -> Result:
    """The project's channels."""
    project = work.caller.project
    lines = [
        shapes.ChannelLine(
            channel.key,
            channel.name,
            channel.color,
            channel.mascot,
            channel.base_weight,
            channel.archived,
            channel.key == project.default_channel,
        )
        for channel in project.channels
        if given.archived or not channel.archived
    ]
    return Result.of(shapes.ChannelList(lines), lines)


def markdown(work: Work, full: Full) -> str:
    """The report for an agent, with whole addresses for its files."""
    return for_agent(document_of(full), {url: f"{work.origin}{url}" for url in full.files})


def _status(text: str | None) -> Status | None:
    return None if text is None else parse_status(text)


def _channel(work: Work, key: str | None) -> str | None:
    keys = [channel.key for channel in work.caller.project.channels]
    if key is not None and key not in keys:
        raise Invalid(f"There is no channel {key!r}. There are: {', '.join(keys)}.")
    return key


def _listed(found: Iterable[Listed], before: str | None) -> Result:
    lines = [
        shapes.ReportLine(
            each.id,
            each.id[-4:],
            seen(each.title) or UNTITLED,
            Status(each.status),
            each.channel_key,
            each.url and seen(each.url),
            each.artifact_id,
            iso(each.created_at),
        )
        for each in found
    ]
    return Result.of(shapes.ReportList(lines, before), lines)


async def _report(work: Work, report: str, *, images: bool, before: Sequence[str]) -> Result:
    full, shots = await work.door.db.read(_read, work, report)
    pictures = await _pictures(work, shots) if images else ()
    texts = [*before, markdown(work, full), _further(work, full, len(shots), len(pictures), images=images)]
    return Result(texts, pictures=pictures)


def _read(conn: Connection, work: Work, report: str) -> tuple[Full, list[Shot]]:
    full = get_full(conn, work.caller.actor, report)
    drawn = {block.url: marks_of(block) for block in full.blocks if isinstance(block, ScreenshotBlock)}
    shots = [file for file in full.files.values() if _is_picture(file)]
    return full, [Shot(get_file(conn, full.project, file.id), drawn.get(file.url, Drawn([]))) for file in shots]


def _is_picture(file: File) -> bool:
    return file.content_type.startswith("image/")


async def _pictures(work: Work, shots: Sequence[Shot]) -> tuple[Picture, ...]:
    """Those that can be shown; one that can't is left out, for the report says that it was there."""
    found = []
    for shot in shots[:MOST_PICTURES]:
        try:
            found.append(await asyncio.to_thread(scaled, work.door.blobs, shot.file.key, shot.drawn))
        except Failure:
            continue
    return tuple(found)


def _further(work: Work, full: Full, screenshots: int, shown: int, *, images: bool) -> str:
    """Where to go on from here."""
    comments = sum(event.kind in (NOTE, REPLY) for event in full.events)
    parts = [f"In the dashboard: {work.link(full.id)}"]
    if comments:
        parts.append(f"Comments: {comments} (list_comments)")
    if screenshots and not images:
        parts.append(f"Screenshots: {screenshots} (get_report with images: true)")
    if images and shown < screenshots:
        parts.append(f"Screenshots: {shown} of {screenshots} are shown")
    return "\n".join(parts)


def _reason(found: Next) -> str:
    """Why this report comes first."""
    waited = "since today" if found.days == 0 else f"for {found.days} day{'s' if found.days > 1 else ''}"
    alike = f" The same is said by {', '.join(found.duplicates)}." if found.duplicates else ""
    return f"Next is {found.id}: its channel weighs {found.weight:g}, and it has waited {waited}.{alike}"
