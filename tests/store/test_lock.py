"""The lock by which processes on one SQLite file take turns."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backroom.store.lock import FileLock
from tests.harness.processes import PATIENCE, wait_until

ELSEWHERE = Path(__file__).with_name("elsewhere.py")


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock until it reads a byte or dies."""
    with subprocess.Popen(
        [sys.executable, ELSEWHERE, "hold", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        try:
            yield child
        finally:
            child.kill()


def is_free(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def taking(path: Path) -> tuple[threading.Thread, list[str]]:
    """A thread that takes the lock once, and what it has done."""
    done: list[str] = []

    def take() -> None:
        lock = FileLock(path)
        with lock:
            done.append("taken")
        lock.close()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return thread, done


@pytest.mark.parametrize("ending", ["let go", "killed"])
def test_a_waiter_gets_the_lock_when_its_holder_lets_go_or_dies(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as child:
        thread, done = taking(path)
        assert not is_free(path)
        assert not done
        if ending == "killed":
            child.kill()
        else:
            child.communicate(b"\n", timeout=PATIENCE)
        thread.join(PATIENCE)
        assert done == ["taken"]
    assert is_free(path)


def test_two_locks_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    mine = FileLock(path)
    with mine:
        thread, done = taking(path)
        assert not is_free(path)
        assert not done
    thread.join(PATIENCE)
    assert done == ["taken"]
    mine.close()


def test_a_lock_can_be_taken_again_also_after_close(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    for _ in range(2):
        with lock:
            assert not is_free(tmp_path / "lock")
        assert is_free(tmp_path / "lock")
        lock.close()


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(ValueError, match="no"), lock:
        raise ValueError("no")
    wait_until(lambda: is_free(tmp_path / "lock"), "the lock to be free")
    lock.close()
