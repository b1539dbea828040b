"""The dashboard's tables: sign-in, instance settings, labels, views, undo, audit; days and pages of reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SLICE = 1000


def upgrade() -> None:
    create_tables()
    change_users()
    change_reports()
    count_days()
    if op.get_bind().dialect.name == "sqlite":
        create_sqlite_facets()
    else:
        create_postgresql_facets()


def change_users() -> None:
    """The first user owns the instance."""
    op.add_column("users", sa.Column("instance_owner", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("users", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.execute("UPDATE users SET instance_owner = true WHERE id = (SELECT min(id) FROM users)")


def change_reports() -> None:
    for name in ("page", "agent", "assignee"):
        op.add_column("reports", sa.Column(name, sa.Text(), nullable=True))
    for name in ("triaged_at", "resolved_at"):
        op.add_column("reports", sa.Column(name, sa.BigInteger(), nullable=True))
    where = sa.text("assignee IS NOT NULL")
    columns = ["project", "assignee", "id"]
    op.create_index("reports_assignee", "reports", columns, sqlite_where=where, postgresql_where=where)
    fill_pages()


def fill_pages() -> None:
    """The page of every report that is there: its address without scheme, query and fragment."""
    bind = op.get_bind()
    project, last = "", ""
    read = sa.text(
        "SELECT project, id, url FROM reports WHERE (project, id) > (:project, :last) AND url IS NOT NULL "
        "ORDER BY project, id LIMIT :most"
    )
    write = sa.text("UPDATE reports SET page = :page WHERE project = :project AND id = :id")
    while rows := bind.execute(read, {"project": project, "last": last, "most": SLICE}).all():
        bind.execute(write, [{"project": row.project, "id": row.id, "page": page_of(row.url)} for row in rows])
        project, last = rows[-1].project, rows[-1].id


def page_of(url: str) -> str:
    start = url.partition("#")[0].partition("?")[0]
    scheme, found, rest = start.partition("://")
    if found and scheme.isalnum():
        host, slash, path = rest.partition("/")
        start = host.rpartition("@")[2].lower() + "/" + (path if slash else "")
    return start[:500]


def count_days() -> None:
    op.execute(
        "INSERT INTO daily (project, day, channel_key, status, source, n) "
        "SELECT project, created_at / 86400000, channel_key, status, source, count(*) FROM reports "
        "GROUP BY project, created_at / 86400000, channel_key, status, source"
    )


def create_sqlite_facets() -> None:
    """Reports by person and by page, fed from `facets_state.row` on, outside the transaction of the report."""
    op.execute("CREATE TABLE facets_state (row INTEGER NOT NULL)")
    op.execute("INSERT INTO facets_state VALUES (0)")
    op.execute(
        "CREATE TABLE report_facets (project TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, "
        "report TEXT NOT NULL, PRIMARY KEY (project, kind, value, report)) WITHOUT ROWID"
    )


def create_postgresql_facets() -> None:
    op.execute("CREATE INDEX reports_person ON reports (project, user_id, id) WHERE user_id IS NOT NULL")
    op.execute("CREATE INDEX reports_page ON reports (project, page, id) WHERE page IS NOT NULL")


def create_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_table(
        "daily",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("channel_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "day", "channel_key", "status", "source"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "instance",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "key_days",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "day", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "labels",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user", "hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_labels",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "report"),
        sqlite_with_rowid=False,
    )
    op.create_index("report_labels_report", "report_labels", ["project", "report"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
        sa.UniqueConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sessions_user", "sessions", ["user"], unique=False)
    op.create_table(
        "tickets",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=True),
        sa.Column("user", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
        sa.UniqueConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tickets_workspace", "tickets", ["workspace"], unique=False)
    op.create_table(
        "trash",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("project", "report"),
    )
    op.create_index("trash_at", "trash", ["at"], unique=False)
    op.create_table(
        "undos",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "views",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id"),
        sqlite_with_rowid=False,
    )
