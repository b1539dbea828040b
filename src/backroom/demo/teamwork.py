"""Decides what the team does with the sample reports, who does it, and when; writes nothing.

It has a seed of its own, so that the reports stay the same whatever the team does with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from backroom.clock import HOUR
from backroom.demo.reports import SEED, SampleReport
from backroom.demo.texts import AGENT, OWNER, Fix, Remark, ReviewComment, SampleProject, Thread, common, projects, team
from backroom.projects.rules import slug_of
from backroom.reports.rules import Status
from backroom.reports.timeline import NOTE, REPLY

SECOND = 1_000
EDITORS = ("nadia", "ruben", OWNER)
"""Who may triage; the rest of the team reads."""

TRIAGE_SHARES, WORK_SHARES = (5, 3, 2), (3, 5, 2)
"""How often each of them triages a report, and works on one."""

ASSIGNED = 0.5
PICKED_UP = 0.4
TIME_TO_TALK = 2 * HOUR
LONGEST_TALK = 6 * HOUR


class Assign(NamedTuple):
    """Assigns the report to somebody, by their key."""

    to: str


class AddLabel(NamedTuple):
    """Puts a label on the report."""

    label: str


class AddComment(NamedTuple):
    """Writes a note or a reply."""

    kind: str
    text: str


class LinkCommit(NamedTuple):
    """Links a commit."""

    commit: str
    url: str
    message: str


Action = Status | Assign | AddLabel | AddComment | LinkCommit


class Step(NamedTuple):
    """`who` of the team does `action` to the report of that number at `moment` (ms).

    Without an `action` the report comes in, and `who` is empty.
    """

    moment: int
    report: int
    who: str
    action: Action | None


def plan_steps(reports: list[SampleReport], now: int) -> list[Step]:
    """Everything that happens until `now` (ms), in order of time."""
    random = Random(SEED + 1)  # noqa: S311 -- sample data, not a secret
    threads = _threads(random, reports, now)
    fixes = _fixes(reports, threads)
    labels = _labels(random, reports)
    steps: list[Step] = []
    for number, report in enumerate(reports):
        steps.append(Step(report.moment, number, "", None))
        if report.comment is not None:
            steps += _settle(number, report, report.comment)
        elif not report.statuses:
            steps += _pick_up(random, number, report, labels[number], now)
        else:
            steps += _work_on(random, number, report, fixes.get(number), labels[number])
        if number in threads:
            steps += _discuss(random, number, report, threads[number], now)
    return sorted((step for step in steps if step.moment < now), key=lambda step: step.moment)


def labels_of(report: SampleReport) -> list[str]:
    """The labels of its project that fit what the report says."""
    text = (report.text or "").lower()
    return [label.name for label in report.project.labels if any(word in text for word in label.words)]


def _labels(random: Random, reports: list[SampleReport]) -> dict[int, list[str]]:
    """The labels that each report gets of those that fit: likelier the newer it is.

    The newest report that fits and isn't open any more has the label in any case, so that there is one of each.
    """
    found: dict[int, list[str]] = {}
    used: set[tuple[str, str]] = set()
    for number in reversed(range(len(reports))):
        report, found[number] = reports[number], []
        for label in labels_of(report):
            if random.random() * len(reports) < number or (report.project.name, label) not in used:
                found[number].append(label)
                used |= {(report.project.name, label)} if report.statuses else set()
    return found


def _threads(random: Random, reports: list[SampleReport], now: int) -> dict[int, Thread]:
    """The thread of each report that has one: those about a text, then the notes that fit any report of a channel."""
    found: dict[int, Thread] = {}
    for project in projects():
        for thread in project.threads:
            about = [number for number in _about(reports, project, thread.about) if number not in found]
            number = next((each for each in about if _pause(reports[each], thread.after, now)), None)
            if number is not None:
                found[number] = thread
    for channel, notes in common().notes.items():
        of_channel = [n for n, report in enumerate(reports) if report.channel == channel and report.comment is None]
        quiet = [n for n in of_channel if n not in found and _pause(reports[n], Status.TRIAGED, now)]
        newer = quiet[-3 * len(notes) :]
        for number, text in zip(random.sample(newer, min(len(newer), len(notes))), notes, strict=False):
            found[number] = Thread("", Status.TRIAGED, (Remark(random.choice(EDITORS), text),))
    return found


def _fixes(reports: list[SampleReport], threads: dict[int, Thread]) -> dict[int, Fix]:
    """The report of each fix: the newest that fits, is resolved, and has no thread."""
    found: dict[int, Fix] = {}
    for project in projects():
        for fix in project.fixes:
            about = [number for number in _about(reports, project, fix.about) if number not in threads]
            resolved = (n for n in about if Status.RESOLVED in [status for _, status in reports[n].statuses])
            number = next(resolved, None)
            if number is not None:
                found[number] = fix
    return found


def _about(reports: list[SampleReport], project: SampleProject, about: str) -> list[int]:
    """The project's reports with that in their text, newest first."""
    found = [n for n, report in enumerate(reports) if report.project is project and about in (report.text or "")]
    return found[::-1]


