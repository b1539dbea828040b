"""Requests that are too large, too slow or no HTTP at all, on the real server."""

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.harness.cast import Cast
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.server import Server
from tests.web.wire import Response, connect, exchange, get, is_closed, receive

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

MOST_HEADERS = 4096
MOST_CONNECTIONS = 40
START = b"GET /healthz HTTP/1.1\r\nhost: here\r\n"
OFFER = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
"""What curl and Java's client add to their first request."""


@pytest.fixture(scope="module")
def strict(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little room."""
    most = {"BACKROOM_MAX_HEADERS": str(MOST_HEADERS), "BACKROOM_MAX_CONNECTIONS": str(MOST_CONNECTIONS)}
    env = {**most, "BACKROOM_ACCESS_LOG": "on"}
    with Server(cast.store, tmp_path_factory.mktemp("strict") / "log", env) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little patience, for requests that are to be too slow: a busy machine may make any so."""
    env = {"BACKROOM_REQUEST_TIMEOUT": "1", "BACKROOM_KEEP_ALIVE_TIMEOUT": "1"}
    with Server(cast.store, tmp_path_factory.mktemp("hasty") / "log", env) as running:
        yield running


def of_size(size: int) -> bytes:
    """A request whose line and headers have exactly `size` bytes."""
    end = b"\r\n\r\n"
    return START + b"x-filling: " + b"x" * (size - len(START) - len(b"x-filling: ") - len(end)) + end


def ingest(cast: Cast, *headers: bytes) -> bytes:
    path = f"/api/v1/ingest/{cast.reporter.project_key}".encode()
    lines = [b"POST %b HTTP/1.1" % path, b"host: here", b"content-type: application/json", *headers]
    return b"\r\n".join([*lines, b"", b""])


def send_megabytes(connection: socket.socket, number: int, framing: str) -> None:
    """So much of a body that never is what it should be."""
    piece = b"x" * 1_000_000
    for _ in range(number):
        connection.sendall(piece if framing == "length" else b"%x\r\n%b\r\n" % (len(piece), piece))


def refused(answer: Response, status: int, code: str) -> None:
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-request-id"]


def test_headers_have_a_limit_to_the_byte(strict: Server) -> None:
    assert exchange(strict.port, of_size(MOST_HEADERS)).status == 200
    refused(exchange(strict.port, of_size(MOST_HEADERS + 1)), 431, "HEADERS_TOO_LARGE")


def test_headers_in_small_pieces_have_the_same_limit(strict: Server) -> None:
    with connect(strict.port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = of_size(MOST_HEADERS + 1)
        for at in range(0, len(request), 97):
            connection.sendall(request[at : at + 97])
        refused(receive(connection), 431, "HEADERS_TOO_LARGE")
        assert is_closed(connection)


def test_a_header_without_end_is_refused(strict: Server) -> None:
    with connect(strict.port) as connection:
        connection.sendall(START + b"x-endless: " + b"x" * 1_000_000)
        refused(receive(connection), 431, "HEADERS_TOO_LARGE")


def test_headers_are_counted(strict: Server) -> None:
    most = START + b"".join(b"a%d: b\r\n" % n for n in range(99))
    assert exchange(strict.port, most + b"\r\n").status == 200
    refused(exchange(strict.port, most + b"z: z\r\n\r\n"), 431, "HEADERS_TOO_LARGE")


def test_the_limit_is_per_request_not_per_connection(strict: Server) -> None:
    with connect(strict.port) as connection:
        for _ in range(5):
            connection.sendall(of_size(MOST_HEADERS - 10))
            assert receive(connection).status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\nbad header\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\nx: a\x00b\r\n\r\n",
        b"GET /h\xc3\xa9 HTTP/1.1\r\nhost: here\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: many\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    ],
)
def test_what_is_no_http_is_400(strict: Server, nonsense: bytes) -> None:
    refused(exchange(strict.port, nonsense), 400, "BAD_REQUEST")


def test_a_broken_chunk_is_400_and_nothing_is_kept(strict: Server, cast: Cast) -> None:
    with connect(strict.port) as connection:
        connection.sendall(ingest(cast, b"transfer-encoding: chunked") + b'5\r\n{"cli\r\n')
        connection.sendall(b"what\r\n")
        refused(receive(connection), 400, "BAD_REQUEST")
        assert is_closed(connection)


def feedback(cast: Cast, message: str, *headers: bytes) -> bytes:
    """A whole request that leaves this message."""
    body = json.dumps({"message": message}).encode()
    head = feedback_head(cast, b"content-length: %d" % len(body), *headers)
    return head + body


def feedback_head(cast: Cast, *headers: bytes) -> bytes:
    path = f"/api/projects/{cast.owner.project.id}/feedback".encode()
    key = b"x-api-key: %b" % cast.owner.miniback_key.encode()
    lines = [b"POST %b HTTP/1.1" % path, b"host: here", b"content-type: application/json", key, *headers]
    return b"\r\n".join([*lines, b"", b""])


def in_pieces(request: bytes, size: int) -> list[bytes]:
    return [request[at : at + size] for at in range(0, len(request), size)]


def answers(port: int, pieces: list[bytes], number: int) -> list[tuple[int, bytes]]:
    """Statuses and bodies of as many answers to what is sent piece by piece on one connection."""
    with connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        stream = connection.makefile("rb")
        return [_next_answer(stream) for _ in range(number)]


def test_an_offer_to_upgrade_is_passed_over(strict: Server) -> None:
    request = START + b"\r\n".join([*OFFER, b"", b""])
    with connect(strict.port) as connection:
        for _ in range(2):
            connection.sendall(request)
            assert receive(connection).status == 200


@pytest.mark.parametrize("size", [1_000_000, 61, 1], ids=["whole", "pieces", "bytes"])
def test_an_offer_to_upgrade_leaves_the_body_and_what_follows(server: Server, cast: Cast, size: int) -> None:
    pipelined = (
        feedback(cast, "one", *OFFER)
        + START
        + b"\r\n".join([*OFFER, b"", b""])
        + feedback(cast, "two", *OFFER)
        + feedback(cast, "three")
        + START
        + b"\r\n"
    )
    got = answers(server.port, in_pieces(pipelined, size), 5)
    assert [status for status, _ in got] == [201, 200, 201, 201, 200]
    assert [json.loads(got[n][1])["data"]["message"] for n in (0, 2, 3)] == ["one", "two", "three"]
    assert json.loads(got[1][1]) == json.loads(got[4][1]) == {"status": "ok"}


def test_an_offer_to_upgrade_may_arrive_in_any_two_parts(server: Server, cast: Cast) -> None:
    request = feedback(cast, "in two", b"Upgrade: h2c", b"Connection: keep-alive, Upgrade")
    for at in range(request.index(b"Upgrade"), len(request), 3):
        (answer,) = answers(server.port, [request[:at], request[at:]], 1)
        assert answer[0] == 201, request[:at]
        assert json.loads(answer[1])["data"]["message"] == "in two"


def test_an_offer_to_upgrade_leaves_a_body_in_chunks(server: Server, cast: Cast) -> None:
    head = feedback_head(cast, b"transfer-encoding: chunked", *OFFER)
    chunks = b'9\r\n{"message\r\n' + b'9\r\n":"pieces\r\n' + b'2\r\n"}\r\n' + b"0\r\n\r\n"
    for pieces in ([head + chunks], [head, chunks], in_pieces(head + chunks, 1)):
        (answer,) = answers(server.port, pieces, 1)
        assert json.loads(answer[1])["data"]["message"] == "pieces"


def test_many_offers_to_upgrade_at_once_are_all_answered(server: Server) -> None:
    request = b"GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"
    got = answers(server.port, [request * 2000], 2000)
    assert {status for status, _ in got} == {200}


def test_an_offer_to_upgrade_changes_no_limit(strict: Server, hasty: Server, cast: Cast) -> None:
    offer = b"\r\n".join([*OFFER, b"", b""])
    most = START + b"".join(b"a%d: b\r\n" % n for n in range(96))
    assert exchange(strict.port, most + offer).status == 200
    refused(exchange(strict.port, most + b"z: z\r\n" + offer), 431, "HEADERS_TOO_LARGE")
    filled = START + b"x-filling: " + b"x" * (MOST_HEADERS - len(START) - 13 - len(offer)) + b"\r\n" + offer
    assert exchange(strict.port, filled).status == 200
    refused(exchange(strict.port, filled.replace(b"xx", b"xxx", 1)), 431, "HEADERS_TOO_LARGE")
    with connect(hasty.port) as connection:
        connection.sendall(ingest(cast, b"content-length: 500", *OFFER) + b'{"clientId":')
        refused(receive(connection), 408, "REQUEST_TIMEOUT")


def test_an_offer_to_upgrade_keeps_what_else_is_said_of_the_connection(server: Server) -> None:
    with connect(server.port) as connection:
        connection.sendall(START + b"connection: close, upgrade\r\nupgrade: h2c\r\n\r\n" + START + b"\r\n")
        answer = receive(connection)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert is_closed(connection)


def test_an_offer_to_upgrade_with_two_lengths_is_400(strict: Server) -> None:
    offer = b"\r\n".join([b"POST /healthz HTTP/1.1", b"host: here", *OFFER, b""])
    both = offer + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    refused(exchange(strict.port, both), 400, "BAD_REQUEST")


def test_a_websocket_is_refused_as_any_unknown_path(server: Server) -> None:
    key = b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    request = b"GET /socket HTTP/1.1\r\nhost: here\r\n%bconnection: Upgrade\r\nupgrade: websocket\r\n\r\n" % key
    assert exchange(server.port, request).status == get(server.port, "/socket").status == 404


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_with_http2_leaves_its_report(server: Server, cast: Cast) -> None:
    url = f"{server.url}/api/projects/{cast.owner.project.id}/feedback"
    headers = ["-H", f"x-api-key: {cast.owner.miniback_key}", "-H", "content-type: application/json"]
    command = ["curl", "--silent", "--http2", "--data", '{"message":"by curl"}', *headers, url]
    done = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE)
    assert json.loads(done.stdout)["data"]["message"] == "by curl"


