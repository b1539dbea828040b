"""Which untriaged report is to be looked at next: by its channel's weight, its age, and how many say the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from backroom.access import Actor
from backroom.clock import DAY
from backroom.reports.agents import Listed, rows_of
from backroom.reports.filters import NOBODY, Wanted
from backroom.reports.finding import find_ids
from backroom.reports.reach import reach
from backroom.reports.rules import UNTITLED, Status
from backroom.store.tables import channels

LOOKED_AT = 200
"""Of the oldest open reports, and of the newest: more would hardly change the choice and take longer."""

OLDEST_COUNTS = 30
"""Days after which a report gets no more urgent by waiting."""

BEFORE_ALL = "0" * 24


class Next(NamedTuple):
    """The most urgent report, and why: its channel's weight, the days it has waited, and the ids of those like it."""

    id: str
    weight: float
    days: int
    duplicates: list[str]


def next_report(conn: Connection, actor: Actor, channel: str | None, now: int) -> Next | None:
    """The most urgent open report that nobody has taken, of one channel where it is given; None if none waits.

    Raises Denied.
    """
    projects = reach(conn, actor)
    wanted = Wanted(projects, (Status.OPEN,), () if channel is None else (channel,), assignee=NOBODY)
    newest = find_ids(conn, wanted, None, None, LOOKED_AT).keys
    oldest = find_ids(conn, wanted, None, BEFORE_ALL, LOOKED_AT).keys
    weights = select(channels.c.key, channels.c.base_weight).where(channels.c.project.in_(projects))
    found = {str(key): float(weight) for key, weight in conn.execute(weights)}
    return most_urgent(rows_of(conn, sorted({*newest, *oldest})), found, now)


def most_urgent(waiting: Sequence[Listed], weights: Mapping[str, float], now: int) -> Next | None:
    """The one with the highest urgency, of equals the oldest; None where nothing waits. `weights` are by channel."""
    if not waiting:
        return None
    alike = Counter(map(_words, waiting))

    def rank(report: Listed) -> tuple[float, str]:
        return -urgency(weights.get(report.channel_key, 1.0), _days(report, now), alike[_words(report)] - 1), report.id

    first = min(waiting, key=rank)
    others = [each.id for each in waiting if each.id != first.id and _words(each) == _words(first)]
    return Next(first.id, weights.get(first.channel_key, 1.0), _days(first, now), sorted(others))


def urgency(weight: float, days: int, duplicates: int) -> float:
    """The weight, once more for each doubling of reports that say the same, and once more for each ten days."""
    return weight * (1 + math.log2(1 + duplicates)) * (1 + min(days, OLDEST_COUNTS) / 10)


def _days(report: Listed, now: int) -> int:
    return max(0, (now - report.created_at) // DAY)


def _words(report: Listed) -> str:
    """What two reports that say the same have in common; one without words is like no other."""
    if report.title == UNTITLED:
        return report.id
    spaced = "".join(char if char.isalnum() else " " for char in report.title.casefold())
    return " ".join(spaced.split()) or report.id
