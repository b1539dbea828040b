"""People, the workspaces they are members of, how they get in, and the instance itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, PrimaryKeyConstraint, Table, Text, false

from backroom.store.tables.schema import metadata

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("instance_owner", Boolean, nullable=False, server_default=false()),
    Column("totp_secret", Text),
    Column("totp_step", BigInteger),
)

memberships = Table(
    "memberships",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("user", Text, nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace", "user"),
    sqlite_with_rowid=False,
)

# Hashes of the codes that let somebody in who lost the second factor; a used one is deleted.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("user", "hash"),
    sqlite_with_rowid=False,
)

# Browsers that somebody signed in with. `confirmed` is false until the second factor was given.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("user", Text, nullable=False, index=True),
    Column("workspace", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Links that may be used once: `setup`, `invitation` (into a workspace, with a role), `reset` (of a user's password).
tickets = Table(
    "tickets",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("workspace", Text, index=True),
    Column("user", Text),
    Column("email", Text),
    Column("role", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What an instance's owner sets in the dashboard, and the instance's own secret; values are JSON.
instance = Table(
    "instance",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Who changed what in a workspace; `actor_name` is the name at that time, for people leave.
audit = Table(
    "audit",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    PrimaryKeyConstraint("workspace", "id"),
)
