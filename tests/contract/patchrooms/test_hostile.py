"""Hostile input at the Patchrooms door: each its own clear failure, never a 500, and nothing kept."""

import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.patchrooms.api import Api, failure, report, text
from tests.contract.patchrooms.conftest import NewRoom
from tests.harness.processes import PATIENCE
from tests.harness.randomness import times

UUID = "6a2b9c1e-0f3d-4b5a-8c7d-112233445566"


def _around(blocks: str = '[{"type":"text","text":"x"}]', context: str = "{}", rest: str = "") -> bytes:
    return f'{{"clientId":"{UUID}","blocks":{blocks},"context":{context}{rest}}}'.encode("utf-8", "surrogatepass")


def _deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


BROKEN = {
    "nothing": b"",
    "a space": b" ",
    "half": b'{"clientId":',
    "two": _around() + _around(),
    "a list": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "byte order mark": b"\xef\xbb\xbf" + _around(),
    "utf-16": _around().decode().encode("utf-16"),
    "wrong utf-8": _around(context='{"a":"\xff"}').replace(b"\xc3\xbf", b"\xff"),
    "wrong utf-8 in text": _around('[{"type":"text","text":"\xff"}]').replace(b"\xc3\xbf", b"\xff"),
    "raw surrogate": _around(context='{"a":"\ud800"}'),
    "lone surrogate in text": _around('[{"type":"text","text":"\\ud800"}]'),
    "lone low surrogate": _around('[{"type":"text","text":"a\\udc00b"}]'),
    "lone surrogate in context": _around(context='{"a":"\\ud800"}'),
    "lone surrogate in a key": _around(context='{"\\ud800":1}'),
    "lone surrogate in identity": _around(rest=',"identity":{"userId":"\\udfff"}'),
    "lone surrogate in the channel": _around(rest=',"channelKey":"\\ud83d"'),
    "raw NUL": _around('[{"type":"text","text":"a\0b"}]'),
    "escaped NUL": _around('[{"type":"text","text":"a\\u0000b"}]'),
    "escaped NUL in context": _around(context='{"a":{"b":["\\u0000"]}}'),
    "NaN": _around(context='{"a":NaN}'),
    "Infinity": _around(context='{"a":-Infinity}'),
    "1e999": _around(context='{"a":1e999}'),
    "-1e999": _around(context='{"a":[-1e999]}'),
    "5,000 digits": _around(context='{"a":' + "9" * 5000 + "}"),
    "number for a word": _around('[{"type":"text","text":1e999}]'),
    "deep context": _around(context=_deep(101)),
    "deeper context": _around(context=_deep(900)),
    "very deep context": _around(context=_deep(5_000)),
    "deep lists": _around(context='{"a":' + "[" * 20_000 + "]" * 20_000 + "}"),
    "deep where nobody looks": _around(rest=',"x":' + "[" * 20_000 + "]" * 20_000),
    "deep with a NUL": _around(rest=',"x":' + "[" * 600 + '"\\u0000"' + "]" * 600),
    "only opening": b"[" * 200_000,
    "wrong escape": _around('[{"type":"text","text":"\\x"}]'),
    "trailing comma": _around(rest=","),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_broken_json_is_400(new_room: NewRoom, body: bytes) -> None:
    """A broken JSON, a wrong type, a NUL byte, a lone surrogate, a number out of range."""
    room = new_room()
    assert failure(room.send(body)) == (400, "BAD_REQUEST")
    assert room.get("/feedback")["items"] == []


def test_nesting_up_to_the_limit_is_kept(owner: Api) -> None:
    body = _around(context=_deep(100)).replace(UUID.encode(), b"11111111-2222-4333-8444-555555555555")
    stored = owner.stored(owner.send(body))
    assert json.dumps(stored["context"], separators=(",", ":")) == _deep(100)


def test_wide_is_not_deep(owner: Api) -> None:
    context = {"rows": [{"a": [n]} for n in range(400)]}
    assert owner.stored(owner.send(report(context=context)))["context"] == context


def test_a_large_body_is_413_without_being_read(owner: Api) -> None:
    """A 100 MB body: refused by its declared length, before it is sent."""
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        status, body = _raw(owner, f"Content-Type: {kind}\r\nContent-Length: {100 * 1024 * 1024}", b"{")
        assert (status, body["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_large_body_of_unknown_length_is_413(owner: Api) -> None:
    """A 100 MB body in chunks: refused as soon as it is too large."""
    piece = b"x" * 65_536
    chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
    status, body = _raw(owner, "Content-Type: application/json\r\nTransfer-Encoding: chunked", chunk * 160)
    assert (status, body["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_large_form_of_unknown_length_is_413(owner: Api) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
    piece = b"x" * (1024 * 1024)
    chunks = b"%x\r\n%b\r\n" % (len(head), head) + b"%x\r\n%b\r\n" % (len(piece), piece) * 70
    headers = "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked"
    status, body = _raw(owner, headers, chunks)
    assert (status, body["code"]) == (413, "PAYLOAD_TOO_LARGE")


def _raw(api: Api, headers: str, body: bytes) -> tuple[int, Any]:
    """Sends as much as the server takes, then reads its answer."""
    url = api.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE) as connection:
        head = f"POST /api/v1/ingest/{api.project_key} HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n"
        connection.sendall(head.encode())
        answer = b""
        for place in range(0, len(body), 65_536):
            try:
                connection.sendall(body[place : place + 65_536])
            except (BrokenPipeError, ConnectionResetError):
                break
            connection.setblocking(False)
            with suppress(BlockingIOError):
                answer += connection.recv(65_536)
            connection.setblocking(True)
            if answer:
                break
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            received = connection.recv(65_536)
            if not received:
                break
            answer += received
    return int(answer.split(b" ", 2)[1]), json.loads(answer.partition(b"\r\n\r\n")[2])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
some_bodies = st.one_of(
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(["clientId", "blocks", "context", "channelKey", "identity", "artifact"]), json_values
    ).map(lambda changes: json.dumps(report(text("x")) | changes).encode()),
)


@settings(max_examples=times(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=some_bodies)
def test_no_body_makes_a_500(owner: Api, body: bytes) -> None:
    """Whatever is sent, the answer is a report or a clear failure; what was taken can be read back."""
    answer = owner.send(body)
    if answer.status_code in (200, 201):
        owner.stored(answer)
    else:
        assert failure(answer) == (400, "BAD_REQUEST")
