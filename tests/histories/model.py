"""What a store must say after any history, kept in plain lists and looked through from end to end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backroom.projects.rules import HINT_LIFETIME, Channel, Hint, route
from backroom.reports.filters import Filter
from backroom.reports.rules import Status


@dataclass(frozen=True)
class Kept:
    """A report as the model knows it."""

    id: str
    project: str
    channel: str
    status: Status
    source: str
    message: str
    created_at: int
    client_id: str | None


@dataclass
class KeptHint:
    """A hint with its end (ms)."""

    hint: Hint
    ends: int


@dataclass
class KeptProject:
    """A project: live channels by key, hints, and whether it takes reports."""

    id: str
    archived: set[str] = field(default_factory=set)
    hints: list[KeptHint] = field(default_factory=list)
    paused: bool = False

    def goes_to(self, explicit: str | None, user: str | None, now: int) -> str:
        """The channel of a report that comes at `now`."""
        keys = ("bug", "feature", "alpha-feedback")
        channels = [Channel(key, key, key, "#c0392b", "fox", 1.0, key in self.archived) for key in keys]
        by_moment = sorted(self.hints, key=lambda each: each.ends)
        live = [each.hint for each in by_moment if each.ends > now]
        return route(channels, "bug", live, explicit, user)

    def hint(self, key: str, weight: str | float, user: str | None, now: int) -> None:
        self.hints.append(KeptHint(Hint(f"{len(self.hints):04}", key, user, weight), now + HINT_LIFETIME))


@dataclass
class Model:
    """One workspace: its projects and their reports, oldest first, and how many it ever took in the month."""

    projects: dict[str, KeptProject] = field(default_factory=dict)
    reports: list[Kept] = field(default_factory=list)
    taken: int = 0

    def find_client(self, project: str, client_id: str | None) -> Kept | None:
        """The report that the project has of this client id."""
        named = [each for each in self.reports if each.project == project and each.client_id == client_id]
        return named[0] if client_id is not None and named else None

    def set_status(self, report: Kept, status: Status) -> None:
        self.reports = [replace(each, status=status) if each.id == report.id else each for each in self.reports]

    def delete(self, report: Kept) -> None:
        self.reports = [each for each in self.reports if each.id != report.id]

    def delete_project(self, project: str) -> None:
        del self.projects[project]
        self.reports = [each for each in self.reports if each.project != project]

    def matching(self, wanted: Filter) -> list[Kept]:
        """The reports that a filter describes, newest first."""
        return [each for each in reversed(self.reports) if _matches(each, wanted)]


def _matches(report: Kept, wanted: Filter) -> bool:
    return (
        report.project in wanted.projects
        and (not wanted.statuses or report.status in wanted.statuses)
        and (not wanted.channels or report.channel in wanted.channels)
        and wanted.source in (None, report.source)
        and (wanted.phrase or "").lower() in report.message.lower()
        and (wanted.since is None or report.created_at >= wanted.since)
        and (wanted.until is None or report.created_at <= wanted.until)
    )
