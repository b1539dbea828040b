"""Keeping a store's writers busy, so that what is written meanwhile waits together and runs as one group."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from backroom.store.database import Database
from tests.harness.processes import PATIENCE


class Gate:
    """A command that keeps one writer busy until `open` is called: what is written meanwhile waits."""

    def __init__(self, db: Database) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()
        db.write_soon(self._hold)
        assert self._entered.wait(PATIENCE)

    def _hold(self, _tx: Connection) -> None:
        self._entered.set()
        assert self._opened.wait(PATIENCE)

    def open(self) -> None:
        self._opened.set()


@contextmanager
def all_busy(db: Database, but: int = 0) -> Iterator[list[Gate]]:
    """Every writer busy, `but` so many, until its gate is opened or the block ends."""
    gates = [Gate(db) for _ in db._writers[but:]]
    try:
        yield gates
    finally:
        for gate in gates:
            gate.open()


def in_one_group(db: Database, *commands: tuple[Any, ...]) -> list[Any]:
    """Runs the commands, each with its arguments, in one group; their results or exceptions in order."""

    async def run() -> list[Any]:
        with all_busy(db) as gates:
            waiting = [asyncio.ensure_future(db.write(*command)) for command in commands]
            await asyncio.sleep(0)
            gates[0].open()
            return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(run())
