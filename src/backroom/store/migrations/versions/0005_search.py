"""PostgreSQL's index of texts is fed after the acknowledgement, as SQLite's is, whose texts are folded before.

Ids of reporters that are too long for an index no longer name a person.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ADD = """
CREATE FUNCTION reports_to_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_tail (project, report) SELECT project, id FROM fresh;
    RETURN NULL;
END $$
"""
# A slice of the feeding that holds a row of the tail is waited for; what it has stored by then, the second sees.
REMOVE = """
CREATE FUNCTION reports_from_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_tail t USING gone WHERE t.project = gone.project AND t.report = gone.id;
    DELETE FROM report_search s USING gone WHERE s.project = gone.project AND s.report = gone.id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("UPDATE reports SET user_id = NULL WHERE length(user_id) > 200")
    if op.get_bind().dialect.name == "postgresql":
        create_tables()
        move_index()
        create_triggers()
    else:
        op.execute("DELETE FROM report_facets WHERE kind = 'person' AND length(value) > 200")
        fold_index()


def fold_index() -> None:
    """SQLite's is made anew, and fills itself while the server runs; it notes whether rows are in the order of ids."""
    op.execute("ALTER TABLE search_state ADD COLUMN newest INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE search_state ADD COLUMN in_order INTEGER NOT NULL DEFAULT 1")
    bind = op.get_bind()
    if sa.inspect(bind).has_table("report_search"):
        op.execute("DROP TABLE report_search")
        op.execute(
            "CREATE VIRTUAL TABLE report_search USING fts5(message, content='', tokenize='trigram case_sensitive 1')"
        )
        op.execute("UPDATE search_state SET row = 0")


def create_tables() -> None:
    """The texts that are indexed, and which reports' are not yet."""
    op.execute(
        "CREATE TABLE report_search (project text NOT NULL, report text NOT NULL, message text NOT NULL, "
        "PRIMARY KEY (project, report))"
    )
    # Every report passes through it, so it is to be cleaned however small it is.
    op.execute(
        "CREATE TABLE search_tail (project text NOT NULL, report text NOT NULL) "
        "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)"
    )
    op.execute("INSERT INTO report_search (project, report, message) SELECT project, id, message FROM reports")


def move_index() -> None:
    bind = op.get_bind()
    had = bind.exec_driver_sql("SELECT 1 FROM pg_indexes WHERE indexname = 'reports_message'").first() is not None
    if had:
        op.execute("DROP INDEX reports_message")
        op.execute("CREATE INDEX report_search_message ON report_search USING gin (message gin_trgm_ops)")


def create_triggers() -> None:
    """Whatever stores or deletes reports, the search knows: also an import by hand."""
    op.execute(ADD)
    op.execute(REMOVE)
    op.execute(
        "CREATE TRIGGER reports_to_search AFTER INSERT ON reports REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION reports_to_search()"
    )
    op.execute(
        "CREATE TRIGGER reports_from_search AFTER DELETE ON reports REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION reports_from_search()"
    )
