"""Group commit: who is hurt by what, and that nobody is told OK for what isn't stored."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from backroom.errors import Failure, NotFound, StoreFailed
from backroom.store.database import Database
from backroom.store.prepared import Prepared, insert_rows
from backroom.store.tables import changes, workspaces
from backroom.store.tasks import Batched, InDoubt
from backroom.store.writer import WAITING_LIMIT
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.store import Store
from tests.store.fixtures import NOW, database_of, opened
from tests.store.groups import all_busy, in_one_group

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def add(tx: Connection, id_: str) -> str:
    tx.execute(insert(workspaces).values(id=id_, name="w", plan="PRO", created_at=NOW))
    return id_


def ids(db: Database) -> list[str]:
    return db.read_now(lambda conn: list(conn.execute(select(workspaces.c.id).order_by(workspaces.c.id)).scalars()))


def kinds(results: list[Any]) -> list[Any]:
    """The results, exceptions as their types."""
    return [type(result) if isinstance(result, Exception) else result for result in results]


def fail(tx: Connection, error: Exception) -> None:
    add(tx, "never")
    raise error


def test_a_failing_command_hurts_only_itself(db: Database) -> None:
    results = in_one_group(
        db,
        (add, "a"),
        (fail, ValueError("no")),
        (add, "b"),
        (add, "a"),
        (fail, NotFound("gone")),
        (add, "c"),
    )
    assert kinds(results) == ["a", ValueError, "b", IntegrityError, NotFound, "c"]
    assert ids(db) == ["a", "b", "c"]


def test_a_failing_command_that_is_alone_leaves_nothing(db: Database) -> None:
    with pytest.raises(NotFound):
        db.write_now(fail, NotFound("gone"))
    assert ids(db) == []
    assert db.write_now(add, "a") == "a"


def test_a_program_without_writers_writes_too(core_store: Store) -> None:
    db = database_of(core_store)
    assert db.write_now(add, "a") == "a"
    with pytest.raises(NotFound):
        db.write_now(fail, NotFound("gone"))
    assert ids(db) == ["a"]
    db.close()


@sqlite_only
def test_a_group_is_committed_once(db: Database) -> None:
    said: list[str] = []

    def listen(tx: Connection) -> None:
        driver: Any = tx.connection.driver_connection
        driver.set_trace_callback(said.append)

    db.write_now(listen)
    said.clear()
    in_one_group(db, *[(add, f"{number:03}") for number in range(100)])
    assert len(ids(db)) == 100
    assert said.count("COMMIT") == 3, "the gate's, and one for each half of those who wait"


@sqlite_only
def test_nobody_is_woken_before_the_commit(db: Database) -> None:
    def look(_tx: Connection, seen: list[str]) -> None:
        seen += ids(db)

    seen: list[str] = []
    in_one_group(db, (add, "a"), (look, seen))
    assert seen == []
    assert ids(db) == ["a"]


def _add_all(tx: Connection, names: list[str]) -> list[str | Failure]:
    """Adds each; "deny" is turned away after something was written for it, "poison" breaks the whole batch."""
    outcomes: list[str | Failure] = []
    for name in names:
        add(tx, name)
        if name.startswith("poison"):
            raise ValueError(name)
        outcomes.append(NotFound(name) if name.startswith("deny") else name)
    add(tx, f"batch of {len(names)}: {names[0]}")
    return outcomes


add_all = Batched(_add_all)


def test_commands_of_a_kind_run_together(db: Database) -> None:
    results = in_one_group(db, (add_all, "a"), (add, "z"), (add_all, "b"), (add_all, "c"))
    assert results == ["a", "z", "b", "c"]
    assert ids(db) == ["a", "b", "batch of 3: a", "c", "z"]


def test_a_batch_that_fails_as_a_whole_falls_back_to_singles(db: Database) -> None:
    results = in_one_group(db, (add_all, "a"), (add_all, "poison"), (add_all, "b"), (add, "z"))
    assert kinds(results) == ["a", ValueError, "b", "z"]
    assert ids(db) == ["a", "b", "batch of 1: a", "batch of 1: b", "z"]


@pytest.mark.parametrize("others", [[], ["a"], ["a", "poison"]], ids=["alone", "together", "fallen back"])
def test_what_a_batched_command_wrote_for_one_it_turned_away_stays(db: Database, others: list[str]) -> None:
    results = in_one_group(db, *[(add_all, name) for name in [*others, "deny"]])
    assert isinstance(results[-1], NotFound)
    assert "deny" in ids(db)


def test_a_batched_command_inside_another_raises_for_the_one_it_turned_away(db: Database) -> None:
    with pytest.raises(NotFound):
        db.write_now(lambda tx: add_all(tx, "deny"))
    assert ids(db) == []


def _break_at_commit(db: Database) -> None:
    """Makes a table whose rows are refused when they are committed, and not before."""
    if db.is_sqlite:
        event.listen(db._writing, "connect", lambda driver, _record: driver.execute("PRAGMA foreign_keys=ON"))

    def create(tx: Connection) -> None:
        tx.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
        tx.execute(text("CREATE TABLE orphans (p INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"))

    db.write_now(create)


def orphan(tx: Connection) -> None:
    tx.execute(text("INSERT INTO orphans VALUES (1)"))


def _orphan_all(tx: Connection, names: list[str]) -> list[str]:
    for name in names:
        add(tx, name)
        orphan(tx)
    return names


orphan_all = Batched(_orphan_all)


def test_a_failed_commit_fails_every_command_of_its_group(core_store: Store) -> None:
    db = database_of(core_store)
    _break_at_commit(db)
    db.start()
    results = in_one_group(db, (add, "a"), (orphan_all, "b"), (orphan_all, "c"), (orphan_all, "d"))
    if db.is_sqlite:
        assert kinds(results) == [StoreFailed] * 4
        assert ids(db) == []
    else:
        assert kinds(results) == ["a"] + [StoreFailed] * 3
        assert ids(db) == ["a"]
        db.write_now(lambda tx: tx.execute(delete(workspaces)))
    assert len(set(map(id, results))) == 4, "callers don't share one exception, whose traceback each would extend"
    with pytest.raises(StoreFailed):
        db.write_now(orphan)
    assert db.write_now(add, "a") == "a"
    db.close()


def fill(tx: Connection, by: str) -> None:
    """Asks for more pages than the file may have: what SQLite meets on a full disk."""
    (pages,) = tx.exec_driver_sql("PRAGMA page_count").one()
    tx.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    if by == "core":
        tx.execute(insert(changes), [{"name": f"{n} {'x' * 1000}", "n": n} for n in range(100)])
    elif by == "rows":
        insert_rows(tx, changes, [(f"{n} {'x' * 1000}", n) for n in range(100)])
    else:
        add_row = Prepared(insert(changes).values(name=bindparam("name"), n=1))
        for n in range(100):
            add_row(tx, name=f"{n} {'x' * 1000}")


def _fill_all(tx: Connection, names: list[str]) -> list[None]:
    for name in names:
        fill(tx, name)
    return [None for _ in names]


fill_all = Batched(_fill_all)


@sqlite_only
@pytest.mark.parametrize("by", ["core", "rows", "prepared"])
@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("command", [fill, fill_all])
def test_a_full_disk_never_makes_an_ok_of_what_is_lost(db: Database, by: str, place: int, command: Any) -> None:
    """SQLite may roll the whole transaction back then, savepoints and all: what follows would commit by itself."""
    commands: list[tuple[Any, ...]] = [(add, "a"), (add_all, "b"), (add_all, "c")]
    commands[place:place] = [(command, by), (command, by)] if command is fill_all else [(command, by)]
    results = in_one_group(db, *commands)
    stored = [result for result in results if isinstance(result, str)]
    assert StoreFailed in kinds(results)
    assert [id_ for id_ in ids(db) if not id_.startswith("batch")] == sorted(stored)
    assert db.write_now(add, "d") == "d"
    assert "d" in ids(db)


@sqlite_only
@pytest.mark.parametrize("by", ["core", "rows", "prepared"])
@pytest.mark.parametrize("command", [fill, fill_all])
def test_a_full_disk_fails_a_command_that_is_alone(db: Database, by: str, command: Any) -> None:
    with pytest.raises(StoreFailed):
        db.write_now(command, by)
    assert db.write_now(add, "a") == "a"


@sqlite_only
def test_a_rollback_that_nobody_noticed_is_no_commit(db: Database) -> None:
    """The driver's `commit` does nothing where SQLite has ended the transaction by itself, and says nothing."""

    def swallow(tx: Connection) -> str:
        with contextlib.suppress(Exception):
            fill(tx, "prepared")
        return "fine"

    results = in_one_group(db, (add, "a"), (swallow,), (add, "b"))
    assert kinds(results) == [StoreFailed] * 3
    assert ids(db) == []
    with pytest.raises(StoreFailed):
        db.write_now(swallow)


