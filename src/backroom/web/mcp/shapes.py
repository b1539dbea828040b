"""What tools take and answer. Descriptions are read by agents; they go into the tools' JSON schemas."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from backroom.reports.comments import COMMENT_LENGTH
from backroom.reports.commits import MESSAGE_LENGTH
from backroom.reports.rooms import TITLE_LENGTH, TOOL_LENGTH
from backroom.reports.rules import TEXT_LENGTH, URL_LENGTH, Status

MOST_LISTED = 200
LISTED = 50
MOST_FOUND = 100
MOST_SAID = 200
SAID = 50

STATUS_ENUM = {"enum": list(Status)}
Id = Annotated[str, Meta(description="The report's id, all 24 characters of it; a shortId is not enough.")]
AnyId = Annotated[
    str, Meta(description="The report's id; or the address of its page, or the last 4 to 8 characters of the id.")
]
StatusIn = Annotated[str, Meta(description="One of the five statuses.", extra_json_schema=STATUS_ENUM)]
OnlyStatus = Annotated[str, Meta(description="Only reports with this status.", extra_json_schema=STATUS_ENUM)]
OnlyChannel = Annotated[str, Meta(description="Only reports of the channel with this key; see list_channels.")]
Images = Annotated[bool, Meta(description="Whether to add the screenshots as images, scaled down.")]


class Arguments(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """The arguments of a tool."""


class OfReport(Arguments):
    """The arguments of a tool for one report."""

    id: Id


class NoArguments(Arguments):
    """Nothing."""


class ListReports(Arguments):
    """What list_reports takes."""

    status: OnlyStatus | None = None
    channel_key: OnlyChannel | None = None
    artifact_id: (
        Annotated[str, Meta(description="Only reports of this artifact, which is the id of its room.")] | None
    ) = None
    limit: Annotated[int, Meta(ge=1, description=f"How many at most; more than {MOST_LISTED} is {MOST_LISTED}.")] = (
        LISTED
    )
    before: Annotated[str, Meta(description="nextCursor of an earlier answer, for older reports.")] | None = None


class OfAnyReport(Arguments):
    """The arguments of a tool that reads one report, which may be named in short."""

    id: AnyId


class GetReport(OfAnyReport):
    """What get_report takes."""

    images: Images = False
    offset: (
        Annotated[int, Meta(ge=0, description="Where to go on in a report that was cut: 0 first, then nextOffset.")]
        | None
    ) = None


class SearchReports(Arguments):
    """What search_reports takes."""

    query: Annotated[
        str,
        Meta(description='Words, or parts of words, that are all in the text; "in quotation marks" an exact phrase.'),
    ]
    status: OnlyStatus | None = None
    limit: Annotated[int, Meta(ge=1, description=f"How many at most; more than {MOST_FOUND} is {MOST_FOUND}.")] = 20
    before: Annotated[str, Meta(description="nextCursor of an earlier answer, for older reports.")] | None = None


class NextReport(Arguments):
    """What next_report takes."""

    channel_key: OnlyChannel | None = None
    images: Images = False


class ListComments(OfAnyReport):
    """What list_comments takes."""

    limit: Annotated[int, Meta(ge=1, description=f"How many at most; more than {MOST_SAID} is {MOST_SAID}.")] = SAID
    before: Annotated[str, Meta(description="nextCursor of an earlier answer, for older comments.")] | None = None


class ListChannels(Arguments):
    """What list_channels takes."""

    archived: Annotated[bool, Meta(description="Whether to list the archived ones too.")] = False


class CreateReport(Arguments):
    """What create_report takes."""

    text: Annotated[
        str, Meta(description=f"What is wrong or wanted, 1 to {TEXT_LENGTH:,} characters; the first line is the title.")
    ]
    title: (
        Annotated[str, Meta(description="A title of up to 80 characters, where the first line isn't one.")] | None
    ) = None
    channel_key: Annotated[str, Meta(description="The key of a live channel, else the default one.")] | None = None
    url: Annotated[str, Meta(description="The page that it is about.", max_length=URL_LENGTH)] | None = None


class SetStatus(OfReport):
    """What set_status takes."""

    status: StatusIn


class AddComment(OfReport):
    """What add_comment takes."""

    text: Annotated[
        str, Meta(description=f"A note for the team, 1 to {COMMENT_LENGTH:,} characters; the reporter doesn't see it.")
    ]


class AssignReport(OfReport):
    """What assign_report takes."""

    assignee: Annotated[
        str, Meta(description="A member's name or id; 'me' for the person who connected you; 'none' for nobody.")
    ]


class LinkCommit(OfReport):
    """What link_commit takes."""

    commit: Annotated[str, Meta(description="The commit's hash, 7 to 64 hex digits.")]
    url: Annotated[str, Meta(description="Where the commit, or its pull request, can be read.")] | None = None
    message: Annotated[str, Meta(description=f"Its first line, up to {MESSAGE_LENGTH} characters.")] | None = None


class CreateRoom(Arguments):
    """What create_room takes."""

    title: Annotated[
        str, Meta(description=f"What is reviewed, up to {TITLE_LENGTH} characters; the same title is the same room.")
    ]
    goal: Annotated[str, Meta(description="What the artifact is to achieve.")] | None = None
    constraints: Annotated[str | list[str], Meta(description="What must stay as it is: one, or a list.")] | None = None
    tool: (
        Annotated[
            str, Meta(description=f"What makes the artifact, such as claude-code; up to {TOOL_LENGTH} characters.")
        ]
        | None
    ) = None


class Answered(msgspec.Struct, rename="camel"):
    """What a tool answers."""


class ReportLine(Answered):
    """A report in a list (Patchrooms, "MCP"). Titles are a reporter's words."""

    id: str
    short_id: str
    title: str
    status: Status
    channel_key: str
    url: str | None
    artifact_id: str | None
    created_at: str


