"""Agents: the rooms they share with people, and the programs that people connected with OAuth."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from backroom.store.tables.schema import metadata

# What people review together: an artifact, under the title by which agents find it again. `constraints` is JSON.
rooms = Table(
    "rooms",
    metadata,
    Column("project", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("goal", Text, nullable=False),
    Column("constraints", LargeBinary, nullable=False),
    Column("tool", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "title"),
    sqlite_with_rowid=False,
)

# Programs that registered themselves to be connected by people; `metadata` is JSON (RFC 7591).
oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("metadata", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What a client asked for and a person hasn't answered yet; `content` is JSON.
oauth_requests = Table(
    "oauth_requests",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What a person allowed a client: one project, some scopes.
oauth_grants = Table(
    "oauth_grants",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False, index=True),
    Column("project", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

# Hashes of codes, which are used once, and of tokens. One that was used stays until it expires, so that a second
# use is noticed.
oauth_secrets = Table(
    "oauth_secrets",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("grant", Text, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    sqlite_with_rowid=False,
)