@sqlite_only
def test_what_sqlite_has_ended_is_not_run_again(db: Database) -> None:
    """A second try is for a connection that PostgreSQL has lost."""
    runs = []

    def swallow(tx: Connection) -> None:
        runs.append(1)
        with contextlib.suppress(Exception):
            fill(tx, "prepared")

    with pytest.raises(StoreFailed):
        db.write_now(swallow)
    assert len(runs) == 1


def end_session(tx: Connection) -> None:
    tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")


def _end_all(tx: Connection, names: list[str]) -> list[str]:
    end_session(tx)
    return names


end_all = Batched(_end_all)


def end_other_sessions(tx: Connection) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    tx.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


@postgresql_only
def test_a_lost_connection_fails_its_command_only(db: Database) -> None:
    results = in_one_group(db, (add, "a"), (end_session,), (add, "b"))
    assert kinds(results) == ["a", StoreFailed, "b"]
    assert ids(db) == ["a", "b"]
    results = in_one_group(db, (end_all, "one"), (end_all, "two"), (add, "c"))
    assert kinds(results) == [StoreFailed, StoreFailed, "c"]
    with pytest.raises(StoreFailed):
        db.write_now(end_session)
    assert in_one_group(db, (add, "d"), (add, "e")) == ["d", "e"]


