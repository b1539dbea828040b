"""Search finds substrings whatever the case: in the index, in the tail that isn't indexed yet, and across both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, text

from backroom.ids import IdMaker
from backroom.reports.filters import Filter
from backroom.reports.find import count_ids, list_ids_at
from backroom.store import search
from backroom.store.database import Database
from backroom.store.prepared import insert_rows
from backroom.store.tables import reports
from backroom.upkeep.index import create_index
from tests.harness.postgres import Cluster
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.randomness import times
from tests.harness.store import Store, new_store
from tests.store.fixtures import NOW, opened
from tests.store.test_prepared import report

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

_ids = IdMaker()


def add(tx: Connection, messages: list[str], project: str = "p") -> list[str]:
    """Stores a report for each message; their ids, oldest first."""
    made = [_ids.make(NOW) for _ in messages]
    rows = [report(id_, project=project, message=message) for id_, message in zip(made, messages, strict=True)]
    if rows:
        insert_rows(tx, reports, rows)
    return made


def remove(tx: Connection, ids: list[str]) -> None:
    condition = reports.c.id.in_(ids)
    search.unindex(tx, condition)
    tx.execute(delete(reports).where(condition))


def feed_all(db: Database) -> None:
    while db.write_now(search.index_next):
        pass


def find(db: Database, term: str, limit: int = 100, offset: int = 0, project: str = "p") -> list[str]:
    """The ids found; that the count agrees is checked on the way."""
    wanted = Filter((project,), phrase=term)
    found = db.read_now(list_ids_at, wanted, offset, limit)
    total = db.read_now(count_ids, wanted)
    assert len(found) == max(0, min(limit, total - offset))
    return [key.id for key in found]


def places(db: Database, messages: list[str], term: str) -> list[int]:
    """Which of `messages`, stored anew, are found; indexed or not, the answer is checked to be the same."""
    made = db.write_now(add, messages)
    tail = sorted(made.index(id_) for id_ in find(db, term))
    feed_all(db)
    indexed = sorted(made.index(id_) for id_ in find(db, term))
    assert tail == indexed
    db.write_now(remove, made)
    return indexed


def test_a_piece_of_a_message_is_found(db: Database) -> None:
    messages = ["The checkout button broke", "Check the CHECKOUT", "out of stock", ""]
    assert places(db, messages, "checkout") == [0, 1]
    assert places(db, messages, "eck") == [0, 1]
    assert places(db, messages, "out") == [0, 1, 2]
    assert places(db, messages, "button broke") == [0]
    assert places(db, messages, "broke button") == []
    assert places(db, messages, "checkout ") == [0]


@pytest.mark.parametrize("term", ["o", "ou", "T", "%", "_", "é"])
def test_terms_shorter_than_a_trigram(db: Database, term: str) -> None:
    messages = ["out", "T", "100 %", "a_b", "É", "漢"]
    wanted = [number for number, message in enumerate(messages) if term.lower() in message.lower()]
    assert wanted
    assert places(db, messages, term) == wanted


@pytest.mark.parametrize(
    ("message", "term"),
    [
        ("STRASSE", "strasse"),
        ("Köln ÜBER alles", "kÖLN über"),
        ("ПРИВЕТ мир", "привет МИР"),
        ("漢字かな交じり", "字かな"),
        ("so 😀😃😄 happy", "😀😃😄"),
        ("CAFÉ", "café"),
    ],
)
def test_case_does_not_matter_in_any_script(db: Database, message: str, term: str) -> None:
    assert places(db, [message, "something else"], term) == [0]


@sqlite_only
@pytest.mark.parametrize("term", ["οδος", "ΟΔΟΣ", "οδοσ", "ΟΔΟσ"])
def test_the_two_small_sigmas_are_one_letter(db: Database, term: str) -> None:
    assert places(db, ["ΟΔΟΣ", "οδος", "οδοσ", "οδό"], term) == [0, 1, 2]


@sqlite_only
@pytest.mark.parametrize(
    ("message", "term"),
    [
        ("Große Straße", "GROSSE STRASSE"),
        ("GROSSE STRASSE", "große straße"),
        ("from İstanbul", "istanbul"),
        ("it took 10 μs", "10 µs"),
        ("it took 10 µs", "10 μs"),
        ("Ꭰꮿ cherokee Ꮿ", "ꭰꮿ che"),
    ],
)
def test_letters_that_are_written_in_two_ways(db: Database, message: str, term: str) -> None:
    """By the same rule in the index and in the tail, whatever Unicode this SQLite was built with."""
    assert places(db, [message, "something else"], term) == [0]


@pytest.mark.parametrize("term", ["café", "naïve"])
def test_accents_matter(db: Database, term: str) -> None:
    assert places(db, ["cafe", "naive", f"the {term}"], term) == [2]


OPERATORS = [
    '"quoted"',
    'say ""',
    '"""',
    "it's",
    "'''",
    "50%",
    "%%%",
    "a_b",
    "___",
    "\\\\\\",
    "C:\\temp",
    "a*b",
    "***",
    "NOT",
    "a AND b",
    "a OR b",
    "NEAR(a b)",
    "message:",
    "message : a",
    "^start",
    "a + b",
    "-minus",
    "(((",
    ")))",
    "{a b}",
    "[a-z]",
    "a;b",
    "--;",
    "?1 :name",
    "$1 %s",
    "\ttab",
    "two\nlines",
    "   ",
]


