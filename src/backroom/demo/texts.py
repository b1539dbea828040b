"""The texts of the sample data, read from the TOML files in `data/`.

`data/common.toml` is a `Common`, `data/team.toml` a `Team`, and each of `PROJECTS` a `SampleProject`; their fields have
the names of the structs below. A field that no struct has, or one that is missing, is an error when the file is read.
A new text changes which texts are drawn for the other reports, for all of them come from one seed; nothing else has to
be adjusted, but `tests/demo` holds every `about` to exactly one text of its project.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from backroom.access import Role
from backroom.reports.rules import Status

T = TypeVar("T")

DATA = Path(__file__).with_name("data")
PROJECTS = ("lantern-shop.toml", "tidewater-rentals.toml", "ledgerly.toml")
OWNER, AGENT = "owner", "agent"
"""What the files call the owner and the project's agent, besides the keys of the team's members."""


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a file, which has these fields and no other."""


class SampleChannel(Strict, frozen=True):
    """A channel that a project has besides the first three."""

    key: str
    name: str
    color: str
    mascot: str


class Quote(Strict, frozen=True):
    """A text on one of the project's pages that a reporter may select, and the selector of its element."""

    text: str
    selector: str


class SampleLabel(Strict, frozen=True):
    """A label; it fits a report whose text has one of the `words`, which are in small letters."""

    name: str
    words: tuple[str, ...]


class Remark(Strict, frozen=True):
    """What somebody of the team writes below a report: a note, or with `reply` a reply to the reporter."""

    by: str
    text: str
    reply: bool = False


class Thread(Strict, frozen=True):
    """What is written below the newest report that has `about` in its text, after it got the status `after`."""

    about: str
    after: Status
    comments: tuple[Remark, ...]


class Fix(Strict, frozen=True):
    """A commit's message for the newest resolved report that has `about` in its text, and the agent's note."""

    about: str
    commit: str
    note: str


class SampleProject(Strict, frozen=True):
    """One project and what happens in it.

    `share` is how often a report is this project's, against the other projects' shares. `pages` are paths on `host`.
    `picture` is the kind of its screenshots (see `pictures.draw`). `texts` are what reporters write, by channel key;
    reports for `archived_channel` are all older than 18 days.
    """

    name: str
    host: str
    share: int
    picture: str
    pages: tuple[str, ...]
    quotes: tuple[Quote, ...]
    labels: tuple[SampleLabel, ...]
    channel: SampleChannel
    texts: dict[str, tuple[str, ...]]
    threads: tuple[Thread, ...]
    fixes: tuple[Fix, ...]
    archived_channel: SampleChannel | None = None

    def channels(self) -> list[SampleChannel]:
        """The channels besides the first three."""
        return [self.channel, *([] if self.archived_channel is None else [self.archived_channel])]


class Device(Strict, frozen=True):
    """What a reporter uses; width and height of the window in pixels."""

    kind: str
    width: int
    height: int
    user_agent: str


class Common(Strict, frozen=True):
    """What all projects share.

    `reporters` are user ids. `endings` follow a text now and then, `voice_notes` stand in place of one beside a
    recording. `console_errors` are in the context of some reports. `notes` are the team's, by the channel of the
    reports that they fit.
    """

    reporters: tuple[str, ...]
    endings: tuple[str, ...]
    voice_notes: tuple[str, ...]
    console_errors: tuple[str, ...]
    languages: tuple[str, ...]
    devices: tuple[Device, ...]
    notes: dict[str, tuple[str, ...]]


class Member(Strict, frozen=True):
    """A teammate of the owner; `key` is what the files call them."""

    key: str
    name: str
    email: str
    role: Role


class SavedView(Strict, frozen=True):
    """A view's name and its filter as an inbox has it in its address; of one project, or of all without `project`.

    Everybody has it where `shared`, else the owner alone.
    """

    name: str
    query: str
    shared: bool
    project: str | None = None


class ReviewComment(Strict, frozen=True):
    """What `user` says of the artifact, with the element meant; who settles it, with which status, and why."""

    user: str
    text: str
    quote: Quote
    settled_by: str
    status: Status
    why: str


class Review(Strict, frozen=True):
    """The agent's room for an artifact of `project` at the path `page`, and what is said in it."""

    project: str
    page: str
    title: str
    goal: str
    constraints: tuple[str, ...]
    comments: tuple[ReviewComment, ...]


class Team(Strict, frozen=True):
    """Who works with the reports: `agent` is the name of the coding agent, `commits` where its repositories are."""

    agent: str
    commits: str
    members: tuple[Member, ...]
    views: tuple[SavedView, ...]
    review: Review


@cache
def projects() -> tuple[SampleProject, ...]:
    """The sample projects, in the order in which they are created."""
    return tuple(_read(name, SampleProject) for name in PROJECTS)


def project_named(name: str) -> SampleProject:
    """The sample project of that name."""
    return next(project for project in projects() if project.name == name)


@cache
def common() -> Common:
    """What all projects share."""
    return _read("common.toml", Common)


@cache
def team() -> Team:
    """The owner's team, its views and its review."""
    return _read("team.toml", Team)


def _read(name: str, kind: type[T]) -> T:
    """The file as that struct. Raises msgspec.ValidationError."""
    return msgspec.convert(tomllib.loads((DATA / name).read_text(encoding="utf-8")), kind)