DIE_AT_COMMIT = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER die AFTER INSERT ON workspaces DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.id = 'fatal') EXECUTE FUNCTION die();
"""


@postgresql_only
def test_who_asked_for_a_commit_is_told_where_its_outcome_is_unknown(db: Database) -> None:
    """Before it was asked for, nothing is kept; once it was, only looking tells."""
    db.write_now(lambda tx: tx.exec_driver_sql(DIE_AT_COMMIT))
    with pytest.raises(StoreFailed, match="nothing of it was kept"):
        db.write_now(lambda tx: tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())"))
    with pytest.raises(StoreFailed, match="before it confirmed this"):
        db.write_now(add, "fatal")
    assert db.write_now(add, "next") == "next"


@postgresql_only
def test_connections_that_were_lost_meanwhile_fail_nobody(core_store: Store, db: Database) -> None:
    """A restart of PostgreSQL between two groups: nothing was sent, so the work may simply begin anew."""
    with all_busy(db):
        pass
    assert ids(db) == []
    other = database_of(core_store)
    other.write_now(end_other_sessions)
    other.close()
    for number in range(9):
        db.write_now(add, str(number))
    assert len(ids(db)) == 9


@postgresql_only
@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"], ids=["NUL", "surrogate"])
def test_text_that_postgresql_refuses_hurts_only_its_command(db: Database, name: str) -> None:
    def add_hot(tx: Connection, id_: str) -> None:
        insert_rows(tx, workspaces, [(id_, "w", "PRO", NOW)])

    results = in_one_group(db, (add, "a"), (add, name), (add_hot, name), (add_all, "b"), (add_all, name))
    assert results[0] == "a"
    assert results[3] == "b"
    assert all(isinstance(result, Exception) and not isinstance(result, StoreFailed) for result in results[1:3])
    assert isinstance(results[4], Exception)
    assert [id_ for id_ in ids(db) if not id_.startswith("batch")] == ["a", "b"]


class Meeting:
    """Lets two commands of two writers meet once; on a later try they pass."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)
        self._met: set[str] = set()

    def meet(self, name: str) -> None:
        if name not in self._met:
            self._met.add(name)
            self._barrier.wait(PATIENCE)


