"""A project and what is set in it: keys, channels, hints, the names it had."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, LargeBinary, PrimaryKeyConstraint, Table, Text

from backroom.store.tables.schema import metadata

projects = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("project_key", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),
    Column("url_patterns", LargeBinary, nullable=False),
    Column("allowed_origins", LargeBinary, nullable=False),
    Column("default_channel_key", Text, nullable=False),
    Column("identity_secret", Text),
    Column("widget", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

# What projects were called in addresses before, until another project takes the slug.
old_slugs = Table(
    "old_slugs",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("project", Text, nullable=False, index=True),
    sqlite_with_rowid=False,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False, index=True),
    Column("dialect", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

channels = Table(
    "channels",
    metadata,
    Column("project", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("color", Text, nullable=False),
    Column("mascot", Text, nullable=False),
    Column("base_weight", Double, nullable=False),
    Column("archived", Boolean, nullable=False),
    PrimaryKeyConstraint("project", "key"),
    sqlite_with_rowid=False,
)

hints = Table(
    "hints",
    metadata,
    Column("project", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("channel_key", Text, nullable=False),
    Column("user_id", Text),
    Column("weight", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    sqlite_with_rowid=False,
)

# Projects that are gone for everybody, whose reports are still being cleared away in small slices.
doomed_projects = Table(
    "doomed_projects",
    metadata,
    Column("project", Text, primary_key=True),
    sqlite_with_rowid=False,
)
