"""Fill a store with reports: ``python -m bench.fill PROJECT COUNT``.

The store is that of the environment's settings.
It calls Backroom's core the way its doors do, many reports to a transaction, and feeds the search
index to the end, so that a server that starts on the store has nothing left to do.
"""

import random
import sys
import uuid

import msgspec
from sqlalchemy import Connection

from backroom.clock import now_ms
from backroom.config import read_settings
from backroom.errors import Failure
from backroom.projects.directory import Directory, ProjectFacts
from backroom.reports.submit import Submission, submit_report
from backroom.store import facets, search
from backroom.store.database import Database

BATCH = 1_000  # reports in a transaction
SLICES = 100  # slices of the search index in a transaction
INTERVAL = 1_000  # milliseconds between two reports, so that a million spans eleven days
TEXT_LENGTH = 180  # characters

VOCABULARY = """
button coupon checkout screen report invoice dialog export filter search upload avatar profile
window cursor scroll keyboard network session calendar language contrast sidebar preview download
payment address template shortcut toolbar does not open when after before every second time slow
wrong missing twice cannot find the a on my phone tablet laptop again with without click and then
nothing happens please look thanks
"""
WORDS = VOCABULARY.split()
URL = "https://shop.example.com/checkout?step=2"
CONTEXT = msgspec.json.encode(
    {
        "url": URL,
        "pathname": "/checkout",
        "host": "shop.example.com",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
        "language": "en-GB",
        "viewport": {"width": 1440, "height": 900},
        "device": "desktop",
        "timestamp": "2026-06-03T09:14:22.000Z",
    }
)
PEOPLE = 5_000


def fill(database: Database, project: str, count: int) -> None:
    """Add ``count`` reports, one INTERVAL apart, the last a moment ago. Raises Failure."""
    facts = database.read_now(Directory().by_id, project)
    if facts is None:
        raise SystemExit(f"there is no project {project}")
    words, start = random.Random(count), now_ms() - (count + 1) * INTERVAL
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        batch = [_report(facts, words, number, start + number * INTERVAL) for number in numbers]
        database.write_now(_submit, batch)
    while database.is_sqlite and database.write_now(_feed):
        pass


def _submit(tx: Connection, batch: list[Submission]) -> None:
    for outcome in submit_report.many(tx, batch):
        if isinstance(outcome, Failure):
            raise outcome


def _feed(tx: Connection) -> bool:
    return all(search.index_next(tx) or facets.index_next(tx) for _ in range(SLICES))


def _report(facts: ProjectFacts, words: random.Random, number: int, now: int) -> Submission:
    """Return a report of the size and shape that ``wrk/patchrooms_ingest.lua`` sends."""
    user = f"customer-{number % PEOPLE}"
    text = f"Order {number:012x}: {' '.join(words.choices(WORDS, k=40))}"[: TEXT_LENGTH + 20]
    return Submission(
        project=facts,
        now=now,
        source="API",
        client_id=str(uuid.uuid4()),
        channel=None,
        title=text[:80],
        message=text,
        blocks=msgspec.json.encode([{"type": "text", "text": text}]),
        context=CONTEXT,
        identity=msgspec.json.encode({"userId": user, "verified": False}),
        user_id=user,
        url=URL,
        artifact_id=None,
    )


def main(project: str, count: int) -> None:
    """Fill the store of the environment's settings."""
    settings = read_settings()
    database = Database(settings.database_url, settings.data)
    database.start()
    try:
        fill(database, project, count)
    finally:
        database.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