@postgresql_only
@pytest.mark.parametrize("beside", [0, 2], ids=["alone", "in a group"])
def test_writers_that_deadlock_try_again(db: Database, beside: int) -> None:
    db.write_now(insert_rows, changes, [("left", 0), ("right", 0)])
    meeting = Meeting()

    def cross(tx: Connection, first: str, second: str) -> str:
        raise_one = Prepared(update(changes).where(changes.c.name == bindparam("key")).values(n=changes.c.n + 1))
        raise_one(tx, key=first)
        meeting.meet(first)
        raise_one(tx, key=second)
        return first

    async def run() -> list[Any]:
        with all_busy(db) as gates:
            waiting = [asyncio.ensure_future(db.write(add, f"l{n}")) for n in range(beside)]
            waiting += [asyncio.ensure_future(db.write(cross, "left", "right"))]
            await asyncio.sleep(0)
            gates[0].open()
            await asyncio.to_thread(wait_until, lambda: "left" in meeting._met, "the first to hold its row")
            waiting += [asyncio.ensure_future(db.write(cross, "right", "left"))]
            await asyncio.sleep(0)
            gates[1].open()
            return await asyncio.gather(*waiting)

    assert asyncio.run(run()) == [*(f"l{n}" for n in range(beside)), "left", "right"]
    assert db.read_now(lambda conn: conn.execute(select(changes.c.n)).scalars().all()) == [2, 2]
    assert ids(db) == [f"l{n}" for n in range(beside)]


def find_or_add(tx: Connection, name: str, meeting: Meeting, who: str) -> str:
    """What every look-up before an insert does: it may find, after its look-up, that another was faster."""
    if tx.execute(select(workspaces.c.id).where(workspaces.c.id == name)).first():
        return "found"
    meeting.meet(who)
    add(tx, name)
    return "added"


def _find_or_add_all(tx: Connection, wanted: list[tuple[str, Meeting, str]]) -> list[str]:
    return [find_or_add(tx, *each) for each in wanted]


find_or_add_all = Batched(_find_or_add_all)


@postgresql_only
@pytest.mark.parametrize("beside", [0, 2], ids=["alone", "in a group"])
@pytest.mark.parametrize("batched", [False, True], ids=["single", "batched"])
def test_one_of_two_writers_that_add_the_same_finds_it(db: Database, beside: int, batched: bool) -> None:
    meeting = Meeting()

    def call(who: str, name: str = "same") -> Any:
        return (
            db.write(find_or_add_all, (name, meeting, who)) if batched else (db.write(find_or_add, name, meeting, who))
        )

    async def run() -> list[Any]:
        with all_busy(db) as gates:
            waiting = [asyncio.ensure_future(call("one"))]
            await asyncio.sleep(0)
            gates[0].open()
            await asyncio.to_thread(wait_until, lambda: "one" in meeting._met, "the first to have looked")
            waiting += [asyncio.ensure_future(call("two"))]
            waiting += [asyncio.ensure_future(call("one", f"other {n}")) for n in range(beside)]
            await asyncio.sleep(0)
            gates[1].open()
            return await asyncio.gather(*waiting)

    results = asyncio.run(run())
    assert sorted(results[:2]) == ["added", "found"]
    assert results[2:] == ["added"] * beside
    assert len(ids(db)) == 1 + beside


def test_a_key_that_stays_taken_fails_its_command_only(db: Database) -> None:
    db.write_now(add, "taken")
    results = in_one_group(db, (add, "a"), (add, "taken"), (add, "b"))
    assert kinds(results) == ["a", IntegrityError, "b"]
    with pytest.raises(IntegrityError):
        db.write_now(add, "taken")
    assert ids(db) == ["a", "b", "taken"]


def _add_or_doubt(tx: Connection, names: list[str]) -> list[str]:
    """Takes every name for new; what it wrote before it found out otherwise must be gone."""
    for name in names:
        if name == "odd":
            raise InDoubt
        add(tx, name)
    return [f"{name} at once" for name in names]


def _add_carefully(tx: Connection, names: list[str]) -> list[str | Failure]:
    found = set(tx.execute(select(workspaces.c.id).where(workspaces.c.id.in_(names))).scalars())
    return [NotFound(name) if name == "odd" else name if name in found else add(tx, name) for name in names]


