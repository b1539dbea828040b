"""The tools that read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from backroom.clock import iso
from backroom.errors import Failure, Invalid
from backroom.ids import is_id
from backroom.reports.agents import (
    NOT_A_CURSOR,
    Listed,
    Read,
    find_report,
    list_for_agent,
    read_for_agent,
    search_for_agent,
)
from backroom.reports.annotations import Drawn, marks_of
from backroom.reports.detail import File, Full
from backroom.reports.excerpt import MOST, Excerpt, excerpt_of, piece_of
from backroom.reports.markdown import seen
from backroom.reports.queries import StoredBytes, get_file
from backroom.reports.rules import UNTITLED, ScreenshotBlock, Status, parse_status
from backroom.reports.timeline import NOTE, REPLY, list_events
from backroom.reports.urgency import Next
from backroom.reports.urgency import next_report as find_next
from backroom.web.mcp import shapes
from backroom.web.mcp.pictures import MOST_PICTURES, scaled
from backroom.web.mcp.results import Result, Shown
from backroom.web.mcp.work import Work
from backroom.web.picture_turns import run_picture_work

NOTHING_WAITS = (
    "Nothing waits: every open report is taken, or there is none. list_reports shows those in other statuses."
)

NOTHING_FOUND = (
    "No report has all of these words. Try one of them, or a part of a word, or leave out the status; list_reports"
    " has all of them."
)


class Shot(NamedTuple):
    """A screenshot that is stored, and what was drawn over it."""

    file: StoredBytes
    drawn: Drawn


class Whole(NamedTuple):
    """A report as it is answered: texts for the agent, the same for programs, its screenshots."""

    texts: list[str]
    data: shapes.ReportRead
    pictures: tuple[Shown, ...]


async def list_reports(work: Work, given: shapes.ListReports) -> Result:
    """The project's reports (Patchrooms, "MCP": `list_reports`). Raises Invalid."""
    limit = min(given.limit, shapes.MOST_LISTED)
    wanted = (_status(given.status), _channel(work, given.channel_key), given.artifact_id, given.before, limit)
    found = await work.shared.db.read(list_for_agent, work.caller.actor, *wanted)
    return _listed(found.reports, found.before)


async def search_reports(work: Work, given: shapes.SearchReports) -> Result:
    """The newest reports with these words. Raises Invalid."""
    wanted = (given.query, _status(given.status), given.before, min(given.limit, shapes.MOST_FOUND))
    found = await work.shared.db.read(search_for_agent, work.caller.actor, *wanted)
    result = _listed(found.reports, found.before)
    if found.reports or found.before:
        return result
    return result._replace(texts=[*result.texts, NOTHING_FOUND])


async def get_report(work: Work, given: shapes.GetReport) -> Result:
    """A report as Markdown (Patchrooms, "MCP": `get_report`), with its screenshots where they are asked for."""
    report = await find(work, given.id)
    if given.offset is not None:
        return await _piece(work, report, given.offset)
    return Result(*await _read(work, report, images=given.images))


async def next_report(work: Work, given: shapes.NextReport) -> Result:
    """The most urgent report, with the reason before it."""
    found = await work.shared.db.read(find_next, work.caller.actor, _channel(work, given.channel_key), work.now)
    if found is None:
        return Result([NOTHING_WAITS], shapes.NextRead(None, None))
    read = await _read(work, found.id, images=given.images)
    reason = _reason(found)
    return Result([reason, *read.texts], shapes.NextRead(read.data, reason), read.pictures)


async def list_comments(work: Work, given: shapes.ListComments) -> Result:
    """A report's newest notes and replies, as many as fit into one answer. Raises NotFound."""
    report = await find(work, given.id)
    if given.before is not None and not is_id(given.before):
        raise Invalid(NOT_A_CURSOR)
    events = await work.shared.db.read(list_events, work.caller.actor, report)
    said = [event for event in events if event.kind in (NOTE, REPLY) and (not given.before or event.id < given.before)]
    lines: list[shapes.CommentLine] = []
    size = 0
    for event in said[: -min(given.limit, shapes.MOST_SAID) - 1 : -1]:
        text = seen(event.payload["text"])
        size += len(text)
        if lines and size > MOST:
            break
        lines.append(shapes.CommentLine(event.id, event.kind, seen(event.actor_name), text, iso(event.at)))
    further = lines[-1].id if lines and len(lines) < len(said) else None
    lines.reverse()
    result = Result.of(shapes.CommentList(lines, further), lines)
    return _going_on(result, further)


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


