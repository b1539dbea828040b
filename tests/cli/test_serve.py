"""`backroom serve`: its line when it is ready, its end, and what keeps it from starting."""

import json
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from backroom.accounts.rules import Plan
from backroom.accounts.setup import take_setup
from backroom.clock import now_ms
from tests.cli.test_commands import assert_fails
from tests.harness.nursery import nursery
from tests.harness.processes import PATIENCE, Child, clean_environment, end, free_port, spawn, wait_until
from tests.harness.server import BACKROOM, UNHURRIED, Cli
from tests.harness.store import Store
from tests.store.fixtures import opened
from tests.web.wire import get

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Served:
    """`backroom serve` with its standard output and errors in one file."""

    def __init__(self, store: Store, log: Path, *args: str, public_url: str = "", installed: bool = False) -> None:
        settings = UNHURRIED | store.env | ({"BACKROOM_PUBLIC_URL": public_url} if public_url else {})
        words, env = ["serve", "--port", "0", *args], clean_environment(**settings)
        self._log = log
        self.process: Child = (
            spawn([BACKROOM, *words], log=log, env=env) if installed else nursery().fork(words, env, log)
        )

    def first_line(self) -> str:
        """The first whole line, once it is there."""
        return self.lines(1)[0]

    def lines(self, number: int) -> list[str]:
        """The first whole lines, once so many are there."""
        return wait_until(lambda: self._lines(number), "the lines that say it is ready")

    def _lines(self, number: int) -> list[str]:
        """The same, or none while they aren't there."""
        if self.process.poll() is not None:
            raise RuntimeError(self._log.read_text())
        whole = self._log.read_text().split("\n")[:-1]
        return whole[:number] if len(whole) >= number else []


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
    served = Served(store, tmp_path / "log", installed=True)
    serve.append(served)
    address = re.search(r"http://127\.0\.0\.1:(\d+)", served.first_line())
    assert address is not None
    with socket.create_connection(("127.0.0.1", int(address[1])), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        assert end(served.process, number) == 0


def test_ready_line_as_json(store: Store, tmp_path: Path, serve: list[Served]) -> None:
    served = Served(store, tmp_path / "log", "--json")
    serve.append(served)
    assert json.loads(served.first_line())["url"].startswith("http://127.0.0.1:")


def test_the_set_up_link_is_printed_at_each_start_until_it_is_used(
    store: Store, tmp_path: Path, serve: list[Served], cli: Cli
) -> None:
    tokens = []
    for number in range(2):
        served = Served(store, tmp_path / f"log-{number}")
        serve.append(served)
        ready, _, link = served.lines(3)
        address = re.search(r"http://127\.0\.0\.1:\d+", ready)
        assert address is not None
        assert link.startswith(f"{address[0]}/setup?token=")
        tokens.append(link.partition("=")[2])
        assert end(served.process, signal.SIGTERM) == 0
    assert len(set(tokens)) == 2
    with opened(store) as db:
        db.write_now(take_setup, tokens[0], "me@example.com", "Me", "a hash", Plan.PRO, now_ms())
    served = Served(store, tmp_path / "log-after", "--json")
    serve.append(served)
    assert set(json.loads(served.first_line())) == {"url"}


def test_set_up_link_as_json_with_the_public_address(store: Store, tmp_path: Path, serve: list[Served]) -> None:
    words = ("--json", "--host", "0.0.0.0")  # noqa: S104 -- what is tested
    served = Served(store, tmp_path / "log", *words, public_url="https://feedback.example.com")
    serve.append(served)
    said = json.loads(served.first_line())
    assert said["url"].startswith("http://0.0.0.0:")
    assert re.fullmatch(r"https://feedback\.example\.com/setup\?token=[\w-]{43}", said["setupUrl"])


def test_a_link_for_every_address_is_one_that_can_be_opened(store: Store, tmp_path: Path, serve: list[Served]) -> None:
    served = Served(store, tmp_path / "log", "--json", "--host", "0.0.0.0")  # noqa: S104 -- what is tested
    serve.append(served)
    assert json.loads(served.first_line())["setupUrl"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("output", [">&-", "> /dev/full", ">&3", "<&- >&- 2>&-"])
def test_it_serves_where_nobody_reads_what_it_says(store: Store, tmp_path: Path, output: str) -> None:
    port, log = free_port(), tmp_path / "log"
    # 3 is a pipe to somebody who is gone.
    script = f'exec 3> >(true); wait $!; exec "$0" "$@" {output}'
    command: list[str | Path] = ["bash", "-c", script, BACKROOM, "serve", "--port", str(port)]
    child = spawn(command, log=log, env=clean_environment(**UNHURRIED, **store.env))
    try:
        wait_until(lambda: child.poll() is not None or _listens(port), "the server, or its end")
        assert get(port, "/healthz").status == 200
        assert end(child, signal.SIGTERM) == 0
    finally:
        child.kill()
        child.wait()
    said = log.read_text().splitlines()
    assert [json.loads(line)["event"] for line in said] == ([] if "2>" in output else ["nobody_reads_output"])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
