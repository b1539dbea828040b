"""The whole program: how it starts, why it doesn't, and how it stops."""

import fcntl
import http.client
import json
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT

import pytest
from sqlalchemy import select, text

from backroom.app import App
from backroom.config import Settings, read_settings
from backroom.errors import Invalid, StoreFailed
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.store.tables import reports
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.processes import PATIENCE, free_port, wait_until
from tests.harness.server import Cli, Server
from tests.harness.store import Store
from tests.web.wire import connect, get, is_closed, receive

CLIENTS = 16
ENOUGH = 200
"""Reports that are acknowledged before the stop."""

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def stored(store: Store) -> list[str]:
    """The client ids of all reports."""
    settings = read_settings(store.env)
    db = Database(settings.database_url, settings.data)
    try:
        return [str(row[0]) for row in db.read_now(lambda conn: conn.execute(select(reports.c.client_id)).all())]
    finally:
        db.close()


def report(client_id: str) -> bytes:
    return json.dumps({"clientId": client_id, "blocks": [{"type": "text", "text": "Hello"}], "context": {}}).encode()


def ingest_head(cast: Cast, body: bytes) -> bytes:
    line = f"POST /api/v1/ingest/{cast.reporter.project_key} HTTP/1.1\r\nhost: here\r\n"
    return f"{line}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()