add_or_doubt = Batched(_add_or_doubt, careful=_add_carefully)


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "in a group"])
def test_where_a_batch_took_too_much_for_granted_its_careful_form_runs(db: Database, beside: bool) -> None:
    """The first names are stored by the form that then gives up: once, by the other."""
    db.write_now(add, "taken")
    others: list[Any] = [(add, "neighbour")] if beside else []
    for doubtful, outcome in (("odd", NotFound), ("taken", "taken")):
        names = [f"{doubtful} 1", doubtful, f"{doubtful} 2"]
        results = in_one_group(db, *others, *((add_or_doubt, name) for name in names))
        assert kinds(results[len(others) :]) == [names[0], outcome, names[2]]
        others = []
    wanted = ["odd 1", "odd 2", "taken", "taken 1", "taken 2", *(["neighbour"] if beside else [])]
    assert ids(db) == sorted(wanted)
    assert in_one_group(db, (add_or_doubt, "x"), (add_or_doubt, "y")) == ["x at once", "y at once"]


def test_the_careful_form_runs_within_another_command_too(db: Database) -> None:
    db.write_now(add, "taken")

    def both(tx: Connection) -> list[str]:
        return [add(tx, "before"), add_or_doubt(tx, "taken"), add_or_doubt(tx, "after")]

    assert db.write_now(both) == ["before", "taken", "after at once"]
    assert ids(db) == ["after", "before", "taken"]


def test_a_caller_that_gave_up_disturbs_nobody(db: Database) -> None:
    async def run() -> None:
        with all_busy(db) as gates:
            gone = asyncio.ensure_future(db.write(add, "a"))
            stays = asyncio.ensure_future(db.write(add, "b"))
            await asyncio.sleep(0)
            gone.cancel()
            gates[0].open()
            assert await stays == "b"
            with pytest.raises(asyncio.CancelledError):
                await gone

    asyncio.run(run())
    assert ids(db) == ["a", "b"]


def test_a_closed_event_loop_does_not_end_the_writer(db: Database) -> None:
    async def leave() -> None:
        asyncio.ensure_future(db.write(add, "a"))  # noqa: RUF006
        await asyncio.sleep(0)

    with all_busy(db):
        asyncio.run(leave())
    wait_until(lambda: ids(db) == ["a"], "the write")
    assert in_one_group(db, (add, "b"), (add, "c")) == ["b", "c"]


def test_an_exception_that_no_future_takes_leaves_nobody_waiting(db: Database) -> None:
    """A future refuses StopIteration; whoever comes after it in the group must be woken all the same."""
    results = in_one_group(db, (fail, StopIteration()), (add, "a"))
    assert isinstance(results[0], Exception)
    assert results[1] == "a"


def test_close_finishes_what_was_accepted(core_store: Store) -> None:
    async def run() -> None:
        with opened(core_store) as db:
            with all_busy(db):
                waiting = [asyncio.ensure_future(db.write(add, f"{n:04}")) for n in range(2000)]
                await asyncio.sleep(0)
            db.close()
            assert await asyncio.gather(*waiting) == [f"{n:04}" for n in range(2000)]
            with pytest.raises(StoreFailed):
                await db.write(add, "late")
            with pytest.raises(StoreFailed):
                db.write_soon(add, "late")

    asyncio.run(run())
    db = database_of(core_store)
    assert len(ids(db)) == 2000
    db.close()


def test_a_write_that_comes_while_closing_is_answered(core_store: Store) -> None:
    for _ in range(5):
        answers: list[object] = []
        started = threading.Event()

        def write_on(db: Database, answers: list[object], started: threading.Event) -> None:
            while not answers or answers[-1] is None:
                started.set()
                try:
                    answers.append(db.write_now(lambda _tx: None))
                except StoreFailed as failure:
                    answers.append(failure)

        with opened(core_store) as db:
            thread = threading.Thread(target=write_on, args=(db, answers, started), daemon=True)
            thread.start()
            started.wait(PATIENCE)
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert isinstance(answers[-1], StoreFailed)


