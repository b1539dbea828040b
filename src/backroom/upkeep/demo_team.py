"""Decides what the team does with the sample data's reports, who does it, and when; writes nothing.

It draws from a seed of its own, so that the reports are the same whatever the team does with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from backroom.clock import HOUR
from backroom.projects.rules import slug_of
from backroom.reports.rules import Status
from backroom.reports.timeline import NOTE, REPLY
from backroom.upkeep.demo_people import AGENT, NADIA, OWNER, RUBEN, Heard
from backroom.upkeep.demo_story import SEED, Told
from backroom.upkeep.demo_talk import COMMITS, DESKS, NOTES, Fix, Remark, Thread

SECOND = 1_000
DOERS = (NADIA, RUBEN, OWNER)
"""Those who may triage; the others of the team read."""

SORTING, DOING = (5, 3, 2), (3, 5, 2)
"""How often each of them triages a report, and works on one."""

ASSIGNED = 0.5
TAKEN = 0.4
TIME_TO_TALK = 2 * HOUR
LONGEST_TALK = 6 * HOUR


class Given(NamedTuple):
    """The report is assigned."""

    to: str


class Labelled(NamedTuple):
    """The report gets a label."""

    label: str


class Notice(NamedTuple):
    """A comment of that kind."""

    kind: str
    text: str


class Linked(NamedTuple):
    """A commit is linked."""

    commit: str
    url: str
    message: str


What = Status | Given | Labelled | Notice | Linked


class Step(NamedTuple):
    """Something that happens to the report of that number at `moment` (ms): `who` of the team does `what`.

    Without `what` it comes in, and nobody of the team does anything.
    """

    moment: int
    report: int
    who: str
    what: What | None


def steps(story: list[Told], now: int) -> list[Step]:
    """Everything that happens until `now` (ms), in order of time."""
    random = Random(SEED + 1)  # noqa: S311 -- a story, not a secret
    threads = _threads(random, story, now)
    fixes = _fixes(story, threads)
    labels = _labels(random, story)
    found: list[Step] = []
    for number, told in enumerate(story):
        found.append(Step(told.moment, number, "", None))
        if told.heard is not None:
            found += _settled(number, told, told.heard)
        elif not told.moves:
            found += _looked_at(random, number, told, labels[number], now)
        else:
            found += _worked_on(random, number, told, fixes.get(number), labels[number])
        if number in threads:
            found += _said(random, number, told, threads[number], now)
    return sorted((step for step in found if step.moment < now), key=lambda step: step.moment)


def labels_of(told: Told) -> list[str]:
    """The labels of its project that fit what the report says."""
    text = (told.text or "").lower()
    return [label for label, words in DESKS[told.room.name].labels if any(word in text for word in words)]


def _labels(random: Random, story: list[Told]) -> dict[int, list[str]]:
    """The labels that each report gets of those that fit: likelier the newer it is.

    The newest report that fits and isn't open any more has the label in any case, so that there is one of each.
    """
    found: dict[int, list[str]] = {}
    used: set[tuple[str, str]] = set()
    for number in reversed(range(len(story))):
        told, found[number] = story[number], []
        for label in labels_of(told):
            if random.random() * len(story) < number or (told.room.name, label) not in used:
                found[number].append(label)
                used |= {(told.room.name, label)} if told.moves else set()
    return found


def _threads(random: Random, story: list[Told], now: int) -> dict[int, Thread]:
    """Each thread's report: the newest that fits. Then the notes that fit any report of a channel, on newer ones."""
    found: dict[int, Thread] = {}
    for room, desk in DESKS.items():
        for thread in desk.threads:
            about = [number for number in _about(story, room, thread.about) if number not in found]
            number = next((each for each in about if _pause(story[each], thread.after, now)), None)
            if number is not None:
                found[number] = thread
    for channel, notes in NOTES.items():
        of_channel = [number for number, told in enumerate(story) if told.channel == channel and told.heard is None]
        quiet = [number for number in of_channel if number not in found and _pause(story[number], Status.TRIAGED, now)]
        newer = quiet[-3 * len(notes) :]
        for number, text in zip(random.sample(newer, min(len(newer), len(notes))), notes, strict=False):
            found[number] = Thread("", Status.TRIAGED, (Remark(random.choice(DOERS), text),))
    return found


