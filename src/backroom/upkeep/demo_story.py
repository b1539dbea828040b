"""Decides which reports come in, when, and how far each gets; writes nothing.

The same seed tells the same story, told so that it ends now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from backroom.clock import DAY, HOUR, MINUTE, iso
from backroom.reports.rules import Source, Status
from backroom.upkeep.demo_people import AGENT, REVIEW, Heard
from backroom.upkeep.demo_texts import AGENTS, ERRORS, MORE, ROOMS, SPOKEN, Room

SEED = 1914
DAYS = 60
REPORTS = 312
ARCHIVED_BEFORE = 18 * DAY
WEIGHTS = {"bug": 10, "feature": 5, "alpha-feedback": 4}
EXTRA_WEIGHT = 5
NAMES = ("maren", "joao", "aiko", "tom.b", "fatima", "lena", "odd", "priya", "sven", "claire", "mateo", "ines")


@dataclass(frozen=True)
class Told:
    """One report as its reporter means it. `moment` is in milliseconds; `user` None is nobody known.

    `moves` are the statuses that it takes later, each with its moment. `heard` is what it says where it was written
    in the room of an artifact.
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
    heard: Heard | None = None


def tell(now: int) -> list[Told]:
    """Every report of the last 60 days, oldest first. `now` is in milliseconds since the epoch."""
    random = Random(SEED)  # noqa: S311 -- a story, not a secret
    moments = sorted(_moment(random, now) for _ in range(REPORTS - len(REVIEW.heard)))
    story = [_report(random, moment, now) for moment in moments]
    story += [_in_room(random, heard, _reviewed_at(place, now)) for place, heard in enumerate(REVIEW.heard)]
    return sorted(story, key=lambda told: told.moment)


def _reviewed_at(place: int, now: int) -> int:
    """All within two hours, near the story's beginning."""
    return now - (DAYS - 2) * DAY + place * 25 * MINUTE


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
        client_id=_client_id(random) if widget else None,
        user=user,
        verified=user is not None and random.random() < 0.7,
        context=_context(random, room, room.pages, moment, user, widget),
        moves=_moves(random, moment, now),
    )


def _in_room(random: Random, heard: Heard, moment: int) -> Told:
    """A report on the artifact, settled within a day."""
    begun = Status.IN_PROGRESS if heard.by == AGENT else Status.TRIAGED
    return Told(
        room=REVIEW.room,
        moment=moment,
        channel="alpha-feedback",
        text=heard.text,
        quote=heard.quote,
        shows=False,
        speaks=False,
        source=Source.WIDGET,
        client_id=_client_id(random),
        user=heard.user,
        verified=True,
        context=_context(random, REVIEW.room, (REVIEW.page,), moment, heard.user, True),
        moves=((moment + 3 * HOUR, begun), (moment + 5 * HOUR, heard.status)),
        heard=heard,
    )


def _client_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


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


def _context(
    random: Random, room: Room, pages: tuple[str, ...], moment: int, user: str | None, widget: bool
) -> dict[str, object]:
    if not widget:
        extra = {"userId": user} if user else {}
        return {"appVersion": f"2.{random.randrange(4)}.{random.randrange(10)}", "platform": "server", **extra}
    device, width, height, agent = random.choice(AGENTS)
    path = random.choice(pages)
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
