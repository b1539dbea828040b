"""What goes over the wire in the Miniback dialect.

A report's context is kept and answered as it was sent; where none (or null) was sent it is `{}`, in the
answer to the POST as well. Times are ISO 8601 in UTC with milliseconds.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from backroom.projects.rules import ProjectStatus
from backroom.reports.rules import Source, StatusClass
from backroom.web.openapi import SPACES

# Patterns and lengths below are for the OpenAPI document only: what is longer or empty gets an answer in
# the dialect's own words, not in msgspec's.
Message = Annotated[
    str,
    Meta(
        description="1 to 10,000 characters, not counting white space around them.",
        extra_json_schema={
            "minLength": 1,
            "maxLength": 10_000,
            "pattern": rf"^[^\u0000]*[^{SPACES}\u0000][^\u0000]*$",
        },
    ),
]
Context = Annotated[
    msgspec.Raw,
    Meta(
        description="Free-form JSON, at most 16 KB; `url` and `userId` have a meaning.",
        extra_json_schema={"type": "object"},
    ),
]
SentContext = Annotated[
    msgspec.Raw,
    Meta(
        description="Free-form JSON, at most 16 KB, without NUL characters; `url` and `userId` have a meaning."
        " Null is as good as none.",
        extra_json_schema={"type": ["object", "null"], "default": {}},
    ),
]
Name = Annotated[
    str,
    Meta(
        extra_json_schema={
            "minLength": 1,
            "maxLength": 80,
            "pattern": rf"^[^\u0000-\u001f]*[^{SPACES}\u0000-\u001f][^\u0000-\u001f]*$",
        }
    ),
]
Slug = Annotated[
    str,
    Meta(extra_json_schema={"minLength": 1, "maxLength": 60, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}),
]
Id = Annotated[str, Meta(extra_json_schema={"pattern": "^[0-9a-f]{24}$"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class ProjectIn(msgspec.Struct):
    """A new project; without `slug` one is made from the name."""

    name: Name
    slug: Slug | None = None


class ProjectChange(msgspec.Struct):
    """What is to be changed of a project; null is as good as left out."""

    name: Name | None = None
    slug: Slug | None = None


class StatusIn(msgspec.Struct):
    """The status that a report is to get."""

    status: StatusClass


class FeedbackIn(msgspec.Struct):
    """A report, for the project that the path names."""

    message: Message
    context: SentContext = msgspec.field(default_factory=msgspec.Raw)


class WidgetFeedbackIn(msgspec.Struct, rename="camel"):
    """A report, for the project with that slug."""

    message: Message
    project_slug: str
    context: SentContext = msgspec.field(default_factory=msgspec.Raw)


class ProjectOut(msgspec.Struct, rename="camel"):
    """A project."""

    id: Id
    name: str
    slug: str
    status: ProjectStatus
    created_at: Time
    updated_at: Time


class ProjectName(msgspec.Struct):
    """The project that a report is in."""

    id: Id
    name: str
    slug: str


class FeedbackOut(msgspec.Struct, rename="camel"):
    """A report."""

    id: Id
    message: str
    context: Context
    status: StatusClass
    source: Source
    created_at: Time
    updated_at: Time
    project: ProjectName


class FeedbackItem(msgspec.Struct, rename="camel"):
    """A report as a project's own list and the answer to a POST show it."""

    id: Id
    message: str
    context: Context
    status: StatusClass
    created_at: Time


class KeyMasked(msgspec.Struct, rename="camel"):
    """What can be shown of a project's key: its first 8 characters. All null where it has none."""

    api_key: str | None
    created_at: Time | None
    last_used_at: Time | None


class KeyShown(msgspec.Struct, rename="camel"):
    """A new key, the one time it can be read."""

    api_key: str


class Gone(msgspec.Struct):
    """The id of what was deleted."""

    id: Id


class Pages(msgspec.Struct, rename="camel"):
    """Where a page stands among all; `page` counts from 1."""

    total: int
    page: int
    page_size: int
    total_pages: int
    has_more: bool


class Window(msgspec.Struct, rename="camel"):
    """Where a piece of a list stands in it; `offset` counts from 0."""

    total: int
    limit: int
    offset: int
    has_more: bool


class ProjectAnswer(msgspec.Struct):
    """One project."""

    data: ProjectOut


class ProjectsAnswer(msgspec.Struct):
    """All projects, newest first."""

    data: list[ProjectOut]


class KeyMaskedAnswer(msgspec.Struct):
    """A project's key, masked."""

    data: KeyMasked


class KeyShownAnswer(msgspec.Struct):
    """A project's new key."""

    data: KeyShown


class FeedbackAnswer(msgspec.Struct):
    """One report."""

    data: FeedbackOut


class FeedbackPage(msgspec.Struct):
    """A page of reports, newest first."""

    data: list[FeedbackOut]
    pagination: Pages


class ProjectFeedbackPage(msgspec.Struct):
    """A piece of a project's list of reports, newest first."""

    data: list[FeedbackItem]
    pagination: Window


class ReceiptAnswer(msgspec.Struct):
    """A report that is stored; its status is NEW."""

    data: FeedbackItem


class GoneAnswer(msgspec.Struct):
    """What was deleted."""

    data: Gone


class ErrorAnswer(msgspec.Struct):
    """What went wrong, in one sentence."""

    error: str
