"""Where bytes are kept, when that is a bucket: what S3 answers, and what a server that answers nothing leaves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from backroom.clock import MINUTE, now_ms
from backroom.errors import StoreFailed
from backroom.files.blobs import Blobs
from tests.files.bucket import Bucket
from tests.files.keeping import (
    assert_finds_nothing_where_nothing_is,
    assert_streams_in_pieces,
    assert_tells_what_has_another_size,
)
from tests.harness.processes import free_port

PATIENCE = 40
"""Seconds: obstore's own limits, of one to three minutes, are over it."""
Open = Callable[..., Blobs]
Call = Callable[[Blobs], object]
CALLS: dict[str, Call] = {
    "put": lambda blobs: blobs.put("p/f", b"x"),
    "get": lambda blobs: blobs.get("p/f"),
    "stream": lambda blobs: list(blobs.stream("p/f", 0, 1, 1)),
    "check": lambda blobs: blobs.check("p/f", 1),
    "delete": lambda blobs: blobs.delete(["p/f"]),
    "walk": lambda blobs: list(blobs.walk()),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
def open_bucket(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`open_bucket(AWS_…="…")` opens the bucket with its credentials and these variables over them."""

    def open_(url: str = bucket.url, **env: str) -> Blobs:
        for name, value in (bucket.credentials | env).items():
            monkeypatch.setenv(name, value)
        return Blobs(url, tmp_path / "unused")

    return open_


@pytest.fixture
def blobs(open_bucket: Open) -> Blobs:
    return open_bucket()


def test_bytes_come_back(bucket: Bucket, blobs: Blobs, tmp_path: Path) -> None:
    blobs.put("p1/f1", b"one")
    blobs.put("p1/f2", b"two")
    blobs.put("p1/f1", b"other")
    assert (blobs.get("p1/f1"), blobs.get("p1/f2")) == (b"other", b"two")
    assert bucket.contents() == {"some/path/p1/f1": b"other", "some/path/p1/f2": b"two"}
    assert not (tmp_path / "unused").exists()


def test_bytes_are_streamed_in_pieces(blobs: Blobs) -> None:
    assert_streams_in_pieces(blobs)


def test_what_is_not_there(blobs: Blobs) -> None:
    assert_finds_nothing_where_nothing_is(blobs)


def test_what_was_cut(blobs: Blobs) -> None:
    assert_tells_what_has_another_size(blobs)


def test_all_that_lies_below_the_path_is_found(bucket: Bucket, blobs: Blobs) -> None:
    bucket.put("some/pathology", b"another thing")
    keys = {f"p/{number:04}" for number in range(1_005)}
    for key in keys:
        bucket.put(f"some/path/{key}", key.encode())
    pages = list(blobs.walk())
    found = [each for page in pages for each in page]
    assert (len(found), {each.key for each in found}) == (len(keys), keys)
    assert len(pages) > 1
    assert {each.size for each in found} == {6}
    assert all(abs(each.put_at - now_ms()) < 10 * MINUTE for each in found)


@every_call
def test_a_bucket_that_is_not_there(open_bucket: Open, call: Call) -> None:
    """Nothing is in it, and yet it doesn't mean that a file's bytes are gone."""
    with capture_logs() as logs, pytest.raises(StoreFailed):
        call(open_bucket("s3://nowhere"))
    assert [entry["event"] for entry in logs] == ["files_failed"]
    assert "404 Not Found (NoSuchBucket)" in logs[0]["error"]


@every_call
@pytest.mark.parametrize(
    ("variable", "code"),
    [("AWS_SECRET_ACCESS_KEY", "SignatureDoesNotMatch"), ("AWS_ACCESS_KEY_ID", "InvalidAccessKeyId")],
)
def test_wrong_credentials(bucket: Bucket, open_bucket: Open, call: Call, variable: str, code: str) -> None:
    bucket.put("some/path/p/f", b"x")
    with capture_logs() as logs, pytest.raises(StoreFailed) as failure:
        call(open_bucket(**{variable: "of-somebody-else"}))
    assert f"403 Forbidden ({code})" in logs[0]["error"]
    assert not any(secret in f"{logs}{failure.value}" for secret in (bucket.secret, "of-somebody-else"))
    assert bucket.contents() == {"some/path/p/f": b"x"}


def test_an_address_without_tls_must_be_allowed(open_bucket: Open) -> None:
    with pytest.raises(StoreFailed):
        open_bucket(AWS_ALLOW_HTTP="false").put("p/f", b"x")
    with pytest.raises(ValueError, match="boolean"):
        open_bucket(AWS_ALLOW_HTTP="perhaps")


def test_without_credentials_the_machine_is_asked_for_them(open_bucket: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    open_bucket()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    nobody = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", nobody)
    with capture_logs() as logs, pytest.raises(StoreFailed):
        Blobs("s3://bucket", Path()).put("p/f", b"x")
    assert f"{nobody}/latest/api/token" in logs[0]["error"]


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=100)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def hole() -> Iterator[str]:
    """An address that swallows what is sent to it: nobody refuses a connection, nobody takes it."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listening:
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for each in waiting:
            each.close()


def test_a_server_that_is_gone_or_does_not_answer_is_given_up(open_bucket: Open, mute: str, hole: str) -> None:
    """Somebody waits: obstore's own limits of one to three minutes aren't for a report's sender."""

    def fails(call: Call, blobs: Blobs) -> bool:
        with pytest.raises(StoreFailed):
            call(blobs)
        return True

    gone = f"http://127.0.0.1:{free_port()}"
    places = [open_bucket(AWS_ENDPOINT_URL=address) for address in (gone, mute, hole)]
    pool = ThreadPoolExecutor(len(CALLS) * len(places))
    done = [pool.submit(fails, call, place) for call in CALLS.values() for place in places]
    try:
        assert all(each.result(PATIENCE) for each in done)
    finally:
        pool.shutdown(wait=False)


HALF = (
    b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1000000\r\nContent-Range: bytes 0-999999/1000000\r\n"
    b'ETag: "e"\r\nLast-Modified: Wed, 03 Jun 2026 09:14:22 GMT\r\n\r\n' + bytes(600_000)
)


@pytest.fixture
def breaking() -> Iterator[str]:
    """The address of a server that breaks off in the middle of what it sends first, and takes nothing after that."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with closing(listening):
            connection, _ = listening.accept()
            with closing(connection):
                connection.recv(65_536)
                connection.sendall(HALF)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread.join()


def test_a_server_that_breaks_off(open_bucket: Open, breaking: str) -> None:
    pieces = open_bucket(AWS_ENDPOINT_URL=breaking).stream("p/f", 0, 1_000_000, 1_000_000)
    assert next(pieces)
    with capture_logs() as logs, pytest.raises(StoreFailed):
        list(pieces)
    assert [(entry["event"], entry["key"]) for entry in logs] == [("files_failed", "p/f")]