@pytest.mark.parametrize("term", OPERATORS)
def test_operators_and_wildcards_are_plain_text(db: Database, term: str) -> None:
    messages = [f"before {term} after", "NOTHING a b c of the kind quoted temp xxx AND OR 50", "a1b axb a and b a or b"]
    wanted = [number for number, message in enumerate(messages) if term.lower() in message.lower()]
    assert places(db, messages, term) == wanted


@pytest.mark.parametrize("term", ["a\0b", "\0", "abc\0def", "\ud800", "abc\ud800def"])
def test_text_that_no_message_can_have_is_found_nowhere(db: Database, term: str) -> None:
    assert places(db, ["abc", "abcdef", "a b"], term) == []


def test_a_long_term(db: Database) -> None:
    term = " ".join(str(number) for number in range(2000))
    assert places(db, [term, f"so {term} there", term[1:]], term) == [0, 1]


def test_a_long_term_is_judged_to_its_end(db: Database) -> None:
    """The index is asked only for its beginning."""
    start = "the same words " * 10
    assert places(db, [f"{start}one", f"{start}two", start], f"{start}two") == [1]
    assert places(db, ["x" * 5_000, "x" * 4_999], "x" * 5_000) == [0]


def test_other_projects_stay_out(db: Database) -> None:
    mine, theirs = db.write_now(add, ["same words"]), db.write_now(add, ["same words"], "other")
    assert find(db, "same words") == mine
    feed_all(db)
    assert find(db, "same words") == mine
    assert find(db, "same words", project="other") == theirs


def test_newest_first_across_the_index_and_its_tail(db: Database) -> None:
    made = db.write_now(add, [f"word {number}" for number in range(10)])
    feed_all(db)
    made += db.write_now(add, [f"word {number}" for number in range(10, 20)])
    newest_first = made[::-1]
    assert find(db, "word") == newest_first
    for limit in (0, 1, 5, 10, 15, 30):
        for offset in (0, 1, 9, 10, 11, 19, 20, 25):
            assert find(db, "word", limit, offset) == newest_first[offset : offset + limit]


def test_what_is_deleted_is_found_no_more(db: Database) -> None:
    indexed = db.write_now(add, ["delete me now", "keep me now"])
    feed_all(db)
    tail = db.write_now(add, ["delete me now", "keep me now"])
    db.write_now(remove, [indexed[0], tail[0]])
    assert find(db, "delete me") == []
    assert find(db, "keep me") == [tail[1], indexed[1]]
    feed_all(db)
    assert find(db, "delete me") == []
    assert find(db, "me now") == [tail[1], indexed[1]]