def _pause(report: SampleReport, after: Status, now: int) -> tuple[int, int] | None:
    """From when the report got that status to when it got the next, at most six hours; None if that is short."""
    ends = [moment for moment, _ in report.statuses[1:]] + [now]
    for (start, status), end in zip(report.statuses, ends, strict=False):
        if status is after and end - start > TIME_TO_TALK:
            return start, min(end, start + LONGEST_TALK)
    return None


def _pick_up(random: Random, number: int, report: SampleReport, labels: list[str], now: int) -> Iterator[Step]:
    """What is still open: some of it is assigned and labelled already."""
    if random.random() > PICKED_UP:
        return
    editor = random.choice((*EDITORS, OWNER))
    moment = report.moment + int((now - report.moment) * random.uniform(0.2, 0.8))
    yield Step(moment, number, editor, Assign(editor))
    for place, label in enumerate(labels, start=1):
        yield Step(moment + 5 * place * SECOND, number, editor, AddLabel(label))


def _work_on(random: Random, number: int, report: SampleReport, fix: Fix | None, labels: list[str]) -> Iterator[Step]:
    """Triaged by one and done by another or by the agent; labelled within a minute, half of them assigned."""
    triager = random.choices(EDITORS, TRIAGE_SHARES)[0]
    assignee = random.choices(EDITORS, WORK_SHARES)[0]
    worker = assignee if fix is None else AGENT
    first = report.statuses[0][0]
    for place, label in enumerate(labels):
        yield Step(first + (10 + 5 * place) * SECOND, number, triager, AddLabel(label))
    if fix is None and random.random() < ASSIGNED:
        yield Step(first + 45 * SECOND, number, triager, Assign(assignee))
    for moment, status in report.statuses:
        if fix is not None and status is Status.RESOLVED:
            yield from _fix(random, number, report, fix, moment)
        yield Step(moment, number, triager if status in (Status.TRIAGED, Status.CLOSED) else worker, status)


def _fix(random: Random, number: int, report: SampleReport, fix: Fix, moment: int) -> Iterator[Step]:
    """The commit and the note, right before the agent resolves the report."""
    commit = f"{random.getrandbits(160):040x}"
    url = f"{team().commits}/{slug_of(report.project.name)}/commit/{commit}"
    yield Step(moment - 40 * SECOND, number, AGENT, LinkCommit(commit, url, fix.commit))
    yield Step(moment - 20 * SECOND, number, AGENT, AddComment(NOTE, fix.note))


def _settle(number: int, report: SampleReport, comment: ReviewComment) -> Iterator[Step]:
    """How a comment of the review is settled."""
    (begun, status), (ended, _) = report.statuses
    yield Step(begun, number, comment.settled_by, status)
    yield Step(ended - 20 * SECOND, number, comment.settled_by, AddComment(NOTE, comment.why))
    yield Step(ended, number, comment.settled_by, comment.status)


def _discuss(random: Random, number: int, report: SampleReport, thread: Thread, now: int) -> Iterator[Step]:
    """The thread's comments, spread over the time that the report stays as it is."""
    pause = _pause(report, thread.after, now)
    if pause is None:
        return
    start, end = pause
    moments = sorted(start + int((end - start) * random.uniform(0.1, 0.9)) for _ in thread.comments)
    for moment, remark in zip(moments, thread.comments, strict=True):
        yield Step(moment, number, remark.by, AddComment(REPLY if remark.reply else NOTE, remark.text))
