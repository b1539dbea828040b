"""A report and what belongs to it: files, labels, events; how people look for it, delete it and bring it back."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from backroom.store.tables.schema import metadata

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
