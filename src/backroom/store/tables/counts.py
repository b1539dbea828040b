"""Numbers kept beside what they count, so that nobody has to count."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Table, Text

from backroom.store.tables.schema import metadata

usage = Table(
    "usage",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace", "month", "kind"),
    sqlite_with_rowid=False,
)

# Calls by day (UTC, days since the epoch) and key, for the eye; `usage` is what quotas are judged by.
key_days = Table(
    "key_days",
    metadata,
    Column("project", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "day", "key"),
    sqlite_with_rowid=False,
)

counters = Table(
    "counters",
    metadata,
    Column("project", Text, nullable=False),
    Column("channel_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "channel_key", "status", "source"),
    sqlite_with_rowid=False,
)

# Reports by the day they came (UTC, days since the epoch), as they stand now.
daily = Table(
    "daily",
    metadata,
    Column("project", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("channel_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "day", "channel_key", "status", "source"),
    sqlite_with_rowid=False,
)

# One number a project, raised by every change of its reports; and one, named `config`, raised by every
# change of what doors keep in memory: keys, projects, channels, plans.
changes = Table(
    "changes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