def test_a_tunnel_is_refused(strict: Server) -> None:
    with connect(strict.port) as connection:
        connection.sendall(b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n" + START + b"\r\n")
        refused(receive(connection), 501, "NOT_IMPLEMENTED")
        assert is_closed(connection)


def test_an_unknown_method_is_told(strict: Server) -> None:
    answer = exchange(strict.port, b"FOO /healthz HTTP/1.1\r\nhost: here\r\n\r\n")
    refused(answer, 400, "BAD_REQUEST")
    assert "method" in answer.json()["error"]


@pytest.mark.parametrize("target", [b"http://here", b"http://here?a=b", b"http://here/"])
def test_an_address_without_a_path_is_the_root(server: Server, target: bytes) -> None:
    answer, root = exchange(server.port, b"GET %b HTTP/1.1\r\nhost: here\r\n\r\n" % target), get(server.port, "/")
    assert (answer.status, answer.headers["location"]) == (root.status, root.headers["location"])


def test_pipelined_requests_are_answered_in_order(strict: Server) -> None:
    with connect(strict.port) as connection:
        first, second = START + b"\r\n", b"GET /robots.txt HTTP/1.1\r\nhost: here\r\n\r\n"
        connection.sendall(first + second + first)
        stream = connection.makefile("rb")
        statuses = [_next_answer(stream)[0] for _ in range(3)]
    assert statuses == [200] * 3


def _next_answer(stream: BinaryIO) -> tuple[int, bytes]:
    """Status and body of the next answer, which names its length."""
    status, length = int(stream.readline().split()[1]), 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b": ")
        length = int(value) if name == b"content-length" else length
    return status, stream.read(length)


