"""Commands that wait, and how a group of them runs in a transaction so that one that fails hurts only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection

from backroom.errors import Failure
from backroom.store.failures import ends_transaction, first_line, is_busy, is_taken

Subject = TypeVar("Subject")
Result = TypeVar("Result")

Many: TypeAlias = Callable[[Connection, list[Subject]], Sequence[Result | Failure]]

log = structlog.get_logger("backroom.store")

ATTEMPTS = 4

_undone = count(1)


class Batched(Generic[Subject, Result]):
    """A command for one subject that the writer may run for many at once.

    Wraps `command(tx, subjects) -> outcomes`, one outcome (a result, or the Failure of just that
    subject) for each subject in order. Where there is a `careful` form, `command` may take the usual for granted:
    should it raise InDoubt, or a unique index refuse, all that it did is undone and `careful` runs.
    """

    def __init__(self, command: Many[Subject, Result], careful: Many[Subject, Result] | None = None) -> None:
        self.many = command
        self.careful = careful
        self.__doc__ = command.__doc__

    def __call__(self, tx: Connection, subject: Subject) -> Result:
        outcome = run_many(tx, self, [subject], alone=False)[0]
        if isinstance(outcome, Failure):
            raise outcome
        return outcome


class InDoubt(Exception):
    """What a command took for granted isn't so, or can't be told: its careful form is to run."""


@dataclass(slots=True)
class Task:
    """One command that waits, and where its outcome goes."""

    command: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    loop: asyncio.AbstractEventLoop | None
    future: Any
    outcome: Any = None


class BatchFailed(Exception):
    """The many form of a command failed as a whole, in a transaction of its own: run its tasks one by one."""


def run_all(tx: Connection, group: list[Task], *, batched: bool) -> None:
    """Runs the tasks in this transaction and sets their outcomes; without `batched`, each one alone.

    Raises what ends the transaction, and BatchFailed.
    """
    batches = list(by_command(group)) if batched else [[task] for task in group]
    alone = len(batches) == 1
    for tasks in batches:
        if len(tasks) == 1:
            _run_one(tx, tasks[0], alone=alone)
        elif alone:
            _run_only_batch(tx, tasks)
        else:
            _run_batch(tx, tasks)


def _run_one(tx: Connection, task: Task, *, alone: bool) -> None:
    """Runs one task in its own savepoint; `alone` in its group it needs none, for the transaction is its own.

    Where another writer of PostgreSQL took a unique key between look-up and insert, it runs again, and finds it.
    """
    for _ in range(ATTEMPTS):
        try:
            if alone:
                task.outcome = _outcome_of(tx, task, alone=True)
            else:
                with savepoint(tx):
                    task.outcome = _outcome_of(tx, task, alone=False)
            return
        except Exception as error:
            if ends_transaction(tx, error):
                raise
            if alone:
                _begin_anew(tx)
            task.outcome = error
            if not is_busy(error):
                return


def _begin_anew(tx: Connection) -> None:
    """Undoes everything in the transaction and begins another."""
    driver: Any = tx.connection.driver_connection
    driver.rollback()
    if tx.dialect.name == "sqlite":
        driver.execute("BEGIN IMMEDIATE")


def _outcome_of(tx: Connection, task: Task, *, alone: bool) -> Any:
    """What the task's command returns. What a batched one wrote for a subject that it turns away stays, as it
    does in a batch: a call past a quota is a call."""
    if isinstance(task.command, Batched):
        return run_many(tx, task.command, [task.args[0]], alone=alone)[0]
    return task.command(tx, *task.args, **task.kwargs)


def _run_batch(tx: Connection, tasks: list[Task]) -> None:
    """Runs the many form; should it fail as a whole, each task alone, so that only the culprit fails."""
    try:
        with savepoint(tx):
            _run_tasks(tx, tasks, alone=False)
    except Exception as error:
        if ends_transaction(tx, error):
            raise
        log.warning("batch_failed", error=first_line(error), commands=len(tasks))
        for task in tasks:
            _run_one(tx, task, alone=False)


def _run_only_batch(tx: Connection, tasks: list[Task]) -> None:
    """The same for a group that is nothing but this batch: it needs no savepoint."""
    try:
        _run_tasks(tx, tasks, alone=True)
    except Exception as error:
        if ends_transaction(tx, error):
            raise
        raise BatchFailed from error


def _run_tasks(tx: Connection, tasks: list[Task], *, alone: bool) -> None:
    outcomes = run_many(tx, tasks[0].command, [task.args[0] for task in tasks], alone=alone)  # type: ignore[arg-type]
    for task, outcome in zip(tasks, outcomes, strict=True):
        task.outcome = outcome


def run_many(
    tx: Connection, command: Batched[Subject, Result], subjects: list[Subject], *, alone: bool
) -> Sequence[Result | Failure]:
    """The command's outcomes. `alone` in the transaction it needs no savepoint to be undone, which PostgreSQL
    answers twice."""
    if command.careful is None:
        return command.many(tx, subjects)
    try:
        with nullcontext() if alone else savepoint(tx):
            return command.many(tx, subjects)
    except Exception as error:
        if ends_transaction(tx, error) or not (isinstance(error, InDoubt) or is_taken(error)):
            raise
    if alone:
        _begin_anew(tx)
    return command.careful(tx, subjects)


@contextmanager
def savepoint(tx: Connection) -> Iterator[None]:
    """What fails inside is undone, and only that. May be nested."""
    driver: Any = tx.connection.driver_connection
    driver.execute("SAVEPOINT one")
    try:
        yield
        driver.execute("RELEASE SAVEPOINT one")
    except BaseException as error:
        if not (isinstance(error, Exception) and ends_transaction(tx, error)):
            # psycopg takes what an aborted pipeline skipped for prepared. It forgets all that at a rollback, but
            # only at one whose wording it hasn't seen.
            driver.execute(f"ROLLBACK TO SAVEPOINT one -- {next(_undone)}")
            driver.execute("RELEASE SAVEPOINT one")
        raise


@contextmanager
def pipeline(tx: Connection) -> Iterator[None]:
    """On PostgreSQL only statements that answer rows are waited for inside; for prepared statements alone.

    What a statement without rows did wrong is raised at the next one with rows, or at the end.
    """
    if tx.dialect.name == "sqlite":
        yield
        return
    driver: Any = tx.connection.driver_connection
    with driver.pipeline():
        yield


def by_command(group: list[Task]) -> Iterator[list[Task]]:
    """The tasks of each Batched command as one list, every other task alone, in order of arrival."""
    first = group[0].command
    if isinstance(first, Batched) and all(task.command is first for task in group):
        yield group
        return
    batches: dict[int, list[Task]] = {}
    order: list[list[Task]] = []
    for task in group:
        if not isinstance(task.command, Batched):
            order.append([task])
            continue
        batch = batches.get(id(task.command))
        if batch is None:
            batch = batches[id(task.command)] = []
            order.append(batch)
        batch.append(task)
    yield from order


def wake(group: list[Task]) -> None:
    """Hands every outcome over, with one call into each event loop that waits."""
    loops: dict[asyncio.AbstractEventLoop, list[Task]] = {}
    for task in group:
        if task.loop is None:
            _settle(task)
        else:
            loops.setdefault(task.loop, []).append(task)
    for loop, tasks in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle_all, tasks)


def _settle_all(tasks: list[Task]) -> None:
    for task in tasks:
        _settle(task)


def _settle(task: Task) -> None:
    future: Future[Any] | asyncio.Future[Any] | None = task.future
    if future is None or future.done():
        return
    if isinstance(task.outcome, StopIteration):  # which a future takes for its own
        future.set_exception(RuntimeError("a command raised StopIteration"))
    elif isinstance(task.outcome, Exception):
        future.set_exception(task.outcome)
    else:
        future.set_result(task.outcome)