class Client(threading.Thread):
    """Sends reports one after the other on one connection, until it can't; keeps what was acknowledged."""

    def __init__(self, port: int, project_key: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self._port = port
        self._path = f"/api/v1/ingest/{project_key}"

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection.connect()
        # Without this the client would quietly connect anew to a server that closes its connections.
        connection.auto_open = 0
        try:
            while True:
                client_id = str(uuid.uuid4())
                connection.request("POST", self._path, report(client_id), {"content-type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                self.statuses.add(answer.status)
                if answer.status == 201:
                    self.acknowledged.append(client_id)
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def test_a_stop_under_load_finishes_what_it_accepted(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    clients = [Client(server.port, fresh_cast.reporter.project_key) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    wait_until(lambda: sum(len(client.acknowledged) for client in clients) > ENOUGH, "some reports")
    assert server.stop() == 0
    for client in clients:
        client.join(PATIENCE)
    acknowledged = [client_id for client in clients for client_id in client.acknowledged]
    assert {status for client in clients for status in client.statuses} == {201}
    assert sorted(stored(fresh_cast.store)) == sorted(acknowledged), "none is missing, and none was kept unanswered"


@sqlite_only
def test_a_request_that_has_begun_is_answered_after_the_stop_began(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    client_id = str(uuid.uuid4())
    body = report(client_id)
    head = ingest_head(fresh_cast, body)
    with connect(server.port) as connection, ThreadPoolExecutor(1) as other:
        connection.sendall(head + body[:10])
        # An answer on another connection shows that what was sent before it has been read.
        assert get(server.port, "/readyz").status == 200
        stopping = other.submit(server.stop)
        wait_until(lambda: not server.ready(), "the server to take no more connections")
        connection.sendall(body[10:])
        answer = receive(connection)
        assert (answer.status, answer.headers["connection"]) == (201, "close")
        assert stopping.result() == 0
    assert stored(fresh_cast.store) == [client_id]


@sqlite_only
def test_a_stop_ends_in_time_though_the_store_hangs(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store, BACKROOM_STOP_TIMEOUT="3", BACKROOM_READY_TIMEOUT="1")
    body = report(str(uuid.uuid4()))
    with (fresh_cast.store.data_dir / "backroom.db.lock").open("ab") as lock, connect(server.port) as connection:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection.sendall(ingest_head(fresh_cast, body) + body)
        assert get(server.port, "/readyz").status == 503
        assert server.stop() == 1
        answer = receive(connection)
    assert (answer.status, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert "The store didn't close in time." in server.log


def test_three_that_start_at_once_on_nothing_all_come_up(store: Store, tmp_path: Path) -> None:
    servers = [Server(store, tmp_path / f"log-{number}") for number in range(3)]
    try:
        with ThreadPoolExecutor(3) as many:
            list(many.map(Server.start, servers))
        assert [server.ready() for server in servers] == [True] * 3
    finally:
        statuses = [server.stop() for server in servers]
    assert statuses == [0] * 3


def serve(store: Store, *words: str, **env: str) -> tuple[int, str]:
    """The status and the words of a server that can't start."""
    finished = Cli(store, env).run("serve", "--port", "0", *words)
    assert finished.out == ""
    return finished.status, finished.err


@sqlite_only
@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({"BACKROOM_DATABASE_URL": "postgresql://someone:s3cret@127.0.0.1:1/x"}, "127.0.0.1"),
        ({"BACKROOM_DATABASE_URL": "mysql://someone:s3cret@127.0.0.1/x"}, "BACKROOM_DATABASE_URL"),
        ({"BACKROOM_MAX_JSON": "lots"}, "BACKROOM_MAX_JSON"),
        ({"BACKROOM_FILES_URL": "bucket"}, "BACKROOM_FILES_URL"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(store: Store, env: dict[str, str], word: str) -> None:
    status, words = serve(store, **env)
    assert status == 1
    assert word in words
    assert words.count("\n") == 1
    assert "s3cret" not in words


@sqlite_only
def test_a_data_folder_that_cannot_be_made_is_one_line(store: Store) -> None:
    status, words = serve(store, "--data", "/dev/null/here")
    assert status == 1
    assert "/dev/null/here" in words
    assert words.count("\n") == 1
    with pytest.raises(Invalid, match="data folder /dev/null/here can't be created"):
        App(Settings(data=Path("/dev/null/here")))


@sqlite_only
def test_a_port_that_is_taken_is_one_line(store: Store, start_server: StartServer) -> None:
    server = start_server(store)
    finished = Cli(store).run("serve", "--port", str(server.port))
    assert finished.status == 1
    assert f"port {server.port}: Address already in use" in finished.err
    assert finished.err.count("\n") == 1


def settings_of(store: Store) -> Settings:
    return read_settings(store.env)


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    settings = settings_of(store)
    db = Database(settings.database_url, settings.data)
    migrate(db)
    db.write_now(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'")).rowcount)
    db.close()
    with pytest.raises(Invalid, match="newer version of Backroom"):
        App(settings).start()
    status, words = serve(store)
    assert (status, words.count("\n")) == (1, 1)
    assert "newer" in words


@sqlite_only
def test_a_file_that_is_no_store_is_told(store: Store) -> None:
    (store.data_dir / "backroom.db").write_bytes(b"this is no database, but it is long enough to be looked at" * 100)
    with pytest.raises(StoreFailed, match="file is not a database"):
        App(settings_of(store)).start()
    status, words = serve(store)
    assert (status, words.count("\n")) == (1, 1)


def test_a_database_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    url = f"postgresql://someone:s3cret@127.0.0.1:{free_port()}/x"
    with pytest.raises(StoreFailed, match="can't be opened") as failure:
        App(Settings(data=tmp_path, database_url=url)).start()
    assert "s3cret" not in failure.value.message
    assert "\n" not in failure.value.message


@sqlite_only
def test_files_that_cannot_be_kept_are_told(store: Store) -> None:
    (store.data_dir / "files").write_text("a file, where a folder should be")
    with pytest.raises(Invalid, match="place for files"):
        App(settings_of(store))


@sqlite_only
def test_an_interrupt_is_a_graceful_stop_too(store: Store, start_server: StartServer) -> None:
    server = start_server(store)
    with connect(server.port) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n")
        assert receive(idle).status == 200
        os.kill(server.pid, SIGINT)
        assert is_closed(idle), "an idle connection doesn't hold it up"
        child = server._child
        assert child is not None
        # No second signal is to meet it at its end, when it may take none any more.
        wait_until(lambda: child.poll() is not None, "the server to end")
        assert server.stop() == 0