def test_rows_that_take_the_place_of_deleted_ones_are_found(db: Database) -> None:
    """SQLite gives the numbers of the last rows out again."""
    last = db.write_now(add, ["first words", "second words", "third words"])
    feed_all(db)
    db.write_now(remove, last[1:])
    new = db.write_now(add, ["fourth words"])
    assert find(db, "words") == [new[0], last[0]]
    assert find(db, "second") == find(db, "third") == []
    feed_all(db)
    assert find(db, "words") == [new[0], last[0]]
    assert find(db, "second") == find(db, "third") == []
    db.write_now(remove, [*new, last[0]])
    again = db.write_now(add, ["fifth words"])
    feed_all(db)
    assert find(db, "words") == again


def test_the_index_is_fed_in_slices_and_says_what_waits(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SLICE_SECONDS", 0)
    monkeypatch.setattr(search, "POSTGRESQL_SLICE_ROWS", search.SLICE_ROWS)
    db.write_now(add, [f"word {number}" for number in range(100)])
    assert db.read_now(search.count_unindexed) == 100
    waiting = [100]
    while db.write_now(search.index_next):
        waiting.append(db.read_now(search.count_unindexed))
        assert len(find(db, "word")) == 100
    assert waiting == [100, 84, 68, 52, 36, 20, 4]
    assert db.read_now(search.count_unindexed) == 0
    if db.is_sqlite:
        check = "INSERT INTO report_search (report_search) VALUES ('integrity-check')"
        db.write_now(lambda tx: tx.exec_driver_sql(check))


def test_a_slice_that_is_undone_is_fed_again(db: Database) -> None:
    def fail_after_feeding(tx: Connection) -> None:
        search.index_next(tx)
        raise ValueError("no")

    made = db.write_now(add, ["some words"])
    with pytest.raises(ValueError, match="no"):
        db.write_now(fail_after_feeding)
    assert db.read_now(search.count_unindexed) == 1
    assert find(db, "some words") == made
    feed_all(db)
    assert find(db, "some words") == made


@postgresql_only
def test_two_processes_feed_at_once(db: Database) -> None:
    """The slice of one, not committed yet, is neither waited for nor fed again by the other."""
    made = db.write_now(add, [f"word {number}" for number in range(100)])
    with db.connect_unmanaged() as slow:
        while search.index_next(slow):
            pass
        late = db.write_now(add, ["a late word"])
        feed_all(db)
        assert db.read_now(search.count_unindexed) == 100, "what the other has taken isn't committed"
        assert find(db, "word", 200) == [*late, *made[::-1]]
        commit(slow)
    assert db.read_now(search.count_unindexed) == 0
    assert find(db, "word", 200) == [*late, *made[::-1]]


@postgresql_only
def test_a_report_that_is_deleted_while_it_is_fed_is_found_no_more(db: Database) -> None:
    """The deletion waits for the slice that holds the report, and then takes out what that has stored."""
    (made,) = db.write_now(add, ["some words"])
    with db.connect_unmanaged() as slow, ThreadPoolExecutor(1) as other:
        assert search.index_next(slow) is False
        deletion = other.submit(db.write_now, remove, [made])
        wait_until(lambda: db.read_now(waits_for_a_lock), "the deletion waits")
        commit(slow)
        deletion.result(timeout=PATIENCE)
    assert find(db, "some words") == []
    assert db.read_now(lambda conn: conn.execute(select(search.TEXTS.c.report)).all()) == []


def commit(conn: Connection) -> None:
    """SQLAlchemy knows nothing of a transaction that was begun on the driver."""
    driver: Any = conn.connection.driver_connection
    driver.commit()


def waits_for_a_lock(conn: Connection) -> bool:
    sql = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return conn.exec_driver_sql(sql).first() is not None


@postgresql_only
def test_reports_stored_by_hand_are_found(db: Database) -> None:
    made = db.write_now(add, ["one word", "two words"])
    feed_all(db)
    copy = "INSERT INTO reports SELECT * FROM moved"
    db.write_now(lambda tx: tx.exec_driver_sql("CREATE TABLE moved AS SELECT * FROM reports"))
    db.write_now(lambda tx: tx.exec_driver_sql("DELETE FROM reports"))
    assert find(db, "word") == []
    db.write_now(lambda tx: tx.exec_driver_sql(copy))
    assert find(db, "word") == made[::-1]
    feed_all(db)
    assert find(db, "word") == made[::-1]


def test_without_an_index_it_still_finds(cluster: Cluster | None, migrated: Any, tmp_path: Any) -> None:
    """SQLite without FTS5, PostgreSQL without pg_trgm."""
    with new_store(tmp_path / "data", cluster, like=migrated(cluster)) as store, opened(store) as db:
        drop = "DROP TABLE report_search" if db.is_sqlite else "DROP INDEX IF EXISTS report_search_message"
        db.write_now(lambda tx: tx.execute(text(drop)))
        assert not db.read_now(search.has_index)
        made = db.write_now(add, ["The CHECKOUT broke", "50%", "out"])
        feed_all(db)
        assert find(db, "checkout") == [made[0]]
        assert find(db, "50%") == [made[1]]
        assert find(db, "out") == [made[2], made[0]]
        assert find(db, "out", 1, 1) == [made[0]]
        db.write_now(remove, [made[0]])
        assert find(db, "out") == [made[2]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("checkout", ["checkout"]),
        ("  slow  checkout\n", ["slow", "checkout"]),
        ('"slow checkout" total', ["slow checkout", "total"]),
        ('say "a b" and "c"', ["say", "a b", "and", "c"]),
        ('17" screen', ['17"', "screen"]),
        ('"half a phrase', ['"half', "a", "phrase"]),
        ('a"b c"d', ['a"b', 'c"d']),
        ('""', ['""']),
        ("   ", []),
        ("", []),
    ],
)
def test_the_words_of_a_search(text: str, wanted: list[str]) -> None:
    assert search.split_terms(text) == wanted


