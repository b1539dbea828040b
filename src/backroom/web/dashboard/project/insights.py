"""Insights: how much came, from where, and how long it took; every number leads to the reports behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.errors import Invalid
from backroom.projects.channels import list_channels
from backroom.projects.queries import Project, get_by_slug
from backroom.reports.counters import day_of
from backroom.reports.insights import Durations, Insights, get_insights
from backroom.reports.rules import CLASS_OF, Status, StatusClass
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.charts import OTHERS, OTHERS_COLOR, Href, Series, chart_of, greatest
from backroom.web.dashboard.frame.formats import STATUSES, span
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.render import with_query
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation

EPOCH = date(1970, 1, 1)
RANGES = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "12 months"))
USUAL = 30
MOST_SERIES = 8
MOST_NAMED = 40
"""The other channels' reports have an address as long as it isn't too long: every bar has one."""

LOOKED_AT = tuple(status.value for status in Status if status is not Status.OPEN)
DONE = tuple(status.value for status in Status if CLASS_OF[status] is StatusClass.RESOLVED)
"""The statuses of the reports that have a time to triage, and to resolve."""


class Bar(NamedTuple):
    """One line of a list: its name, how many, its share of the greatest (0 to 100), and where the reports are."""

    name: str
    n: int
    share: int
    href: str


class Range(NamedTuple):
    """Days since the epoch (UTC), both inclusive, as the address has them too."""

    first: int
    last: int

    @property
    def since(self) -> str:
        """The first day, as ISO writes it."""
        return iso_day(self.first)

    @property
    def until(self) -> str:
        """The last day, as ISO writes it."""
        return iso_day(self.last)

    @property
    def days(self) -> int:
        """How many days."""
        return self.last - self.first + 1


def iso_day(day: int) -> str:
    """`2026-06-03` of a day since the epoch."""
    return (EPOCH + timedelta(days=day)).isoformat()


def parse_range(form: Form, now: int) -> Range | None:
    """The range of an address; 30 days up to today where it says nothing. None, with words at the field, for none."""
    today = day_of(now)
    last = form.check("until", lambda text: _parse_day(text) if text else today)
    if last is None:
        return None
    first = form.check("since", lambda text: _parse_day(text) if text else last - USUAL + 1)
    if first is None:
        return None
    if first > last:
        form.refuse("since", "The start date must not be after the end date.")
        return None
    return Range(first, last)


def _parse_day(text: str) -> int:
    try:
        day = (datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date() - EPOCH).days
    except ValueError:
        raise Invalid("Enter a date such as 2026-06-03.") from None
    if day < 0:
        raise Invalid("Enter a date from 1970-01-01 on.")
    return day


def read_insights(conn: Connection, visit: Visit, slug: str, since: str, until: str) -> Values:
    """The project's figures over a range of days; only the form again where that is no range."""
    project = get_by_slug(conn, visit.actor, slug)
    form = Form([("since", since), ("until", until)])
    asked = parse_range(form, visit.now)
    found = None if asked is None else _figures(conn, visit, project, asked, form)
    presets = [
        (label, preset(project, days, visit.now), asked is not None and days == asked.days) for days, label in RANGES
    ]
    values = {"project": project, "form": form, "range": asked, "found": found, "presets": presets}
    if asked is None or found is None:
        return values
    return values | _shown(conn, visit, Place(project, asked), found)


def _figures(conn: Connection, visit: Visit, project: Project, asked: Range, form: Form) -> Insights | None:
    try:
        return get_insights(conn, visit.actor, [project.id], asked.first, asked.last)
    except Invalid as error:
        form.refuse("since", error.message)
        return None


def _shown(conn: Connection, visit: Visit, place: Place, found: Insights) -> Values:
    channels = {each.key: each for each in list_channels(conn, visit.actor, place.project.id, archived=True)}
    of_channels = [
        Series(key, *((channels[key].name, channels[key].color) if key in channels else (key, OTHERS_COLOR)), n)
        for key, n in sorted(found.by_channel.items(), key=lambda item: -sum(item[1]))
    ]
    by_channel, others = greatest(of_channels, MOST_SERIES)
    by_status = [Series(status.value, STATUSES[status.value], "", n) for status, n in found.by_status.items()]
    first = place.range.first
    return {
        "charts": [
            ("Reports by day and channel", chart_of(by_channel, first, place.day_of("channel", others))),
            ("Reports by day and current status", chart_of(by_status, first, place.day_of("status"))),
        ],
        "durations": [
            ("Time to triage", *_durations(found.to_triage), place.having(status=LOOKED_AT)),
            ("Time to resolve", *_durations(found.to_resolve), place.having(status=DONE)),
        ],
        "lists": _lists(found, place),
        "all_href": place.having(),
        "open_href": place.having(status=Status.OPEN.value),
        "open": sum(found.by_status[Status.OPEN]),
    }


def preset(project: Project, days: int, now: int) -> str:
    """The page over the last so many days."""
    last = day_of(now)
    return with_query(f"/p/{project.slug}/insights", since=iso_day(last - days + 1), until=iso_day(last))


class Place(NamedTuple):
    """Makes the addresses behind the numbers of a project and a range."""

    project: Project
    range: Range

    def having(self, **values: str | Sequence[str]) -> str:
        """The inbox of the range's reports that also have this; of a sequence, any of it."""
        kept = {"status": "any", "since": self.range.since, "until": self.range.until} | values
        return f"/p/{self.project.slug}?{urlencode(kept, doseq=True)}"

    def day_of(self, name: str, others: Sequence[str] = ()) -> Href:
        """Gives the address of some days' reports of one series, of the `others` together, or of all."""

        def href(key: str, first: int, last: int) -> str:
            days = {"since": iso_day(first), "until": iso_day(last)}
            if key == OTHERS:
                return self.having(**{name: others}, **days) if len(others) <= MOST_NAMED else ""
            return self.having(**({name: key} if key else {}), **days)

        return href


def _durations(found: Durations | None) -> tuple[str, str, int]:
    return ("", "", 0) if found is None else (span(found.median), span(found.p90), found.n)


def _lists(found: Insights, place: Place) -> list[tuple[str, list[Bar]]]:
    sources = sorted(found.sources.items(), key=lambda item: -item[1])
    named = {"WIDGET": "Widget", "API": "API"}
    return [
        ("Pages", _bars(found.pages, lambda value: place.having(page=value))),
        ("Browsers", _bars(found.browsers, lambda value: place.having(browser=value))),
        ("Systems", _bars(found.systems, lambda value: place.having(system=value))),
        ("Devices", _bars(found.devices, lambda value: place.having(device=value))),
        ("Sources", [bar._replace(name=named[bar.name]) for bar in _bars(sources, lambda v: place.having(source=v))]),
    ]


def _bars(found: Sequence[tuple[str, int]], href: Any) -> list[Bar]:
    most = max((n for _, n in found), default=0)
    return [Bar(value, n, round(100 * n / most), href(value)) for value, n in found if n]


@signed_in
async def show_insights(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """A project's insights."""
    asked = request.query_params
    slug = request.path_params["slug"]
    return await door.page(
        request,
        visit,
        "project/insights/page.html",
        read_insights,
        slug,
        asked.get("since", ""),
        asked.get("until", ""),
    )


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/insights", show_insights, "A project's insights."),
]
