"""A disk that is full, and one that somebody else is using."""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from PIL import Image

from tests.faults.load import PROMISED, Answered, Client, Load, Sent, send_once
from tests.harness.cast import Cast, copy_cast
from tests.harness.fixtures import CastOf, StartServer
from tests.harness.processes import PATIENCE, wait_until
from tests.harness.server import Server
from tests.harness.store import Store

ELSEWHERE = Path(__file__).parents[1] / "store" / "elsewhere.py"
ROOM_LEFT = 64 * 1024
LARGE = 9_000

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Disk(Protocol):
    """A place for a store that can be filled and freed while a server runs on it."""

    def fill(self, server: Server) -> None: ...
    def free(self, server: Server) -> None: ...


@dataclass
class Limited:
    """A limit on how large the server's files may grow, set from outside; works for everybody, everywhere."""

    folder: Path

    def fill(self, server: Server) -> None:
        largest = max(path.stat().st_size for path in self.folder.glob("backroom.db*"))
        self._limit(server, largest + ROOM_LEFT)

    def free(self, server: Server) -> None:
        self._limit(server, resource.RLIM_INFINITY)

    def _limit(self, server: Server, size: int) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@dataclass
class Small:
    """A real file system of a few megabytes, full to its last block."""

    folder: Path

    def fill(self, server: Server) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass

    def free(self, server: Server) -> None:
        (self.folder / "filler").unlink()


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting isn't allowed here ({done.stderr.strip()}); the limit on file sizes is tested instead")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["limited", "small"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, cast_of: CastOf) -> Iterator[tuple[Disk, Cast]]:
    """A disk that can be filled, with the cast's store on it."""
    with contextlib.ExitStack() as stack:
        folder = tmp_path / "disk"
        if request.param == "small":
            stack.enter_context(mounted(folder))
        cast = stack.enter_context(copy_cast(cast_of(None), folder / "data"))
        yield (Small(folder) if request.param == "small" else Limited(folder / "data")), cast


def is_refusal(answer: Answered, sent: Sent) -> bool:
    """Whether it is a clear failure of the store in the dialect's shape."""
    shape = {"error", "code"} if sent.patchrooms else {"error"}
    assert set(answer.body) == shape
    assert len(answer.body["error"]) > 10
    return answer.status == 503 and answer.body.get("code", "UNAVAILABLE") == "UNAVAILABLE"


def test_a_full_disk_is_told_and_loses_nothing(disk: tuple[Disk, Cast], start_server: StartServer) -> None:
    place, cast = disk
    server = start_server(cast.store)
    pid, load, client = server.pid, Load(server, cast), Client(server, cast)
    with load.running():
        load.wait_for(50)
    place.fill(server)

    refused = []
    for number in range(1_000_000, 1_000_400):
        sent = Sent(number)
        load.open.add(sent)
        answer = client.send(sent, LARGE)
        if answer.status in PROMISED:
            load.promised[sent] = answer.id
            load.open.discard(sent)
        else:
            assert is_refusal(answer, sent)
            assert "nothing of it was kept" in answer.body["error"]
            refused.append(sent)
        if len(refused) >= 10:
            break
    assert len(refused) == 10, "the disk was full"
    assert {sent.patchrooms for sent in refused} == {True, False}
    readiness = client.ask("GET", "/readyz")
    # Below a limit on a file's size a small write may still fit.
    assert readiness.status in ((503,) if isinstance(place, Small) else (200, 503))
    assert client.ask("GET", "/healthz").status == 200
    load.check()
    for path, headers in (
        (f"/api/v1/projects/{cast.owner.project.id}/feedback", {"Authorization": f"Bearer {cast.owner.key}"}),
        (f"/api/projects/{cast.owner.project.id}/feedback", {"x-api-key": cast.owner.miniback_key}),
    ):
        assert client.ask("GET", path, headers=headers).status == 200, "what is there can be read"

    place.free(server)
    for sent in refused:
        answer = client.send(sent, LARGE)
        assert answer.status == 201, "nothing of it was kept"
        load.promised[sent] = answer.id
        load.open.discard(sent)
    with load.running():
        load.wait_for(50)
    assert load.refused == []
    load.check()
    assert client.ask("GET", "/readyz").status == 200
    assert server.pid == pid
    client.close()
    server.kill()
    server.start()
    load.check()


def test_a_full_disk_under_load(disk: tuple[Disk, Cast], start_server: StartServer) -> None:
    """Groups of many reports fail as one, and no member of such a group hears that it was stored."""
    place, cast = disk
    server = start_server(cast.store)
    load = Load(server, cast)
    with load.running():
        load.wait_for(50)
        place.fill(server)
        wait_until(lambda: len(load.refused) >= 30, "refusals")
        place.free(server)
        load.wait_for(50)
    assert {answer.status for answer in load.refused} == {503}
    load.check()
    load.send_again()
    load.check()


