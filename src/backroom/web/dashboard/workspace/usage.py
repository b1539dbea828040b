"""What the workspace uses of its plan, and the calls of its keys day by day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.clock import DAY
from backroom.projects.usage import DAYS_SHOWN, KeyCalls, usage_overview
from backroom.web.dashboard.frame.auth import Visit, signed_in
from backroom.web.http import Answer, Operation

if TYPE_CHECKING:
    from backroom.web.dashboard.door import DashboardDoor, Values

MOST_SERIES = 5
"""So many keys have a color of their own; the rest is drawn as one."""

WIDTH, HEIGHT = 10, 100
"""Of one day in the chart, in its own units; the page stretches it."""


class Block(NamedTuple):
    """A part of a day's bar: the number of its series, its upper edge and its height."""

    series: int
    y: float
    height: float


class Bar(NamedTuple):
    """A day: its first millisecond, its calls, and where its blocks begin."""

    at: int
    total: int
    x: int
    blocks: list[Block]


class Chart(NamedTuple):
    """Bars of 30 days, oldest first. `top` is what the whole height stands for; `names` are those of the series."""

    bars: list[Bar]
    top: int
    names: list[str]
    width: int = WIDTH * DAYS_SHOWN
    height: int = HEIGHT


def chart_of(keys: Sequence[KeyCalls], first_day: int) -> Chart:
    """The chart of the keys' calls. `first_day` is in days since the epoch."""
    shown, rest = keys[:MOST_SERIES], keys[MOST_SERIES:]
    series = [key.days for key in shown]
    names = [name_of(key) for key in shown]
    if rest:
        series.append([sum(key.days[day] for key in rest) for day in range(DAYS_SHOWN)])
        names.append(f"{len(rest)} more")
    totals = [sum(days[day] for days in series) for day in range(DAYS_SHOWN)]
    top = round_up(max(totals))
    bars = [
        Bar((first_day + day) * DAY, totals[day], day * WIDTH, _stack([days[day] for days in series], top))
        for day in range(DAYS_SHOWN)
    ]
    return Chart(bars, top, names)


def _stack(numbers: Sequence[int], top: int) -> list[Block]:
    blocks, y = [], float(HEIGHT)
    for series, n in enumerate(numbers):
        if n:
            height = HEIGHT * n / top
            y -= height
            blocks.append(Block(series, round(y, 2), round(height, 2)))
    return blocks


def round_up(n: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 … that isn't smaller."""
    if n <= 1:
        return 1
    power: int = 10 ** int(math.log10(n))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= n)


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
        "chart": chart_of(usage.keys, usage.first_day) if usage.keys else None,
        "names": [name_of(key) for key in usage.keys],
    }


@signed_in
async def show(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Where the workspace stands in this month."""
    return await door.page(request, visit, "workspace/usage/page.html", read_usage)


OPERATIONS: list[Operation[Any]] = [Operation("GET", "/usage", show, "What the workspace uses of its plan.")]
