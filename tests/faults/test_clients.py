"""Clients that go away in the middle of a request."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.faults.load import Client, Load, Sent
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.processes import PATIENCE
from tests.harness.server import Server


def raw(cast: Cast, sent: Sent) -> bytes:
    path, body, headers = sent.request(cast)
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def leave(server: Server, request: bytes, *, reset: bool) -> None:
    """Sends the bytes and is gone, with a reset or an orderly end."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(request)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("reset", [False, True], ids=["ends", "resets"])
def test_a_client_that_leaves_harms_nobody_and_may_come_back(
    fresh_cast: Cast, start_server: StartServer, reset: bool
) -> None:
    server = start_server(fresh_cast.store)
    load, client = Load(server, fresh_cast), Client(server, fresh_cast)
    halves = [Sent(number) for number in range(10)]
    wholes = [Sent(number) for number in range(10, 20)]
    for sent in halves:
        leave(server, raw(fresh_cast, sent)[:-20], reset=reset)
    for sent in wholes:
        leave(server, raw(fresh_cast, sent), reset=reset)
    for sent in halves:
        answer = client.send(sent)
        assert answer.status == 201, "half a report isn't stored"
        load.promised[sent] = answer.id
    for sent in wholes:
        answer = client.send(sent)
        assert answer.status in (200, 201)
        load.promised[sent] = answer.id
    load.check()
    assert "Traceback" not in server.log
    assert "request_failed" not in server.log
    client.close()
