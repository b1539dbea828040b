"""Decides what happens in the sample data, and when; writes nothing.

The same seed tells the same story, told so that it ends now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from backroom.clock import DAY, MINUTE, iso
from backroom.reports.rules import Source, Status
from backroom.upkeep.demo_texts import AGENTS, ERRORS, MORE, ROOMS, SPOKEN, Room

SEED = 1914
DAYS = 60
REPORTS = 312
HOUR = 60 * MINUTE
ARCHIVED_BEFORE = 18 * DAY
WEIGHTS = {"bug": 10, "feature": 5, "alpha-feedback": 4}
EXTRA_WEIGHT = 5
NAMES = ("maren", "joao", "aiko", "tom.b", "fatima", "lena", "odd", "priya", "sven", "claire", "mateo", "ines")


@dataclass(frozen=True)
class Told:
    """One report as its reporter means it. `moment` is in milliseconds; `user` None is nobody known.

    `moves` are the statuses that it takes later, each with its moment.
    """

    room: Room
    moment: int
    channel: str
    text: str | None
    quote: tuple[str, str] | None
    shows: bool
    speaks: bool
    source: Source
    client_id: str | None
    user: str | None
    verified: bool
    context: dict[str, object]
    moves: tuple[tuple[int, Status], ...]


class Step(NamedTuple):
    """Something that happens: the report of that number comes in, or takes `status`."""

    moment: int
    report: int
    status: Status | None


def tell(now: int) -> list[Told]:
    """Every report of the last 60 days, oldest first. `now` is in milliseconds since the epoch."""
    random = Random(SEED)  # noqa: S311 -- a story, not a secret
    moments = sorted(_moment(random, now) for _ in range(REPORTS))
    return [_report(random, moment, now) for moment in moments]


def steps(story: list[Told]) -> list[Step]:
    """What happens, in order of time."""
    found = [Step(told.moment, number, None) for number, told in enumerate(story)]
    for number, told in enumerate(story):
        found += [Step(moment, number, status) for moment, status in told.moves]
    return sorted(found, key=lambda step: (step.moment, step.status is not None, step.report))


def _moment(random: Random, now: int) -> int:
    """A time of day when people are up, more often on a working day and in the last weeks."""
    while True:
        moment = now - int(DAYS * DAY * (1 - random.random() ** 0.8)) - random.randrange(MINUTE)
        day = datetime.fromtimestamp(moment / 1000, UTC)
        awake = 1.0 if 7 <= day.hour <= 20 else 0.12
        if random.random() < awake * (0.35 if day.weekday() >= 5 else 1.0):
            return moment


def _report(random: Random, moment: int, now: int) -> Told:
    room = random.choices(ROOMS, (6, 4, 5))[0]
    channel = _channel(random, room, now - moment)
    source = Source.WIDGET if random.random() < 0.85 else Source.API
    widget = source is Source.WIDGET
    speaks = widget and random.random() < 0.07
    shows = widget and random.random() < 0.22
    quote = random.choice(room.quotes) if widget and random.random() < 0.18 else None
    user = random.choice(NAMES) if random.random() < 0.6 else None
    return Told(
        room=room,
        moment=moment,
        channel=channel,
        text=_text(random, room, channel, quote is not None, speaks),
        quote=quote,
        shows=shows,
        speaks=speaks,
        source=source,
        client_id=str(UUID(int=random.getrandbits(128), version=4)) if widget else None,
        user=user,
        verified=user is not None and random.random() < 0.7,
        context=_context(random, room, moment, user, widget),
        moves=_moves(random, moment, now),
    )


def _channel(random: Random, room: Room, age: int) -> str:
    weights = WEIGHTS | {room.extra[0]: EXTRA_WEIGHT}
    if room.past is not None and age > ARCHIVED_BEFORE:
        weights[room.past[0]] = EXTRA_WEIGHT
    return random.choices(list(weights), list(weights.values()))[0]


def _text(random: Random, room: Room, channel: str, quotes: bool, speaks: bool) -> str | None:
    """What is written; a quote sometimes stands for itself."""
    if quotes and random.random() < 0.15:
        return None
    if speaks and random.random() < 0.5:
        return random.choice(SPOKEN)
    said = random.choice(room.said[channel])
    return f"{said}\n\n{random.choice(MORE)}" if random.random() < 0.45 else said


def _context(random: Random, room: Room, moment: int, user: str | None, widget: bool) -> dict[str, object]:
    if not widget:
        extra = {"userId": user} if user else {}
        return {"appVersion": f"2.{random.randrange(4)}.{random.randrange(10)}", "platform": "server", **extra}
    device, width, height, agent = random.choice(AGENTS)
    path = random.choice(room.pages)
    errors = random.sample(ERRORS, random.choices((0, 1, 2), (7, 2, 1))[0])
    return {
        "url": f"https://{room.host}{path}",
        "pathname": path,
        "host": room.host,
        "userAgent": agent,
        "language": random.choice(("en-GB", "en-US", "de-DE", "fr-FR", "nb-NO", "es-ES")),
        "viewport": {"width": width, "height": height},
        "device": device,
        "timestamp": iso(moment),
        "consoleErrors": errors,
        "extra": {"build": f"2026.{random.randrange(1, 30)}", "plan": random.choice(("free", "team", "trial"))},
    }


def _moves(random: Random, moment: int, now: int) -> tuple[tuple[int, Status], ...]:
    """Triaged within some days, then worked on; some things stay as they are for ever."""
    moves: list[tuple[int, Status]] = []
    for status, likely, hours in (
        (Status.TRIAGED, 0.93, 44),
        (Status.IN_PROGRESS, 0.6, 60),
        (Status.RESOLVED, 0.9, 110),
        (Status.CLOSED, 0.35, 90),
    ):
        if random.random() > likely:
            break
        moment += int(-math.log(1 - random.random()) * hours * HOUR) + MINUTE
        if moment >= now:
            break
        moves.append((moment, status))
    return tuple(moves)
