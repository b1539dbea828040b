"""Group commit: everything that waits is written in one transaction, then every caller is woken.

SQLite pays one sync for a commit however much is in it: 64 waiting clients get 3,900 rows/s
one by one and 60,000 grouped.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from backroom.store.failures import StoreMoved, check_open, first_line, is_busy, is_lost, refusal
from backroom.store.lock import FileLock
from backroom.store.tasks import ATTEMPTS, BatchFailed, Task, by_command, run_all, wake

log = structlog.get_logger("backroom.store")

GROUP_LIMIT = 512
WAITING_LIMIT = 10_000
MOVED = "The store's file was moved, deleted or replaced under the server. Put it back, or restart the server."
CROWD = 8
"""Groups of this size or smaller are neither halved nor gathered."""

GATHER_SECONDS = 0.0003
"""How long a writer that shares its file waits for the clients it has just answered to send again."""

IDLE_CHECK_SECONDS = 0.5
QUIET_SECONDS = 0.05
IDLE_GAP_SECONDS = 0.004
IDLE_AT_LATEST_SECONDS = 0.25
IDLE_AT_LATEST_BUSY_SECONDS = 1.0
"""Used while groups take more than half of the time. Every slice makes the waiting reports wait longer; four a second
would hit more than one report in a hundred and raise the 99th percentile."""


@dataclass
class Idle:
    """Work for the moments when nothing waits: `work(tx)` does a small slice and returns whether more is left."""

    work: Callable[[Connection], bool]
    more: bool = field(default=True)


class Writer(threading.Thread):
    """One thread with one connection that runs the commands of a queue in groups."""

    def __init__(self, engine: Engine, tasks: queue.SimpleQueue[Task | None], lock: FileLock | None) -> None:
        super().__init__(name="backroom-writer", daemon=True)
        self._engine = engine
        self._tasks = tasks
        self._lock = lock
        self._conn: Connection | None = None
        self.idle: list[Idle] = []
        self.does_idle = False
        self._committing = False
        self._last_idle = 0.0
        self._quiet_from = 0.0
        self._busy = 0.0
        self._most = GROUP_LIMIT
        self._gathers = False

    def run(self) -> None:
        while True:
            group, ending = self._take_group()
            if group:
                start = time.monotonic()
                self.run_group(group)
                end = time.monotonic()
                self._busy += end - start
                self._quiet_from = end + QUIET_SECONDS
                for job in self.idle:
                    job.more = True
            if ending:
                break
            if self.does_idle and (not group or self._idle_is_due()):
                self._run_idle()
        self._close()

    def run_once(self, task: Task) -> None:
        """Runs one task in this thread, for a program that has no writer running."""
        self.run_group([task])
        self._close()

    def _close(self) -> None:
        if self._conn is not None:
            self._conn.close()
        if self._lock is not None:
            self._lock.close()

    def _take_group(self) -> tuple[list[Task], bool]:
        """The waiting tasks, up to a full group, and whether the queue has ended. Empty when idle work is due."""
        group: list[Task] = []
        try:
            task = self._tasks.get(timeout=self._idle_wait())
            if self._gathers:
                time.sleep(GATHER_SECONDS)
            while task is not None:
                group.append(task)
                if len(group) >= self._most:
                    return group, False
                task = self._tasks.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _idle_wait(self) -> float:
        """Seconds to wait for a command before doing idle work.

        The first slice starts QUIET_SECONDS after the last group. Further ones follow after about a slice's own
        length, so that a long backlog never takes more than half of one core.
        """
        if any(job.more for job in self.idle):
            return max(IDLE_GAP_SECONDS, self._quiet_from - time.monotonic())
        return IDLE_CHECK_SECONDS

    def run_group(self, group: list[Task]) -> None:
        """Runs the tasks, commits, sets each one's outcome and wakes its caller.

        On SQLite the whole group is one transaction. On PostgreSQL each command or batch gets its own, because
        several processes write at the same time: one command takes its row locks in the order that all commands
        share, several in a row would not, and a deadlock costs everybody in it a second.
        """
        if self._lock is not None:
            self._run_transaction(group)
        else:
            for tasks in by_command(group):
                self._run_transaction(tasks)

    def _run_transaction(self, group: list[Task]) -> None:
        batched, attempt = True, 0
        while True:
            attempt += 1
            try:
                with self._transaction() as tx:
                    run_all(tx, group, batched=batched)
            except BatchFailed as failed:
                log.warning("batch_failed", error=str(failed.__cause__), commands=len(group))
                if self._lock is None:
                    for task in group:
                        self._run_transaction([task])
                    return
                batched = False
                continue
            except Exception as error:
                if self._may_retry(error, attempt):
                    continue
                log.error("commit_failed", error=first_line(error), commands=len(group))
                conn = self._conn
                may_be_kept = self._lock is None and self._committing and conn is not None and is_lost(conn)
                self._drop_connection()
                for task in group:
                    task.outcome = refusal(error, may_be_kept=may_be_kept)
            break
        self._size_next_group(len(group), self._tasks.qsize())
        wake(group)

    def _size_next_group(self, size: int, waiting: int) -> None:
        """Decides how many tasks the next group takes.

        Alone on its file, a writer takes half of the clients that wait: while that half waits for the disk, the
        other half is answered and sends again. In one group all of them would wait for the disk together, and the
        processor would stand still. Where processes take turns, another one works meanwhile, so a group takes
        everything and waits a moment for the clients that were just answered.
        """
        alone = self._lock is not None and not self._lock.waited
        self._most = min(GROUP_LIMIT, max(CROWD, (size + waiting + 1) // 2)) if alone else GROUP_LIMIT
        self._gathers = not alone and size > CROWD

    def _may_retry(self, error: Exception, attempt: int) -> bool:
        """Whether the group can simply run again, on PostgreSQL: another writer was in the way, or the connection was
        lost before the commit was requested, as it is when PostgreSQL restarted since the last group."""
        if is_busy(error):
            return attempt < ATTEMPTS
        if self._lock is not None or attempt > 1 or self._committing or self._conn is None or not is_lost(self._conn):
            return False
        self._drop_connection()
        return True

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction that is begun and committed on the driver itself; SQLAlchemy's own costs 100 µs more."""
        with self._lock or nullcontext():
            if self._lock is not None and not self._lock.is_there():
                raise StoreMoved(MOVED)
            conn = self._connection()
            driver: Any = conn.connection.driver_connection
            self._committing = False
            if conn.dialect.name == "sqlite":
                driver.execute("BEGIN IMMEDIATE")
            try:
                yield conn
                check_open(conn)
                self._committing = True
                driver.commit()
            except BaseException:
                driver.rollback()
                raise
            finally:
                if conn.in_transaction():
                    conn.rollback()

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
        return self._conn

    def _drop_connection(self) -> None:
        if self._conn is not None:
            try:
                self._conn.invalidate()
                self._conn.close()
            except SQLAlchemyError as error:
                log.warning("connection_drop_failed", error=first_line(error))
            self._conn = None

    def _idle_is_due(self) -> bool:
        """Whether idle work has waited so long that it runs although more groups are waiting."""
        waited = time.monotonic() - self._last_idle
        return waited > (IDLE_AT_LATEST_BUSY_SECONDS if self._busy > waited / 2 else IDLE_AT_LATEST_SECONDS)

    def _run_idle(self) -> None:
        """A slice of each idle job that has more to do, all in one transaction."""
        self._last_idle, self._busy = time.monotonic(), 0.0
        jobs = [job for job in self.idle if job.more]
        if not jobs:
            return
        # Cleared before the jobs look, so that what another writer commits meanwhile counts as more.
        for job in jobs:
            job.more = False
        begun: Idle | None = None
        unfinished: list[Idle] = []
        try:
            with self._transaction() as tx:
                for begun in jobs:
                    if begun.work(tx):
                        unfinished.append(begun)
        except Exception as error:
            log.error("idle_work_failed", error=first_line(error))
            self._drop_connection()
            # The rollback undid what the other jobs did in the same transaction.
            unfinished = [job for job in jobs if begun is not None and job is not begun]
        for job in unfinished:
            job.more = True
