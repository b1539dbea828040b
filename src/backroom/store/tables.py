"""Every table, once, for both engines.

Times are whole milliseconds since the epoch. JSON that goes into answers as it is
(`blocks`, `context`, `identity`) is kept as the bytes that will be sent.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData()

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

# On SQLite the migration puts an INTEGER PRIMARY KEY named `row` before these columns:
# the search index refers to it, and it survives a VACUUM.
reports = Table(
    "reports",
    metadata,
    Column("id", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("channel_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_class", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("client_id", Text),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("blocks", LargeBinary, nullable=False),
    Column("context", LargeBinary, nullable=False),
    Column("identity", LargeBinary),
    Column("user_id", Text),
    Column("url", Text),
    Column("artifact_id", Text),
    Column("artifact", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("page", Text),
    Column("agent", Text),
    Column("assignee", Text),
    Column("triaged_at", BigInteger),
    Column("resolved_at", BigInteger),
    UniqueConstraint("project", "id", name="reports_project_id"),
)
Index("reports_class", reports.c.project, reports.c.status_class, reports.c.id)
Index("reports_channel", reports.c.project, reports.c.channel_key, reports.c.id)
Index(
    "reports_client",
    reports.c.project,
    reports.c.client_id,
    unique=True,
    sqlite_where=reports.c.client_id.is_not(None),
    postgresql_where=reports.c.client_id.is_not(None),
)

Index(
    "reports_assignee",
    reports.c.project,
    reports.c.assignee,
    reports.c.id,
    sqlite_where=reports.c.assignee.is_not(None),
    postgresql_where=reports.c.assignee.is_not(None),
)

Index(
    "reports_artifact",
    reports.c.project,
    reports.c.artifact_id,
    reports.c.id,
    sqlite_where=reports.c.artifact_id.is_not(None),
    postgresql_where=reports.c.artifact_id.is_not(None),
)

labels = Table(
    "labels",
    metadata,
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("color", Text, nullable=False),
    PrimaryKeyConstraint("project", "name"),
    sqlite_with_rowid=False,
)

report_labels = Table(
    "report_labels",
    metadata,
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("report", Text, nullable=False),
    PrimaryKeyConstraint("project", "name", "report"),
    sqlite_with_rowid=False,
)
Index("report_labels_report", report_labels.c.project, report_labels.c.report)

# Deleted reports that may still be brought back: the report, its files, events and labels, as JSON.
trash = Table(
    "trash",
    metadata,
    Column("project", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("project", "report"),
)
Index("trash_at", trash.c.at)

# What a person did to reports at once, so that it can be taken back; `content` is JSON.
undos = Table(
    "undos",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# A filter of the inbox under a name; `user` is empty where the whole workspace sees it, `project` for all projects.
views = Table(
    "views",
    metadata,
    Column("workspace", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace", "id"),
    sqlite_with_rowid=False,
)

files = Table(
    "files",
    metadata,
    Column("project", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration_ms", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("project", "id"),
)
Index("files_report", files.c.project, files.c.report)

# Stored bytes that no report refers to any more, kept a while so that a running backup still finds them.
doomed_files = Table(
    "doomed_files",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Projects that are gone for everybody, whose reports are still being cleared away in small slices.
doomed_projects = Table(
    "doomed_projects",
    metadata,
    Column("project", Text, primary_key=True),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("project", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    PrimaryKeyConstraint("project", "id"),
)
Index("events_report", events.c.project, events.c.report, events.c.id)

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
