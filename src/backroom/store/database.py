"""The door to the store: `read` a query, `write` a command, on SQLite or PostgreSQL.

A query is a plain function `query(conn, …)`, a command a plain function `command(tx, …)`. Both get an open
SQLAlchemy connection as their first argument. Reads run in threads (`read`) or, if they are short and the engine is
SQLite, on the caller's own thread (`read_short`). The writer commits commands in groups.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from backroom.errors import StoreFailed
from backroom.store.lock import FileLock
from backroom.store.search import fold
from backroom.store.tasks import Task
from backroom.store.writer import WAITING_LIMIT, Idle, Writer

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4
POSTGRESQL_WRITERS = 1
"""More writers split the waiting reports into smaller batches, each with its own round trips and commit. Processor
time per report, both sides, on one core with 64 clients: 158 µs with three writers, 133 with two, 110 with one."""

CACHE_KIB = 65_536
REPEATABLE_READ = 3
"""psycopg's IsolationLevel: every statement of a read sees the same moment, as on SQLite."""

ENCODING = {"client_encoding": "utf8"}
TIMEOUTS = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""Options of libpq, in seconds except the last, which is in milliseconds. A host that vanishes without closing its
connections is given up after half a minute; the system's default is two hours. Options in the database URL win."""


class Database:
    """One store. `path` is the SQLite file's, or None on PostgreSQL."""

    def __init__(self, url: str, data: Path) -> None:
        self.url = parse_url(url, data)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = Path(self.url.database or "") if self.is_sqlite else None
        self._lock_path = self.path.with_name(self.path.name + ".lock") if self.path else None
        self._reading = _engine(self.url, reading=True)
        self._writing = _engine(self.url, reading=False)
        self._errors = (DBAPIError, self._reading.dialect.loaded_dbapi.Error)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="backroom-reader")
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._writers: list[Writer] = []
        self._short: Connection | None = None
        self._closed = False
        self._door = threading.Lock()

    def start(self, idle: list[Callable[[Connection], bool]] | None = None, writers: int = POSTGRESQL_WRITERS) -> None:
        """Starts the writer. `idle` are small jobs for the moments when nothing waits (see `Idle`).

        `writers` is the number of threads that write to PostgreSQL; SQLite always has one.
        """
        jobs = [Idle(work) for work in idle or []]
        for number in range(1 if self.is_sqlite else writers):
            writer = Writer(self._writing, self._tasks, self.lock())
            writer.idle = jobs
            writer.does_idle = number == 0
            writer.start()
            self._writers.append(writer)
        if self.is_sqlite:
            self._short = self._reading.connect()

    def lock(self) -> FileLock | None:
        """A new lock by which processes on this SQLite file take turns; None on PostgreSQL, which needs none."""
        return FileLock(self._lock_path, self.path) if self._lock_path else None

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `query(conn, …)` in a thread, in one transaction: it sees one moment of the store."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: self.read_now(query, *args, **kwargs)
        )

    def read_now(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `query(conn, …)` in this thread, in one transaction."""
        try:
            with self._reading.connect() as conn, conn.begin():
                return query(conn, *args, **kwargs)
        except self._errors as error:
            raise StoreFailed("The store can't be read right now. Try again later.") from error

    async def read_short(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a query of less than a millisecond. On SQLite it runs on this very thread, which saves two hops: a
        quarter of the rate on one core.

        Each statement sees the newest commit; there is no transaction around them.
        """
        if self._short is None:
            return await self.read(query, *args, **kwargs)
        try:
            return query(self._short, *args, **kwargs)
        except self._errors as error:
            raise StoreFailed("The store can't be read right now. Try again later.") from error
        finally:
            if self._short.in_transaction():
                self._short.rollback()

    async def write(self, command: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `command(tx, …)` in the next group; returns once it is committed. Raises what it raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._enqueue(Task(command, args, kwargs, loop, future))
        return await future

    def write_now(self, command: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for a caller without an event loop: waits until it is committed."""
        future: Future[T] = Future()
        task = Task(command, args, kwargs, None, future)
        if self._writers:
            self._enqueue(task)
        else:
            Writer(self._writing, self._tasks, self.lock()).run_once(task)
        return future.result()

    def write_soon(self, command: Callable[Concatenate[Connection, P], Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Puts a command into the next group without waiting for it, for marks whose loss nobody would notice."""
        self._enqueue(Task(command, args, kwargs, None, None))

    def _enqueue(self, task: Task) -> None:
        with self._door:
            if self._closed:
                raise StoreFailed("The server is stopping; send this again.")
            if self._tasks.qsize() >= WAITING_LIMIT:
                raise StoreFailed("The server has more to write than it can; send this again in a moment.")
            self._tasks.put(task)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection on which every read sees the same moment, however long it is used (for a backup)."""
        with self._reading.connect() as conn:
            if not self.is_sqlite:
                conn = conn.execution_options(isolation_level="REPEATABLE READ")
            with conn.begin():
                yield conn

    def connect_unmanaged(self) -> Connection:
        """A writing connection outside the writer's turns, for migrations, which hold the file lock themselves."""
        return self._writing.connect()

    def close(self) -> None:
        """Finishes what was accepted, then closes every connection."""
        with self._door:
            self._closed = True
            for _ in self._writers:
                self._tasks.put(None)
        for writer in self._writers:
            writer.join()
        self._threads.shutdown()
        if self._short is not None:
            self._short.close()
        self._reading.dispose()
        self._writing.dispose()


def parse_url(url: str, data: Path) -> URL:
    """The store's URL: `url`, or the file `backroom.db` in the folder `data` if `url` is empty.

    Raises ValueError for anything but SQLite and PostgreSQL.
    """
    if not url:
        return URL.create("sqlite", database=str(data / "backroom.db"))
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite")
    raise ValueError("must be postgresql://… or sqlite:///path/to/file")


def _engine(url: URL, *, reading: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, reading=reading)
    engine = create_engine(
        url,
        pool_size=READERS,
        max_overflow=READERS,
        pool_pre_ping=reading,
        hide_parameters=True,
        connect_args={**{name: value for name, value in TIMEOUTS.items() if name not in url.query}, **ENCODING},
    )
    if reading:

        @event.listens_for(engine, "connect")
        def prepare(driver: Any, _record: object) -> None:
            driver.isolation_level = REPEATABLE_READ
            driver.read_only = True

    return engine


def _sqlite_engine(url: URL, *, reading: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=READERS,
        max_overflow=READERS,
        hide_parameters=True,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "cached_statements": 512,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        driver.execute("PRAGMA busy_timeout=10000")
        driver.execute("PRAGMA synchronous=FULL")
        driver.execute("PRAGMA temp_store=MEMORY")
        driver.create_function("contains_text", 2, _contains_text, deterministic=True)
        driver.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        driver.execute("PRAGMA query_only=ON" if reading else "PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        driver: Any = conn.connection.driver_connection
        if not driver.in_transaction:
            driver.execute("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _contains_text(message: str, folded_term: str) -> int:
    """For SQLite, whose own LIKE ignores case in ASCII only."""
    return int(folded_term in fold(message))
