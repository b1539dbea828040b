"""Everything that a report's own page shows, in as few statements as that takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, select

from backroom.access import Actor, KeyScope
from backroom.errors import NotFound
from backroom.ids import is_id
from backroom.reports.assignees import Person
from backroom.reports.lookup import NO_SUCH_REPORT, reached
from backroom.reports.queries import PAGE_COLUMNS, StoredBytes, splice_reports
from backroom.reports.rules import Block, ScreenshotBlock
from backroom.reports.timeline import GONE_PERSON, Event, read_events
from backroom.store.tables import channels, files, labels, projects, report_labels, reports, users


class Identity(msgspec.Struct, rename="camel", frozen=True):
    """Who reported; `verified` where the signature was right."""

    user_id: str
    verified: bool = False


class Artifact(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was reviewed."""

    id: str
    title: str | None = None
    tool: str | None = None
    goal: str | None = None
    constraints: str | list[str] | None = None


class ChannelFace(NamedTuple):
    """How a channel shows itself."""

    name: str
    color: str
    mascot: str


class LabelFace(NamedTuple):
    """How a label shows itself."""

    name: str
    color: str


class File(NamedTuple):
    """A screenshot or voice note; sizes in bytes, pixels and milliseconds."""

    id: str
    url: str
    kind: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    duration_ms: int | None


class Full(NamedTuple):
    """A report with all that belongs to it; times in milliseconds. `files` are by the address that a block names."""

    id: str
    project: str
    project_name: str
    project_slug: str
    channel_key: str
    channel: ChannelFace | None
    status: str
    source: str
    title: str
    message: str
    blocks: list[Block]
    context: dict[str, Any]
    identity: Identity | None
    user_id: str | None
    url: str | None
    page: str | None
    agent: str | None
    artifact: Artifact | None
    assignee: Person | None
    labels: list[LabelFace]
    files: dict[str, File]
    events: list[Event]
    created_at: int
    updated_at: int
    triaged_at: int | None
    resolved_at: int | None


_c = reports.c
_own = (
    *(_c.id, _c.project, _c.channel_key, _c.status, _c.source, _c.title, _c.message, _c.blocks, _c.context),
    *(_c.identity, _c.user_id, _c.url, _c.page, _c.agent, _c.artifact, _c.assignee),
    *(_c.created_at, _c.updated_at, _c.triaged_at, _c.resolved_at),
)
_others = (
    projects.c.name.label("project_name"),
    projects.c.slug.label("project_slug"),
    channels.c.name.label("channel_name"),
    channels.c.color,
    channels.c.mascot,
    users.c.name.label("assignee_name"),
)
_from = (
    reports.join(projects, projects.c.id == _c.project)
    .outerjoin(channels, and_(channels.c.project == _c.project, channels.c.key == _c.channel_key))
    .outerjoin(users, users.c.id == _c.assignee)
)
_blocks = msgspec.json.Decoder(list[Block])
_context = msgspec.json.Decoder(dict[str, Any])
_identity = msgspec.json.Decoder(Identity)
_artifact = msgspec.json.Decoder(Artifact)


def get_full(conn: Connection, actor: Actor, report: str) -> Full:
    """The report with all that belongs to it, in five statements. Raises NotFound, Denied."""
    mine = (_c.project.in_(reached(actor)), _c.id == report)
    row = conn.execute(select(*_own, *_others).select_from(_from).where(*mine)).first()
    if row is None:
        raise NotFound(NO_SUCH_REPORT)
    actor.require(KeyScope.FEEDBACK_READ)
    return Full(
        id=row.id,
        project=row.project,
        project_name=row.project_name,
        project_slug=row.project_slug,
        channel_key=row.channel_key,
        channel=None if row.channel_name is None else ChannelFace(row.channel_name, row.color, row.mascot),
        status=row.status,
        source=row.source,
        title=row.title,
        message=row.message,
        blocks=_blocks.decode(row.blocks),
        context=_context.decode(row.context),
        identity=None if row.identity is None else _identity.decode(row.identity),
        user_id=row.user_id,
        url=row.url,
        page=row.page,
        agent=row.agent,
        artifact=None if row.artifact is None else _artifact.decode(row.artifact),
        assignee=None if row.assignee is None else Person(row.assignee, row.assignee_name or GONE_PERSON),
        labels=_labels(conn, row.project, report),
        files=_files(conn, row.project, report),
        events=read_events(conn, row.project, report),
        created_at=row.created_at,
        updated_at=row.updated_at,
        triaged_at=row.triaged_at,
        resolved_at=row.resolved_at,
    )


def get_raw(conn: Connection, actor: Actor, report: str) -> bytes:
    """The report as the Patchrooms dialect sends it, as JSON. Raises NotFound, Denied."""
    mine = (_c.project.in_(reached(actor)), _c.id == report)
    row = conn.execute(select(*PAGE_COLUMNS).where(*mine)).first()
    if row is None:
        raise NotFound(NO_SUCH_REPORT)
    actor.require(KeyScope.FEEDBACK_READ)
    return splice_reports([tuple(row)])


def get_report_file(conn: Connection, actor: Actor, report: str, file: str) -> StoredBytes:
    """Where that file of that report is kept. Raises NotFound, Denied."""
    f = files.c
    mine = (f.project.in_(reached(actor)), f.report == report, f.id == file)
    query = select(f.key, f.content_type, f.size, f.sha256).where(*mine)
    row = conn.execute(query).first() if is_id(report) and is_id(file) else None
    if row is None:
        raise NotFound("There is no such file in this report.")
    actor.require(KeyScope.FEEDBACK_READ)
    return StoredBytes(*row)


def get_first_shot(conn: Connection, actor: Actor, report: str) -> StoredBytes:
    """Where the report's first screenshot is kept. Raises NotFound, Denied."""
    row = conn.execute(select(_c.blocks).where(_c.project.in_(reached(actor)), _c.id == report)).first()
    if row is None:
        raise NotFound(NO_SUCH_REPORT)
    shot = next((block for block in _blocks.decode(row.blocks) if isinstance(block, ScreenshotBlock)), None)
    if shot is None:
        raise NotFound("This report has no screenshot.")
    return get_report_file(conn, actor, report, shot.url.rpartition("/")[2])


def file_url(project: str, file: str) -> str:
    """The address by which a block names a file."""
    return f"/api/v1/projects/{project}/files/{file}"


def _labels(conn: Connection, project: str, report: str) -> list[LabelFace]:
    r = report_labels.c
    both = and_(labels.c.project == r.project, labels.c.name == r.name)
    query = select(labels.c.name, labels.c.color).join(report_labels, both)
    query = query.where(r.project == project, r.report == report).order_by(labels.c.name)
    return [LabelFace(*row) for row in conn.execute(query)]


def _files(conn: Connection, project: str, report: str) -> dict[str, File]:
    f = files.c
    query = select(f.id, f.kind, f.content_type, f.size, f.width, f.height, f.duration_ms)
    rows = conn.execute(query.where(f.project == project, f.report == report).order_by(f.id))
    found = [File(row[0], file_url(project, row[0]), *row[1:]) for row in rows]
    return {file.url: file for file in found}
