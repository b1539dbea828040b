"""What the workspace uses of its plan, and the calls of its keys day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.clock import DAY
from backroom.projects.usage import DAYS_SHOWN, KeyCalls, usage_overview
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.charts import OTHERS_COLOR, Chart, Series, chart_of, greatest
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation

COLORS = ("#e8590c", "#228be6", "#845ef7", "#2f9e44", "#d6336c")
"""So many keys have a color of their own, seen on light and on dark; the rest is drawn as one."""


def chart_of_calls(keys: Sequence[KeyCalls], first_day: int) -> Chart:
    """The chart of the keys' calls. `first_day` is in days since the epoch."""
    colors = chain(COLORS, repeat(OTHERS_COLOR))
    series = [Series(key.key, name_of(key), color, key.days) for key, color in zip(keys, colors, strict=False)]
    return chart_of(greatest(series, len(COLORS))[0], first_day)


def name_of(key: KeyCalls) -> str:
    """A key as the page calls it: keys of several projects may have the same name."""
    return f"{key.name}, {key.project_name}" + (" (revoked)" if key.revoked else "")


def read_usage(conn: Connection, visit: Visit) -> Values:
    """The plan's meters, and the chart of the last 30 days."""
    usage = usage_overview(conn, visit.actor, visit.now)
    return {
        "usage": usage,
        "meters": (
            ("Projects", usage.projects, "now"),
            ("Reports", usage.feedback, "this month"),
            ("API calls", usage.api_calls, "this month"),
        ),
        "chart": chart_of_calls(usage.keys, usage.first_day) if usage.keys else None,
        "days": list(_days(usage.keys, usage.first_day)),
        "names": [name_of(key) for key in usage.keys],
    }


def _days(keys: Sequence[KeyCalls], first_day: int) -> Iterator[tuple[int, list[int]]]:
    """The first millisecond of each day, newest first, with the calls of each key."""
    for day in reversed(range(DAYS_SHOWN)):
        yield (first_day + day) * DAY, [key.days[day] for key in keys]


@signed_in
async def show_usage(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Where the workspace stands in this month."""
    return await door.page(request, visit, "workspace/usage/page.html", read_usage)


OPERATIONS: list[Operation[Any]] = [Operation("GET", "/usage", show_usage, "What the workspace uses of its plan.")]
