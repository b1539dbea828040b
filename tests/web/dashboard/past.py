"""Reports that came in before today, for pages that look back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection

from backroom.access import operator
from backroom.ids import ids_of_the_past
from backroom.projects.directory import Directory, ProjectFacts
from backroom.reports.commands import set_status
from backroom.reports.places import find_agent, page_of
from backroom.reports.rules import Status
from backroom.reports.submit import Submission, submit_report
from tests.harness.cast import Cast
from tests.harness.member import in_store

AGENTS = {
    "": "Unknown/Unknown/Unknown",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox/Linux/desktop",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile/15E148 Safari/604.1": "Safari/iOS/mobile",
}
"""User-Agents that a report may have, with browser, system and device."""


@dataclass
class Past:
    """One report: `moment` in milliseconds, `agent` of AGENTS; `moves` are the statuses that it takes, with when.

    `id` is given to it by `send_past`.
    """

    title: str
    moment: int
    channel: str = "bug"
    url: str = "https://app.example.com/"
    agent: str = ""
    source: str = "WIDGET"
    moves: Sequence[tuple[Status, int]] = ()
    id: str = field(default="", init=False)

    @property
    def status(self) -> str:
        """As it stands now."""
        return self.moves[-1][0].value if self.moves else "open"

    @property
    def page(self) -> str:
        """As filters name it."""
        return page_of(self.url)


def send_past(cast: Cast, project: str, told: Sequence[Past]) -> None:
    """Puts the reports into the store beside the server that runs on it, in order of time as it happened."""
    arrivals = [(each.moment, each, None) for each in told]
    steps = [*arrivals, *((moment, each, status) for each in told for status, moment in each.moves)]

    def send(tx: Connection) -> None:
        facts = Directory().by_id(tx, project)
        assert facts is not None
        for moment, each, status in sorted(steps, key=lambda step: (step[0], step[2] is not None)):
            if status is None:
                each.id = submit_report(tx, _submission(facts, each)).id
            else:
                set_status(tx, operator(cast.owner.workspace), [each.id], status, moment)

    with ids_of_the_past():
        in_store(cast.store, send)


def _submission(project: ProjectFacts, each: Past) -> Submission:
    context = {"url": each.url, **({"userAgent": each.agent} if each.agent else {})}
    return Submission(
        project=project,
        now=each.moment,
        source=each.source,
        client_id=str(uuid.uuid4()),
        channel=each.channel,
        title=each.title,
        message=each.title,
        blocks=msgspec.json.encode([{"type": "text", "text": each.title}]),
        context=msgspec.json.encode(context),
        identity=None,
        user_id=None,
        url=each.url,
        artifact_id=None,
        agent=find_agent(context),
    )
