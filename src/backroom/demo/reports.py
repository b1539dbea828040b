"""Decides which reports come in, when, and how far each gets; writes nothing.

The same seed gives the same reports, placed in time so that the last one came in just now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from backroom.clock import DAY, HOUR, MINUTE, iso
from backroom.demo.texts import AGENT, Quote, ReviewComment, SampleProject, common, project_named, projects, team
from backroom.reports.rules import Source, Status

SEED = 1914
DAYS = 60
REPORTS = 312
ARCHIVED_BEFORE = 18 * DAY
WEIGHTS = {"bug": 10, "feature": 5, "alpha-feedback": 4}
EXTRA_WEIGHT = 5
"""How often a report is for a channel: those that every project has, and each of the project's own."""


@dataclass(frozen=True)
class SampleReport:
    """One report as its reporter sends it. `moment` is in milliseconds; without `user` nobody knows the reporter.

    `statuses` are those that it gets later, each with its moment. `comment` is set where it was written in the review.
    """

    project: SampleProject
    moment: int
    channel: str
    text: str | None
    quote: Quote | None
    has_screenshot: bool
    has_voice: bool
    source: Source
    client_id: str | None
    user: str | None
    verified: bool
    context: dict[str, object]
    statuses: tuple[tuple[int, Status], ...]
    comment: ReviewComment | None = None


def plan_reports(now: int) -> list[SampleReport]:
    """Every report of the last 60 days, oldest first. `now` is in milliseconds since the epoch."""
    random = Random(SEED)  # noqa: S311 -- sample texts, not a secret
    comments = team().review.comments
    moments = sorted(_moment(random, now) for _ in range(REPORTS - len(comments)))
    reports = [_report(random, moment, now) for moment in moments]
    reports += [_review_report(random, comment, _reviewed_at(place, now)) for place, comment in enumerate(comments)]
    return sorted(reports, key=lambda report: report.moment)


def _reviewed_at(place: int, now: int) -> int:
    """All within two hours, near the beginning."""
    return now - (DAYS - 2) * DAY + place * 25 * MINUTE


def _moment(random: Random, now: int) -> int:
    """A time of day when people are up, more often on a working day and in the last weeks."""
    while True:
        moment = now - int(DAYS * DAY * (1 - random.random() ** 0.8)) - random.randrange(MINUTE)
        day = datetime.fromtimestamp(moment / 1000, UTC)
        awake = 1.0 if 7 <= day.hour <= 20 else 0.12
        if random.random() < awake * (0.35 if day.weekday() >= 5 else 1.0):
            return moment


def _report(random: Random, moment: int, now: int) -> SampleReport:
    project = random.choices(projects(), [each.share for each in projects()])[0]
    channel = _channel(random, project, now - moment)
    source = Source.WIDGET if random.random() < 0.85 else Source.API
    widget = source is Source.WIDGET
    has_voice = widget and random.random() < 0.07
    has_screenshot = widget and random.random() < 0.22
    quote = random.choice(project.quotes) if widget and random.random() < 0.18 else None
    user = random.choice(common().reporters) if random.random() < 0.6 else None
    # The order of the arguments is the order of the draws: another one gives other reports.
    return SampleReport(
        project=project,
        moment=moment,
        channel=channel,
        text=_text(random, project.texts[channel], quote is not None, has_voice),
        quote=quote,
        has_screenshot=has_screenshot,
        has_voice=has_voice,
        source=source,
        client_id=_client_id(random) if widget else None,
        user=user,
        verified=user is not None and random.random() < 0.7,
        context=_page_context(random, project.host, project.pages, moment) if widget else _server_context(random, user),
        statuses=_statuses(random, moment, now),
    )


def _review_report(random: Random, comment: ReviewComment, moment: int) -> SampleReport:
    """A report on the artifact, settled within a day."""
    review = team().review
    project = project_named(review.project)
    begun = Status.IN_PROGRESS if comment.settled_by == AGENT else Status.TRIAGED
    return SampleReport(
        project=project,
        moment=moment,
        channel="alpha-feedback",
        text=comment.text,
        quote=comment.quote,
        has_screenshot=False,
        has_voice=False,
        source=Source.WIDGET,
        client_id=_client_id(random),
        user=comment.user,
        verified=True,
        context=_page_context(random, project.host, (review.page,), moment),
        statuses=((moment + 3 * HOUR, begun), (moment + 5 * HOUR, comment.status)),
        comment=comment,
    )


def _client_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _channel(random: Random, project: SampleProject, age: int) -> str:
    weights = WEIGHTS | {project.channel.key: EXTRA_WEIGHT}
    if project.archived_channel is not None and age > ARCHIVED_BEFORE:
        weights[project.archived_channel.key] = EXTRA_WEIGHT
    return random.choices(list(weights), list(weights.values()))[0]


def _text(random: Random, texts: tuple[str, ...], has_quote: bool, has_voice: bool) -> str | None:
    """What is written; a quote sometimes stands alone."""
    if has_quote and random.random() < 0.15:
        return None
    if has_voice and random.random() < 0.5:
        return random.choice(common().voice_notes)
    text = random.choice(texts)
    return f"{text}\n\n{random.choice(common().endings)}" if random.random() < 0.45 else text


def _server_context(random: Random, user: str | None) -> dict[str, object]:
    """What a server sends along."""
    extra = {"userId": user} if user else {}
    return {"appVersion": f"2.{random.randrange(4)}.{random.randrange(10)}", "platform": "server", **extra}


def _page_context(random: Random, host: str, pages: tuple[str, ...], moment: int) -> dict[str, object]:
    """What the widget sends along."""
    device, path = random.choice(common().devices), random.choice(pages)
    errors = random.sample(common().console_errors, random.choices((0, 1, 2), (7, 2, 1))[0])
    return {
        "url": f"https://{host}{path}",
        "pathname": path,
        "host": host,
        "userAgent": device.user_agent,
        "language": random.choice(common().languages),
        "viewport": {"width": device.width, "height": device.height},
        "device": device.kind,
        "timestamp": iso(moment),
        "consoleErrors": errors,
        "extra": {"build": f"2026.{random.randrange(1, 30)}", "plan": random.choice(("free", "team", "trial"))},
    }


def _statuses(random: Random, moment: int, now: int) -> tuple[tuple[int, Status], ...]:
    """Triaged within some days, then worked on; some reports never get any further."""
    statuses: list[tuple[int, Status]] = []
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
        statuses.append((moment, status))
    return tuple(statuses)
