"""What every measurement works with: options, a folder, stores, servers and single runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bench import load as wrk
from bench.backroom import Served, Store, create_store, serve_backroom
from bench.load import CONNECTIONS, Load, Sample
from bench.machine import Cores
from bench.process import Server, free_port, serve
from bench.series import Series, alternate

SMALL = 1_000  # reports
WARM_UP = 1  # seconds


@dataclass(frozen=True)
class Options:
    """How much to measure: seconds per run, rounds, reports in the big store (0: none)."""

    seconds: int = 5
    rounds: int = 5
    big: int = 1_000_000
    postgresql: bool = True


class Lab:
    """A place to measure in. Everything it makes is below ``folder``."""

    def __init__(self, options: Options, folder: Path, cores: Cores) -> None:
        self.options = options
        self.folder = folder
        self.cores = cores
        self._names = 0

    @cached_property
    def small(self) -> Store:
        """A store of SMALL reports. Serve copies of it where a measurement writes."""
        return self.filled_store(SMALL)

    @cached_property
    def big(self) -> Store:
        """The store of ``options.big`` reports. Too large to copy, it grows by what is ingested."""
        return self.filled_store(self.options.big)

    def filled_store(self, reports: int, database: str = "") -> Store:
        """Return a new store of so many reports, on SQLite or on the PostgreSQL database given."""
        self.say(f"filling a store with {reports:,} reports")
        store = create_store(self.path("store"), database)
        words = [sys.executable, "-m", "bench.fill", store.project_id, str(reports)]
        subprocess.run(words, env={**os.environ, **store.environment}, check=True)
        os.sync()
        return store

    @contextmanager
    def copy(self, store: Store, database: str = "") -> Iterator[Store]:
        """Lend a copy of a store, written to disk before it is lent, and removed afterwards."""
        copied = store.copy(self.path("copy"), database)
        os.sync()
        try:
            yield copied
        finally:
            shutil.rmtree(copied.data)

    @contextmanager
    def backroom(self, store: Store) -> Iterator[Served]:
        """Serve a store on the server's core."""
        with serve_backroom(store, self.path("backroom.log"), self.cores.server) as served:
            yield served

    @contextmanager
    def raw(self, page_bytes: int = 34_000) -> Iterator[Server]:
        """Serve the raw ASGI application, whose page has so many bytes, on the server's core."""
        port, env = free_port(), {"BENCH_PAGE_BYTES": str(page_bytes)}
        words = [sys.executable, "-m", "bench.peers.raw_asgi", str(port)]
        with serve(words, port, self.path("raw.log"), cores=self.cores.server, env=env) as server:
            self.warm_up(Load("get", f"{server.url}/page"))
            yield server

    def warm_up(self, load: Load) -> None:
        """Put a load on a server for a moment, so that its code has run before it is measured."""
        wrk.run(load, WARM_UP, self.cores.client)

    def measure(self, load: Load, server: Server) -> Sample:
        """Load a server, and return once it rests again."""
        sample = wrk.run(load, self.options.seconds, self.cores.client)
        return replace(sample, deferred=server.settle())

    def measure_ingest(self, load: Load, served: Served) -> Sample:
        """Load a Backroom with reports, and compare what it acknowledged with what it then has."""
        return self.audit(served, lambda: self.measure(load, served.server))

    def audit(self, served: Served, ingest: Callable[[], Sample]) -> Sample:
        """Run an ingest, and count the reports it acknowledged that the store then lacks.

        wrk leaves up to CONNECTIONS requests unanswered at its end, so there may be as many more.
        """
        before = served.total()
        sample = ingest()
        stored = served.total() - before
        acknowledged = sample.requests - sample.unexpected
        if stored > acknowledged + CONNECTIONS:
            self.say(f"  {stored - acknowledged} more reports were stored than acknowledged")
        return replace(sample, lost=max(0, acknowledged - stored))

    def alternate(self, **steps: Callable[[], Sample]) -> Series:
        """Run named steps in turn for the rounds of the options."""
        return alternate(self.options.rounds, steps, self.say)

    def path(self, name: str) -> Path:
        """Return a new path in the lab's folder."""
        self._names += 1
        return self.folder / f"{self._names:03d}-{name}"

    @staticmethod
    def say(text: str) -> None:
        """Tell how far the measurements are, on standard error."""
        print(text, file=sys.stderr, flush=True)