@sqlite_only
@pytest.mark.parametrize("what", [".", "backroom.db"], ids=["folder", "file"])
@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_a_store_that_is_taken_away_takes_no_more_reports(
    fresh_cast: Cast, start_server: StartServer, what: str, how: str
) -> None:
    """The file is still open, but nobody will ever find again what is written into it."""
    server, place = start_server(fresh_cast.store), fresh_cast.store.data_dir / what
    client = Client(server, fresh_cast)
    assert client.send(Sent(0)).status == 201
    away = place.with_name("away")
    place.rename(away)
    if how == "deleted":
        shutil.rmtree(away) if away.is_dir() else away.unlink()
    elif how == "replaced":
        shutil.copytree(away, place) if away.is_dir() else shutil.copy(away, place)
    for number in (1, 2):
        answer = client.send(Sent(number))
        assert is_refusal(answer, Sent(number))
        assert "nothing of it was kept" in answer.body["error"]
    assert client.ask("GET", "/readyz").status == 503
    if how == "moved":
        away.rename(place)
        assert client.send(Sent(1)).status == 201
        assert client.ask("GET", "/readyz").status == 200
    client.close()


def picture() -> bytes:
    """A PNG of about a megabyte, which no compression makes smaller."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (600, 600), random.Random(7).randbytes(600 * 600 * 3)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_that_finds_no_room_is_refused_whole(disk: tuple[Disk, Cast], start_server: StartServer) -> None:
    place, cast = disk
    server = start_server(cast.store)
    load, client = Load(server, cast), Client(server, cast)
    place.fill(server)
    sent, image = Sent(0), picture()
    answer = client.ask("POST", *form(cast, sent, image))
    assert is_refusal(answer, sent)
    load.open.add(sent)
    load.check()
    place.free(server)
    answer = client.ask("POST", *form(cast, sent, image))
    assert answer.status == 201
    load.promised[sent] = answer.id
    load.check()
    client.close()


def form(cast: Cast, sent: Sent, image: bytes) -> tuple[str, bytes, dict[str, str]]:
    report = (
        f'{{"clientId":"{sent.client_id}","blocks":[{{"type":"screenshot","file":"shot","width":600,"height":600}}]}}'
    )
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="report"\r\nContent-Type: application/json\r\n\r\n',
        report.encode(),
        b'\r\n--edge\r\nContent-Disposition: form-data; name="shot"; filename="s.png"\r\n',
        b"Content-Type: image/png\r\n\r\n",
        image,
        b"\r\n--edge--\r\n",
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    return f"/api/v1/ingest/{cast.owner.project.project_key}", b"".join(parts), headers


@contextmanager
def turns_held(store: Store) -> Iterator[None]:
    """Another process of ours has its turn, and takes its time."""
    lock = store.data_dir / "backroom.db.lock"
    with subprocess.Popen(
        [sys.executable, ELSEWHERE, "hold", lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            child.communicate(b"\n", timeout=PATIENCE)


@contextmanager
def file_held(store: Store) -> Iterator[None]:
    """Somebody's own tool writes to the file, and knows nothing of our turns."""
    tool = sqlite3.connect(store.data_dir / "backroom.db", isolation_level=None)
    tool.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        tool.execute("COMMIT")
        tool.close()


@sqlite_only
@pytest.mark.parametrize("held", [turns_held, file_held])
def test_a_store_in_somebodys_hands_is_waited_for(fresh_cast: Cast, start_server: StartServer, held: Any) -> None:
    server = start_server(fresh_cast.store)
    load, client = Load(server, fresh_cast), Client(server, fresh_cast)
    sent = [Sent(number) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        with held(fresh_cast.store):
            writing = [threads.submit(send_once, server, fresh_cast, each) for each in sent]
            for _ in range(3):  # SQLite waits ten seconds for somebody else's tool
                path = f"/api/v1/projects/{fresh_cast.owner.project.id}/feedback"
                listed = client.ask("GET", path, headers={"Authorization": f"Bearer {fresh_cast.owner.key}"})
                assert (listed.status, listed.body["items"]) == (200, []), "reads wait for nobody"
            assert not any(each.done() for each in writing)
        answers = [each.result(timeout=PATIENCE) for each in writing]
    assert [answer.status for answer in answers] == [201] * 8
    load.promised = {each: answer.id for each, answer in zip(sent, answers, strict=True)}
    load.check()
    client.close()


@sqlite_only
def test_a_process_that_dies_in_its_turn_leaves_it_to_the_next(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    lock = fresh_cast.store.data_dir / "backroom.db.lock"
    with (
        ThreadPoolExecutor(1) as threads,
        subprocess.Popen(
            [sys.executable, ELSEWHERE, "hold", lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child,
    ):
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        writing = threads.submit(send_once, server, fresh_cast, Sent(0))
        os.kill(child.pid, 9)
        assert writing.result(timeout=PATIENCE).status == 201