def _fixes(story: list[Told], threads: dict[int, Thread]) -> dict[int, Fix]:
    """Each fix's report: the newest that fits, is resolved, and isn't talked about."""
    found: dict[int, Fix] = {}
    for room, desk in DESKS.items():
        for fix in desk.fixes:
            about = [number for number in _about(story, room, fix.about) if number not in threads]
            resolved = (each for each in about if Status.RESOLVED in [status for _, status in story[each].moves])
            number = next(resolved, None)
            if number is not None:
                found[number] = fix
    return found


def _about(story: list[Told], room: str, about: str) -> list[int]:
    """The project's reports with that in their text, newest first."""
    found = [number for number, told in enumerate(story) if told.room.name == room and about in (told.text or "")]
    return found[::-1]


def _pause(told: Told, after: Status, now: int) -> tuple[int, int] | None:
    """From when the report took that status to when it took the next, at most six hours; None if that is short."""
    ends = [moment for moment, _ in told.moves[1:]] + [now]
    for (start, status), end in zip(told.moves, ends, strict=False):
        if status is after and end - start > TIME_TO_TALK:
            return start, min(end, start + LONGEST_TALK)
    return None


def _looked_at(random: Random, number: int, told: Told, labels: list[str], now: int) -> Iterator[Step]:
    """What is open still: some of it somebody has taken, and labelled."""
    if random.random() > TAKEN:
        return
    doer = random.choice((*DOERS, OWNER))
    moment = told.moment + int((now - told.moment) * random.uniform(0.2, 0.8))
    yield Step(moment, number, doer, Given(doer))
    for place, label in enumerate(labels, start=1):
        yield Step(moment + 5 * place * SECOND, number, doer, Labelled(label))


def _worked_on(random: Random, number: int, told: Told, fix: Fix | None, labels: list[str]) -> Iterator[Step]:
    """Sorted by one, done by another or by the agent; the labels within the first minute, and somebody for half."""
    sorter, doer = random.choices(DOERS, SORTING)[0], random.choices(DOERS, DOING)[0]
    hands = doer if fix is None else AGENT
    first = told.moves[0][0]
    for place, label in enumerate(labels):
        yield Step(first + (10 + 5 * place) * SECOND, number, sorter, Labelled(label))
    if fix is None and random.random() < ASSIGNED:
        yield Step(first + 45 * SECOND, number, sorter, Given(doer))
    for moment, status in told.moves:
        if fix is not None and status is Status.RESOLVED:
            yield from _fixed(random, number, told, fix, moment)
        yield Step(moment, number, sorter if status in (Status.TRIAGED, Status.CLOSED) else hands, status)


def _fixed(random: Random, number: int, told: Told, fix: Fix, moment: int) -> Iterator[Step]:
    """The commit and the note, right before the agent resolves the report."""
    commit = f"{random.getrandbits(160):040x}"
    url = f"{COMMITS}/{slug_of(told.room.name)}/commit/{commit}"
    yield Step(moment - 40 * SECOND, number, AGENT, Linked(commit, url, fix.message))
    yield Step(moment - 20 * SECOND, number, AGENT, Notice(NOTE, fix.note))


def _settled(number: int, told: Told, heard: Heard) -> Iterator[Step]:
    """What became of something that was said of an artifact."""
    (begun, status), (ended, _) = told.moves
    yield Step(begun, number, heard.by, status)
    yield Step(ended - 20 * SECOND, number, heard.by, Notice(NOTE, heard.why))
    yield Step(ended, number, heard.by, heard.status)


def _said(random: Random, number: int, told: Told, thread: Thread, now: int) -> Iterator[Step]:
    """The remarks, spread over the time that the report stays as it is."""
    pause = _pause(told, thread.after, now)
    if pause is None:
        return
    start, end = pause
    moments = sorted(start + int((end - start) * random.uniform(0.1, 0.9)) for _ in thread.remarks)
    for moment, remark in zip(moments, thread.remarks, strict=True):
        yield Step(moment, number, remark.who, Notice(REPLY if remark.replies else NOTE, remark.text))
