"""HTTP byte by byte, for requests that no client library would send."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.harness.processes import PATIENCE


@dataclass(frozen=True)
class Response:
    """A whole answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def connect(port: int) -> socket.socket:
    """An open connection to the server at this port."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def receive(connection: socket.socket, method: str = "GET") -> Response:
    """The next answer on the connection."""
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    body = answer.read()
    return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def exchange(port: int, request: bytes) -> Response:
    """The answer to these bytes, on a connection of their own."""
    with connect(port) as connection:
        connection.sendall(request)
        return receive(connection)


def get(port: int, path: str, method: str = "GET", **headers: str) -> Response:
    """An ordinary request; `accept_language` stands for the header `accept-language`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
    finally:
        connection.close()


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has ended the connection; waits until it has, or fails with a timeout."""
    try:
        return connection.recv(65_536) == b""
    except ConnectionError:
        return True