async def find(work: Work, named: str) -> str:
    """The id of the report that is named so (`agents.find_report`). Raises NotFound."""
    return named if is_id(named) else await work.shared.db.read(find_report, work.caller.actor, named)


async def markdown(work: Work, report: str) -> str:
    """The report for an agent, at most some 60,000 characters of it. Raises NotFound, Denied."""
    full, document = await work.shared.db.read(read_for_agent, work.caller.actor, report)
    excerpt = excerpt_of(document, _names(work, full))
    return f"{excerpt.text}\n{_cut(excerpt)}\n" if excerpt.cut else excerpt.text


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
            each.artifact_id and seen(each.artifact_id),
            iso(each.created_at),
        )
        for each in found
    ]
    return _going_on(Result.of(shapes.ReportList(lines, before), lines), before)


def _going_on(result: Result, before: str | None) -> Result:
    """The result, saying how to go on behind the documented text, which is a JSON array alone."""
    if before is None:
        return result
    return result._replace(texts=[*result.texts, f'Older ones: call again with before="{before}".'])


async def _read(work: Work, report: str, *, images: bool) -> Whole:
    (full, document), shots = await work.shared.db.read(_stored, work, report)
    excerpt = excerpt_of(document, _names(work, full))
    pictures = await _pictures(work, shots) if images else ()
    shown = sum(each.picture is not None for each in pictures)
    texts = [excerpt.text, _further(work, full, len(shots), shown, images=images)]
    if excerpt.cut:
        texts.append(_cut(excerpt))
    return Whole(texts, _told(full, excerpt.text, None), pictures)


async def _piece(work: Work, report: str, offset: int) -> Result:
    full, document = await work.shared.db.read(read_for_agent, work.caller.actor, report)
    piece = piece_of(document, _names(work, full), offset)
    texts = [piece.text]
    if piece.further is not None:
        texts.append(f"It goes on: call get_report again with offset: {piece.further}.")
    return Result(texts, _told(full, piece.text, piece.further))


def _told(full: Full, text: str, further: int | None) -> shapes.ReportRead:
    title = seen(full.title) or UNTITLED
    return shapes.ReportRead(full.id, full.id[-4:], title, Status(full.status), full.channel_key, text, further)


def _names(work: Work, full: Full) -> dict[str, str]:
    """What the Markdown calls the files: their addresses; for an agent without a key, which opens none of them, where
    they are to be seen."""
    if work.caller.behalf is None:
        return {url: f"{work.origin}{url}" for url in full.files}
    page = f"in the dashboard, {work.link(full.id)}"
    return {
        url: f"get_report with images: true, or {page}" if _is_picture(file) else page
        for url, file in full.files.items()
    }


def _stored(conn: Connection, work: Work, report: str) -> tuple[Read, list[Shot]]:
    """The report, and its screenshots in the order of the Markdown."""
    read = read_for_agent(conn, work.caller.actor, report)
    blocks = [block for block in read.full.blocks if isinstance(block, ScreenshotBlock)]
    drawn = {block.url: marks_of(block) for block in blocks}
    files = {url: read.full.files[url] for url in drawn if url in read.full.files}
    files |= {url: file for url, file in read.full.files.items() if _is_picture(file)}
    shots = [
        Shot(get_file(conn, read.full.project, file.id), drawn.get(url, Drawn([])))
        for url, file in files.items()
        if _is_picture(file)
    ]
    return read, shots


def _is_picture(file: File) -> bool:
    return file.content_type.startswith("image/")


async def _pictures(work: Work, shots: Sequence[Shot]) -> tuple[Shown, ...]:
    """The first ones, each by its place among the report's; with the reason for one that can't be shown."""
    found = []
    for number, shot in enumerate(shots[:MOST_PICTURES], 1):
        label = f"Screenshot {number} of {len(shots)}"
        try:
            picture = await run_picture_work(scaled, work.shared.blobs, shot.file.key, shot.drawn)
            found.append(Shown(f"{label}:", picture))
        except Failure as error:
            found.append(Shown(f"{label} isn't shown: {error.message}", None))
    return tuple(found)


def _cut(excerpt: Excerpt) -> str:
    """That something is missing, and how to get it."""
    left_out = f" and {excerpt.left_out} parts left out" if excerpt.left_out else ""
    return (
        f"This report is long, {excerpt.whole:,} characters: long texts in it were cut{left_out}."
        " For all of it call get_report with offset: 0."
    )


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
