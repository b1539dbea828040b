"""Reports of many kinds for tests of lists, and the same kept in plain objects."""

from __future__ import annotations

import random
import shlex
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, update

from backroom.access import Actor, Role, person
from backroom.accounts.commands import create_user
from backroom.accounts.rules import Plan
from backroom.reports.filters import NOBODY, Filter
from backroom.reports.places import page_of
from backroom.reports.rules import Status
from backroom.store import facets, search
from backroom.store.database import Database
from backroom.store.tables import memberships, reports
from tests.store.fixtures import NOW, Room

PEOPLE = [None, "ann", "bob"]
URLS = [None, "https://app.example.com/", "https://app.example.com/cart?x=1", "https://app.example.com/pay"]
AGENTS = [None, "Firefox/Linux/desktop", "Safari/iOS/mobile", "Chrome/Windows/desktop"]
ARTIFACTS = [None, None, "checkout", "landing"]
WORDS = ["coupon", "checkout", "CHECKOUT broke", "50% off", "ab"]


@dataclass
class Known:
    """A report as a test knows it."""

    id: str
    project: str
    channel: str
    source: str
    user_id: str | None
    page: str | None
    agent: str | None
    message: str
    created_at: int
    artifact: str | None
    status: str = "open"
    assignee: str | None = None
    labels: tuple[str, ...] = ()

    def fits(self, wanted: Filter) -> bool:
        """Whether a filter wants it, judged in the plainest way."""
        browser, system, device = (self.agent or "Unknown/Unknown/Unknown").split("/")
        return (
            self.project in wanted.projects
            and (not wanted.statuses or self.status in wanted.statuses)
            and (not wanted.channels or self.channel in wanted.channels)
            and wanted.source in (None, self.source)
            and wanted.person in (None, self.user_id)
            and wanted.page in (None, self.page)
            and wanted.artifact in (None, self.artifact)
            and (wanted.assignee is None or wanted.assignee == (self.assignee or NOBODY))
            and (wanted.label is None or wanted.label in self.labels)
            and (wanted.since is None or self.created_at >= wanted.since)
            and (wanted.until is None or self.created_at <= wanted.until)
            and all(part.lower() in self.message.lower() for part in shlex.split(wanted.search or ""))
            and (wanted.phrase or "").lower() in self.message.lower()
            and wanted.browser in (None, browser)
            and wanted.system in (None, system)
            and wanted.device in (None, device)
        )


def submit_known(room: Room, pick: random.Random, now: int) -> Known:
    """Submits a report of any kind."""
    url, agent, message = pick.choice(URLS), pick.choice(AGENTS), pick.choice(WORDS)
    given: dict[str, Any] = {
        "channel": pick.choice(["bug", "feature"]),
        "source": pick.choice(["WIDGET", "API"]),
        "user_id": pick.choice(PEOPLE),
        "url": url,
        "agent": agent,
        "message": message,
        "artifact_id": pick.choice(ARTIFACTS),
    }
    done = room.submit(now, **given)
    page = None if url is None else page_of(url)
    fixed = (done.id, room.id, done.channel_key, given["source"], given["user_id"], page, agent, message)
    return Known(*fixed, done.created_at, given["artifact_id"])


def feed_all(db: Database) -> None:
    """Feeds what is fed later to the end."""
    for feed in (search.index_next, facets.index_next):
        while db.write_now(feed):
            pass


def member(room: Room, name: str, role: Role = Role.MEMBER) -> Actor:
    """Somebody with an account who is a member of the room's workspace."""

    def add(tx: Connection) -> str:
        user = create_user(tx, f"{name}@example.com", name.capitalize(), "hash", Plan.PRO, NOW).id
        values = {"workspace": room.workspace, "user": user, "role": role.value, "created_at": NOW}
        tx.execute(memberships.insert().values(values))
        return user

    return person(room.db.write_now(add), name.capitalize(), room.workspace, role)


def set_blocks(room: Room, report: str, blocks: list[dict[str, Any]]) -> None:
    """Gives a report other blocks than it came with."""
    values = {"blocks": msgspec.json.encode(blocks)}
    room.db.write_now(lambda tx: tx.execute(update(reports).where(reports.c.id == report).values(values)))


ALL = tuple(Status)