def test_nonsense_after_a_good_request_spares_its_answer(strict: Server) -> None:
    with connect(strict.port) as connection:
        connection.sendall(START + b"\r\n" + b"nonsense\r\n\r\n")
        answer = receive(connection)
        assert (answer.status, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("beginning", [b"GET /hea", START, START + b"x-more: "])
def test_slow_headers_are_408_and_the_connection_closes(hasty: Server, beginning: bytes) -> None:
    with connect(hasty.port) as connection:
        connection.sendall(beginning)
        refused(receive(connection), 408, "REQUEST_TIMEOUT")
        assert is_closed(connection)


def test_headers_that_trickle_in_are_slow_too(hasty: Server) -> None:
    with connect(hasty.port) as connection:
        connection.sendall(START)
        connection.settimeout(0.2)
        answer = b""
        while not answer:
            try:
                answer = connection.recv(16)
            except TimeoutError:
                connection.sendall(b"x: y\r\n")
        assert answer == b"HTTP/1.1 408 Req"


def test_a_slow_body_is_408(hasty: Server, cast: Cast) -> None:
    with connect(hasty.port) as connection:
        connection.sendall(ingest(cast, b"content-length: 500") + b'{"clientId":')
        refused(receive(connection), 408, "REQUEST_TIMEOUT")
        assert is_closed(connection)


def test_a_body_that_keeps_coming_gets_more_time(hasty: Server, cast: Cast) -> None:
    with connect(hasty.port) as connection:
        connection.sendall(ingest(cast, b"content-length: 1000000") + b" " * 999_000)
        with connect(hasty.port) as other:
            other.sendall(ingest(cast, b"content-length: 1000000"))
            assert receive(other).status == 408, "which shows that the first has waited as long"
        connection.sendall(b" " * 1_000)
        assert receive(connection).status == 400, "the body is no JSON, but it is whole"


def test_idle_connections_close_without_a_word(hasty: Server) -> None:
    with connect(hasty.port) as unused, connect(hasty.port) as used:
        used.sendall(START + b"\r\n")
        assert receive(used).status == 200
        assert is_closed(used)
        assert is_closed(unused)


def test_an_answered_request_whose_body_comes_late_leaves_no_408(hasty: Server) -> None:
    with connect(hasty.port) as connection:
        connection.sendall(b"POST /healthz HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\n")
        assert receive(connection).status == 405
        assert is_closed(connection)


def test_beyond_the_limit_connections_are_told_503(strict: Server) -> None:
    with ExitStack() as opened:
        for _ in range(MOST_CONNECTIONS):
            opened.enter_context(connect(strict.port))
        late = opened.enter_context(connect(strict.port))
        late.sendall(START + b"\r\n")
        answer = receive(late)
        refused(answer, 503, "UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
        wait_until(lambda: answer.headers["x-request-id"] in strict.log, "its line in the access log")
    wait_until(lambda: get(strict.port, "/healthz").status == 200, "room for new connections")


@pytest.mark.parametrize("path", ["/api/v1/ingest/{key}", "/api/projects/{project}/feedback"])
def test_100_mb_are_refused_before_they_are_sent(server: Server, cast: Cast, path: str) -> None:
    path = path.format(key=cast.reporter.project_key, project=cast.owner.project.id)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
        f"x-api-key: {cast.owner.miniback_key}\r\ncontent-length: 100000000\r\n\r\n"
    )
    with connect(server.port) as connection:
        connection.sendall(head.encode())
        assert receive(connection).status == 413
        assert is_closed(connection)


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_100_mb_neither_fill_memory_nor_hide_the_answer(server: Server, cast: Cast, framing: str) -> None:
    before = _memory(server)
    header = b"content-length: 100000000" if framing == "length" else b"transfer-encoding: chunked"
    with connect(server.port) as connection:
        connection.sendall(ingest(cast, header))
        send_megabytes(connection, 100, framing)
        assert receive(connection).status == 413
    assert _memory(server) - before < 30_000


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_whoever_goes_on_and_on_after_the_answer_is_cut_off(server: Server, cast: Cast, framing: str) -> None:
    header = b"content-length: 1000000000" if framing == "length" else b"transfer-encoding: chunked"
    with connect(server.port) as connection:
        connection.sendall(ingest(cast, header))
        with pytest.raises(ConnectionError):
            send_megabytes(connection, 1_000, framing)


def test_urllib_reads_why_its_body_was_not_taken(server: Server, cast: Cast) -> None:
    """It sends all of a body before it reads, as many libraries do."""
    address = f"{server.url}/api/v1/ingest/{cast.reporter.project_key}"
    for size in (8 * 1024 * 1024 + 1, 100_000_000):
        request = urllib.request.Request(address, b"x" * size, {"content-type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=PATIENCE)
        assert refused.value.code == 413
        refused.value.close()


def test_the_refusal_reaches_a_client_that_sends_all_before_it_reads(cast: Cast, tmp_path: Path) -> None:
    size = 1_000_000
    env = {"BACKROOM_MAX_JSON": "500000"}
    with Server(cast.store, tmp_path / "log", env) as server, connect(server.port) as connection:
        # Else the kernel would take it all off the client's hands before the server has answered.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        connection.sendall(ingest(cast, b"content-length: %d" % size) + b"x" * size)
        assert receive(connection).status == 413
        assert is_closed(connection)


def test_trailers_without_end_are_cut(server: Server, cast: Cast) -> None:
    before = _memory(server)
    with connect(server.port) as connection:
        connection.sendall(ingest(cast, b"transfer-encoding: chunked") + b"2\r\n{}\r\n0\r\n")
        connection.sendall((b"x-trailer: " + b"x" * 100_000 + b"\r\n") * 400)
        assert receive(connection).status == 413
        assert is_closed(connection)
    assert _memory(server) - before < 10_000, "nothing of them is kept"


def test_a_client_that_reads_nothing_is_dropped(cast: Cast, tmp_path: Path) -> None:
    env = {"BACKROOM_REQUEST_TIMEOUT": "1"}
    with Server(cast.store, tmp_path / "log", env) as server, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.settimeout(PATIENCE)
        asked = b"GET /api/v1/docs HTTP/1.1\r\nhost: here\r\n\r\n" * 150
        connection.sendall(asked)
        wait_until(lambda: _connections(server) == 0, "the server to drop the connection")


def _connections(server: Server) -> int:
    """The established connections of the server, without the listening socket."""
    port = f":{server.port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(1 for line in lines if line.split()[1].endswith(port) and line.split()[3] == "01")


def _memory(server: Server) -> int:
    """The server's resident memory in KiB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