class ReportList(Answered):
    """Reports, newest first; nextCursor goes on with older ones, null where there are none."""

    reports: list[ReportLine]
    next_cursor: str | None


class ProjectLine(Answered):
    """A project."""

    id: str
    name: str
    slug: str
    project_key: str
    active: bool


class ProjectList(Answered):
    """The projects that may be worked in: a key, and a connection, have one."""

    projects: list[ProjectLine]


class ChannelLine(Answered):
    """A channel."""

    key: str
    name: str
    color: str
    mascot: str
    base_weight: float
    archived: bool
    is_default: bool


class ChannelList(Answered):
    """A project's channels, oldest first."""

    channels: list[ChannelLine]


class CommentLine(Answered):
    """A note for the team or a reply to the reporter; by is who wrote it."""

    id: str
    kind: str
    by: str
    text: str
    created_at: str


class CommentList(Answered):
    """The newest comments of a report, oldest first; nextCursor goes on with older ones, null where there are none."""

    comments: list[CommentLine]
    next_cursor: str | None


class ReportRead(Answered):
    """A report; markdown is what the text says too. nextOffset goes on in one that is read from an offset."""

    id: str
    short_id: str
    title: str
    status: Status
    channel_key: str
    markdown: str
    next_offset: int | None = None


class NextRead(Answered):
    """The most urgent report and why it is; both null where nothing waits."""

    report: ReportRead | None
    reason: str | None


class ReportMade(Answered):
    """A report that was created, or found, where created is false."""

    id: str
    channel_key: str
    status: Status
    created: bool
    link: str
    note: str


class StatusSet(Answered):
    """A report's status; changed is false where it had it already."""

    id: str
    status: Status
    changed: bool
    note: str


class Deed(Answered):
    """What was done to a report; changed is false where it was so already."""

    id: str
    changed: bool
    note: str


class RoomMade(Answered):
    """A room; id is the artifactId of its reports, script goes into the artifact's page, link is for people."""

    id: str
    title: str
    created: bool
    link: str
    script: str
    note: str


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The struct's JSON schema, with the object itself at the root, as the protocol wants it."""
    (_,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    root: dict[str, Any] = parts.pop(kind.__name__)
    root.pop("title", None)
    root.pop("description", None)
    for name, told in root.get("properties", {}).items():
        root["properties"][name] = _described_outside(told)
    return {**root, "$defs": parts} if parts else root


def _described_outside(told: dict[str, Any]) -> dict[str, Any]:
    """An argument's schema with its description beside `anyOf`, where clients look for it, not within."""
    kinds = [dict(kind) for kind in told.get("anyOf", ())]
    words = [kind.pop("description") for kind in kinds if "description" in kind]
    return {**told, "anyOf": kinds, "description": words[0]} if words else told
