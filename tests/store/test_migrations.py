"""Schema changes: what they make is what `store/tables` says, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from backroom.store.database import Database
from backroom.store.migrations import current, head, migrate
from backroom.store.tables import metadata
from tests.harness.store import Store
from tests.store.fixtures import database_of

OF_THE_SEARCH = (
    "search_state",
    "report_search",
    "search_tail",
    "facets_state",
    "report_facets",
    "reports_person",
    "reports_page",
)


def differences(conn: Connection) -> list[Any]:
    """What Alembic would have to do to bring the store to `store/tables`, the search's own things left out."""

    def concerns(_thing: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        of_search = reflected and (name or "").startswith(OF_THE_SEARCH)
        return not of_search and (kind, name) != ("column", "row") and name != "alembic_version"

    options = {"include_object": concerns, "compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(conn, opts=options), metadata))


def test_the_migrations_make_the_tables(db: Database) -> None:
    with db.connect_unmanaged() as conn:
        assert differences(conn) == []
        conn.exec_driver_sql("ALTER TABLE users ADD COLUMN nickname TEXT")
        assert [change[0] for change in differences(conn)] == ["remove_column"], "a difference would be seen"


def test_every_key_and_every_unique_index_is_there(db: Database) -> None:
    """Alembic compares no primary keys, and no unique constraints on SQLite."""
    with db.connect_unmanaged() as conn:
        found = inspect(conn)
        for table in metadata.sorted_tables:
            key = found.get_pk_constraint(table.name)["constrained_columns"]
            assert key == ([column.name for column in table.primary_key] or (["row"] if db.is_sqlite else []))
            wanted = {tuple(column.name for column in index.columns): bool(index.unique) for index in table.indexes}
            made = {
                tuple(index["column_names"]): bool(index["unique"])
                for index in found.get_indexes(table.name)
                if index["name"] not in OF_THE_SEARCH and not index.get("duplicates_constraint")
            }
            assert made == wanted, table.name


def test_a_second_migration_finds_nothing_to_do(store: Store) -> None:
    db = database_of(store)
    assert db.read_now(current) is None
    assert migrate(db) == (None, head())
    assert migrate(db) == (head(), head())
    assert db.read_now(current) == head()
    db.close()


def test_a_migration_that_fails_leaves_nothing_and_lets_the_next_one_in(store: Store) -> None:
    db = database_of(store)
    with db.connect_unmanaged() as conn:
        conn.exec_driver_sql("CREATE TABLE workspaces (id TEXT)")
        conn.commit()
    with pytest.raises(DBAPIError, match="workspaces"):
        migrate(db)
    with db.connect_unmanaged() as conn:
        assert set(inspect(conn).get_table_names()) <= {"workspaces", "alembic_version"}
        conn.exec_driver_sql("DROP TABLE workspaces")
        conn.commit()
    assert migrate(db) == (None, head())
    db.close()