def test_an_index_that_is_made_meanwhile_is_used(cluster: Cluster | None, migrated: Any, tmp_path: Any) -> None:
    """By the doctor, beside a server that began without one."""
    with new_store(tmp_path / "data", cluster, like=migrated(cluster)) as store, opened(store) as db:
        drop = "DROP TABLE report_search" if db.is_sqlite else "DROP INDEX IF EXISTS report_search_message"
        db.write_now(lambda tx: tx.execute(text(drop)))
        made = db.write_now(add, ["bravo coupon"])
        feed_all(db)
        assert not db.read_now(search.has_index)
        db.write_now(create_index)
        feed_all(db)
        assert db.read_now(search.has_index)
        db.write_now(remove, made)
        new = db.write_now(add, ["charlie voucher"])
        feed_all(db)
        assert find(db, "voucher") == new
        assert find(db, "coupon") == []


letters = "aAbBcäÄéЖж漢😀 %_\\\"'*()-^:+\n"
messages = st.text(st.sampled_from(letters), max_size=12)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(messages, min_size=1, max_size=6)),
        st.tuples(st.just("feed"), st.none()),
        st.tuples(st.just("remove"), st.lists(st.integers(0, 30), min_size=1, max_size=4)),
    ),
    min_size=1,
    max_size=8,
)
questions = st.lists(
    st.tuples(st.text(st.sampled_from(letters), min_size=1, max_size=5), st.integers(0, 8), st.integers(0, 8)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def kept(cluster: Cluster | None, migrated: Callable[[Cluster | None], Store], tmp_path_factory: Any) -> Any:
    """One store for all examples, each of which leaves it empty."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    with new_store(folder, cluster, like=migrated(cluster)) as store, opened(store) as db:
        yield db


@settings(max_examples=times(150))
@given(steps, questions)
def test_any_history_finds_what_a_simple_look_at_all_messages_does(kept: Database, steps: Any, questions: Any) -> None:
    model: list[tuple[str, str]] = []
    for kind, given_ in steps:
        if kind == "add":
            model += zip(kept.write_now(add, given_), given_, strict=True)
        elif kind == "feed":
            feed_all(kept)
        else:
            gone = {model[place % len(model)][0] for place in given_ if model}
            kept.write_now(remove, list(gone))
            model = [(id_, message) for id_, message in model if id_ not in gone]
    for term, limit, offset in questions:
        wanted = [id_ for id_, message in reversed(model) if term.lower() in message.lower()]
        assert find(kept, term, limit, offset) == wanted[offset : offset + limit]
    kept.write_now(remove, [id_ for id_, _ in model])
