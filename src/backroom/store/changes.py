"""Change numbers: one short read tells whether anything changed since the last look."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from backroom.store.prepared import Prepared
from backroom.store.tables import changes

CONFIG = "config"

_number = Prepared(select(changes.c.n).where(changes.c.name == bindparam("name")))
_raise: dict[str, Prepared] = {}


def change_number(conn: Connection, name: str) -> int:
    """How many times `name` (a project's id, or CONFIG) has changed."""
    rows = _number(conn, name=name)
    return rows[0][0] if rows else 0


def mark_changed(tx: Connection, names: Iterable[str]) -> None:
    """Raises the change number of each of `names`, in sorted order so that writers don't deadlock."""
    statement = _raise.get(tx.dialect.name) or _raise_statement(tx.dialect.name)
    for name in sorted(set(names)):
        statement(tx, name=name)


def mark_config_changed(tx: Connection) -> None:
    """Records that keys, projects, channels or plans changed, so that every process reads them again."""
    mark_changed(tx, [CONFIG])


def _raise_statement(dialect: str) -> Prepared:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(changes).values(name=bindparam("name"), n=1)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"n": changes.c.n + 1})
    _raise[dialect] = Prepared(statement)
    return _raise[dialect]