def test_more_than_can_wait_is_turned_away_at_once(db: Database) -> None:
    done: list[None] = []
    with all_busy(db):
        for _ in range(WAITING_LIMIT):
            db.write_soon(lambda _tx: done.append(None))
        with pytest.raises(StoreFailed):
            db.write_soon(add, "a")
        with pytest.raises(StoreFailed):
            db.write_now(add, "a")
        with pytest.raises(StoreFailed):
            asyncio.run(db.write(add, "a"))
    wait_until(lambda: len(done) == WAITING_LIMIT, "what was accepted")
    assert db.write_now(add, "b") == "b"
    assert ids(db) == ["b"]


def test_idle_work_goes_on_after_every_writers_groups(core_store: Store) -> None:
    """Whichever writer took the group that left work behind."""
    rounds: list[int] = []

    def work(tx: Connection) -> bool:
        rounds.append(len(ids_of(tx)))
        return False

    with opened(core_store, [work]) as db:
        for number in range(4):
            db.write_now(add, str(number))
            wait_until(lambda number=number: rounds and rounds[-1] == number + 1, "idle work")  # type: ignore[misc]


@postgresql_only
def test_idle_work_looks_again_where_a_writer_committed_after_its_look(core_store: Store) -> None:
    looked, done = threading.Event(), threading.Event()
    rounds: list[int] = []

    def work(tx: Connection) -> bool:
        rounds.append(len(ids_of(tx)))
        looked.set()
        return not done.wait(PATIENCE)

    with opened(core_store, [work]) as db:
        assert looked.wait(PATIENCE)
        db.write_now(add, "a")
        with all_busy(db, but=1):  # whoever wrote has ended that group
            done.set()
            # Sooner than the busy ones give up, whose end would make it look again.
            wait_until(lambda: rounds[-1] == 1, "another look", timeout=PATIENCE / 2)


def ids_of(tx: Connection) -> list[str]:
    return list(tx.execute(select(workspaces.c.id)).scalars())


def test_idle_work_is_done_in_slices_until_nothing_is_left(core_store: Store) -> None:
    def work(tx: Connection) -> bool:
        made = len(ids_of(tx))
        if made < 5:
            add(tx, f"idle {made}")
        return made < 5

    with opened(core_store, [work]) as db:
        wait_until(lambda: len(ids(db)) == 5, "five slices")


def test_idle_work_that_a_failure_undid_is_done_again(core_store: Store) -> None:
    def fill_once(tx: Connection) -> bool:
        if not ids_of(tx):
            add(tx, "idle")
        return False

    def fail_always(_tx: Connection) -> bool:
        raise ValueError("idle")

    with opened(core_store, [fill_once, fail_always]) as db:
        wait_until(lambda: ids(db) == ["idle"], "the work before the one that fails, without another write")


def test_idle_work_that_fails_harms_neither_writes_nor_other_idle_work(core_store: Store) -> None:
    tries: list[None] = []

    def broken(tx: Connection) -> bool:
        add(tx, "never")
        tries.append(None)
        raise ValueError("broken")

    def work(tx: Connection) -> bool:
        add(tx, f"idle {len(ids_of(tx))}")
        return False

    with opened(core_store, [broken, work]) as db:
        wait_until(lambda: "idle 0" in ids(db), "the other work")
        assert db.write_now(add, "a") == "a"
        wait_until(lambda: "idle 2" in ids(db), "the other work, after a write")
        assert "never" not in ids(db)
        assert len(tries) >= 2, "it is tried again after the next write"


def swallow(tx: Connection) -> str:
    with contextlib.suppress(IntegrityError):
        add(tx, "a")
    return "fine"


def test_a_command_that_swallows_an_error_of_the_store_hurts_at_most_itself(db: Database) -> None:
    """PostgreSQL takes nothing more in a transaction after an error, and makes a rollback of its COMMIT."""
    results = in_one_group(db, (add, "a"), (swallow,), (add, "b"))
    assert (results[0], results[2]) == ("a", "b")
    assert ids(db) == ["a", "b"]
    if db.is_sqlite:
        assert results[1] == db.write_now(swallow) == "fine"
    else:
        assert isinstance(results[1], Exception)
        with pytest.raises(StoreFailed):
            db.write_now(swallow)
