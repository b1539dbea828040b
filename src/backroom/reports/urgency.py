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
from backroom.reports.filters import NOBODY, Filter
from backroom.reports.find import Key, list_ids
from backroom.reports.lookup import reach
from backroom.reports.rules import UNTITLED, Status
from backroom.store.tables import channels

LOOKED_AT = 100
"""Of each channel's oldest open reports, and of its newest: more would hardly change the choice and take longer."""

MOST_CHANNELS = 20
"""So many, the heaviest, are looked into one by one; the others all together."""

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
    query = select(channels.c.key, channels.c.base_weight).where(channels.c.project.in_(projects))
    weights: dict[str, float] = {}
    for key, weight in conn.execute(query):
        weights[key] = max(float(weight), weights.get(key, 0.0))
    found: set[Key] = set()
    for some in _in_turn(weights) if channel is None else [(channel,)]:
        wanted = Filter(projects, (Status.OPEN,), some, assignee=NOBODY)
        for after in (None, BEFORE_ALL):
            found.update(list_ids(conn, wanted, None, after, LOOKED_AT).keys)
    return most_urgent(rows_of(conn, sorted(found)), weights, now)


def _in_turn(weights: Mapping[str, float]) -> list[tuple[str, ...]]:
    """The channels by which to look, so that a heavy one's few are not lost behind the many of a light one.

    Those that are archived too: what came in before is still open.
    """
    heaviest = sorted(weights, key=lambda key: (-weights[key], key))
    alone: list[tuple[str, ...]] = [(key,) for key in heaviest[:MOST_CHANNELS]]
    return [*alone, tuple(heaviest[MOST_CHANNELS:])] if len(heaviest) > MOST_CHANNELS else alone


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
