"""`backroom serve`: its line when it is ready, its end, and what keeps it from starting."""

import json
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_commands import assert_fails
from tests.harness.processes import clean_environment, end, spawn, wait_until
from tests.harness.server import BACKROOM, Cli
from tests.harness.store import Store

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Served:
    """`backroom serve` with its standard output and errors in one file."""

    def __init__(self, store: Store, log: Path, *args: str) -> None:
        self._log = log
        self.process: subprocess.Popen[bytes] = spawn(
            [BACKROOM, "serve", "--port", "0", *args], log=log, env=clean_environment(**store.env)
        )

    def first_line(self) -> str:
        """The first whole line, once it is there."""
        return wait_until(self._line, "the line that says it is ready", timeout=30)

    def _line(self) -> str:
        """The same, or nothing while it isn't there."""
        if self.process.poll() is not None:
            raise RuntimeError(self._log.read_text())
        line, end_of_line, _ = self._log.read_text().partition("\n")
        return line if end_of_line else ""


@pytest.fixture
def serve(store: Store, tmp_path: Path) -> Iterator[list[Served]]:
    started: list[Served] = []
    yield started
    for served in started:
        served.process.kill()
        served.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(
    store: Store, tmp_path: Path, serve: list[Served], number: signal.Signals
) -> None:
    served = Served(store, tmp_path / "log")
    serve.append(served)
    address = re.search(r"http://127\.0\.0\.1:(\d+)", served.first_line())
    assert address is not None
    with socket.create_connection(("127.0.0.1", int(address[1])), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        assert end(served.process, number) == 0


def test_ready_line_as_json(store: Store, tmp_path: Path, serve: list[Served]) -> None:
    served = Served(store, tmp_path / "log", "--json")
    serve.append(served)
    assert json.loads(served.first_line())["url"].startswith("http://127.0.0.1:")


def test_port_in_use_is_one_line(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_fails(cli.run("serve", "--port", port), 1, port, "in use", "--port")


def test_address_of_nobody_is_one_line(cli: Cli) -> None:
    assert_fails(cli.run("serve", "--host", "192.0.2.1", "--port", "0"), 1, "192.0.2.1")


def test_store_of_a_newer_program_is_one_line(cli: Cli, store: Store) -> None:
    cli("migrate")
    with closing(sqlite3.connect(store.data_dir / "backroom.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("serve", "--port", "0"), ("migrate",)):
        assert_fails(cli.run(*command), 1, "newer", "9999")
