"""Statements straight on the driver give what SQLAlchemy would, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, delete, insert, null, select, update

from backroom.store import prepared
from backroom.store.database import Database
from backroom.store.prepared import Prepared, insert_rows
from backroom.store.tables import changes, channels, hints, reports
from tests.harness.store import ENGINES, Store, new_store
from tests.store.fixtures import NOW, opened

GNARLY = [
    "",
    " ",
    "NULL",
    "null",
    '"',
    "'",
    "''; DROP TABLE hints; --",
    "\\",
    "\\\\'",
    "{a,b}",
    "%s %(x)s ?",
    ":name",
    "\n\r\t\x01",
    "Ünïcödé 漢字 😀",
    "\u2028\uffff",
    "x" * 100_000,
]


@pytest.fixture(autouse=True, params=[1, 1000], ids=["copied", "inserted"])
def copied_from(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows go to PostgreSQL in both ways, however few they are."""
    monkeypatch.setattr(prepared, "COPIED_FROM", request.param)


def hint(id_: str, user: str | None = None, channel: str = "bug") -> tuple[Any, ...]:
    """A row in the order of the table's columns."""
    return ("p", id_, channel, user, "max", NOW)


def test_rows_come_back_as_they_went_in(db: Database) -> None:
    rows = [hint(f"{number:02}", user) for number, user in enumerate([None, *GNARLY, None])]
    db.write_now(insert_rows, hints, rows)
    assert [tuple(row) for row in db.read_now(all_hints)] == rows


def all_hints(conn: Connection) -> Any:
    return conn.execute(select(hints).order_by(hints.c.id)).all()


def report(id_: str, **given: Any) -> tuple[Any, ...]:
    values: dict[str, Any] = {column.name: None if column.nullable else "text" for column in reports.columns}
    values |= {"id": id_, "project": "p", "blocks": b"[]", "context": b"{}", "created_at": NOW, "updated_at": NOW}
    return tuple((values | given)[column.name] for column in reports.columns)


def test_bytes_and_large_numbers_and_columns_of_nothing_but_none(db: Database) -> None:
    every_byte = bytes(range(256))
    rows = [
        report("1", blocks=b"", context=every_byte, created_at=0),
        report("2", blocks=every_byte, created_at=2**62, identity=None),
        report("3", blocks=b"\\x00 'quoted' {a,b}", created_at=-(2**62)),
    ]
    db.write_now(insert_rows, reports, rows)
    columns = [reports.c[name] for name in ("id", "blocks", "context", "identity", "created_at")]
    places = [list(reports.columns.keys()).index(column.name) for column in columns]
    wanted = [tuple(row[place] for place in places) for row in rows]
    query = select(*columns).order_by(reports.c.id)
    assert db.read_now(lambda conn: [tuple(row) for row in conn.execute(query)]) == wanted
    read = db.read_now(lambda conn: Prepared(query)(conn))
    assert [(a, bytes(b), bytes(c), d, e) for a, b, c, d, e in read] == wanted


def test_booleans_and_fractions(db: Database) -> None:
    rows = [("p", "a", "1", "n", "#c0392b", "fox", 0.1, True), ("p", "b", "2", "n", "#c0392b", "fox", 1e9, False)]
    db.write_now(insert_rows, channels, rows)
    assert db.read_now(lambda conn: [tuple(row) for row in conn.execute(select(channels).order_by("key"))]) == rows


def test_a_limit_and_an_offset_are_parameters(db: Database) -> None:
    db.write_now(insert_rows, hints, [hint(f"{number:02}") for number in range(20)])
    query = select(hints.c.id).order_by(hints.c.id)
    page = Prepared(query.limit(bindparam("most")))
    deep = Prepared(query.limit(bindparam("most")).offset(bindparam("start")))
    assert db.read_now(lambda conn: page(conn, most=2)) == [("00",), ("01",)]
    assert db.read_now(lambda conn: page(conn, most=0)) == []
    assert db.read_now(lambda conn: deep(conn, most=2, start=5)) == [("05",), ("06",)]
    assert db.read_now(lambda conn: len(page(conn, most=100))) == 20


def test_a_parameter_may_be_none(db: Database) -> None:
    add = Prepared(insert(hints).values({column.name: bindparam(column.name) for column in hints.columns}))
    values = dict(zip(hints.columns.keys(), hint("1"), strict=True))
    db.write_now(lambda tx: add(tx, **values))
    db.write_now(lambda tx: add(tx, **values | {"id": "2", "user_id": "u"}))
    assert db.read_now(lambda conn: [row.user_id for row in all_hints(conn)]) == [None, "u"]


def test_constants_of_the_statement_stay(db: Database) -> None:
    db.write_now(insert_rows, hints, [hint("1"), hint("2", "u", "ideas"), hint("3", None, "ideas")])
    of_ideas = Prepared(select(hints.c.id).where(hints.c.channel_key == "ideas", hints.c.user_id == bindparam("user")))
    assert db.read_now(lambda conn: of_ideas(conn, user="u")) == [("2",)]
    nobody = Prepared(select(hints.c.id).where(hints.c.user_id.is_(null()), hints.c.channel_key == "ideas"))
    assert db.read_now(lambda conn: nobody(conn)) == [("3",)]


def test_statements_without_rows_return_none(db: Database) -> None:
    db.write_now(insert_rows, changes, [("a", 1)])
    raise_it = Prepared(
        update(changes).where(changes.c.name == bindparam("key")).values(n=changes.c.n + bindparam("by"))
    )
    remove = Prepared(delete(changes).where(changes.c.name == bindparam("key")))
    assert db.write_now(lambda tx: raise_it(tx, key="a", by=2)) == []
    assert db.read_now(lambda conn: conn.execute(select(changes.c.n)).scalars().all()) == [3]
    assert db.write_now(lambda tx: remove(tx, key="a")) == []
    assert db.read_now(lambda conn: conn.execute(select(changes.c.n)).scalars().all()) == []


def test_a_parameter_too_few_is_an_error(db: Database) -> None:
    by_key = Prepared(select(changes.c.n).where(changes.c.name == bindparam("key")))
    with pytest.raises(Exception, match=r"key|can't be read"):
        db.read_now(lambda conn: by_key(conn))


def test_one_statement_serves_both_engines(
    migrated: Any, postgres: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    by_key = Prepared(select(changes.c.n).where(changes.c.name == bindparam("key")).limit(bindparam("most")))
    for engine in ENGINES:
        store: Store = migrated(postgres if engine == "postgresql" else None)
        with opened(store) as db:
            assert db.read_now(lambda conn: by_key(conn, key="nothing", most=1)) == []


@pytest.fixture(scope="module")
def kept(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One store for all examples."""
    with new_store(tmp_path_factory.mktemp("kept") / "data", None, like=migrated(None)) as store, opened(store) as db:
        yield db


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


@given(st.lists(st.none() | texts, max_size=5))
def test_any_text_comes_back(kept: Database, users: list[str | None]) -> None:
    rows = [hint(str(number), user) for number, user in enumerate(users)]

    def there_and_back(tx: Connection) -> Any:
        tx.execute(delete(hints))
        if rows:
            insert_rows(tx, hints, rows)
        return [tuple(row) for row in all_hints(tx)]

    assert kept.write_now(there_and_back) == rows
