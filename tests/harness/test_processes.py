import subprocess
import sys
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from tests.harness.processes import PATIENCE, end, free_port, spawn, wait_until

# Longer than anything is waited for: what ends was ended.
SLEEP = f"import time; time.sleep({10 * PATIENCE})"
STUBBORN = f"import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); {SLEEP}"
PARENT = f"""
import sys, threading, time
from pathlib import Path
from tests.harness.processes import spawn
log = Path(sys.argv[1])
def start():
    child = spawn([sys.executable, "-c", "print('up', flush=True); {SLEEP}"], log=log)
    print(child.pid, flush=True)
thread = threading.Thread(target=start)
thread.start()
thread.join()
{SLEEP}
"""


def test_end_returns_the_status(tmp_path: Path) -> None:
    child = spawn([sys.executable, "-c", SLEEP], log=tmp_path / "log")
    assert end(child, SIGTERM) == -SIGTERM


def test_end_kills_whoever_does_not_listen(tmp_path: Path) -> None:
    child = spawn([sys.executable, "-c", STUBBORN], log=tmp_path / "log")
    wait_until((tmp_path / "log").read_text, "the child to listen")
    with pytest.raises(TimeoutError, match="did not end"):
        end(child, SIGTERM, timeout=0.1)
    assert child.returncode == -SIGKILL


def test_wait_until_names_what_it_waited_for() -> None:
    with pytest.raises(TimeoutError, match="for the moon"):
        wait_until(lambda: False, "the moon", timeout=0.05)


def test_free_ports_are_given_once() -> None:
    assert len({free_port() for _ in range(100)}) == 100


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a parent's death")
def test_children_die_with_killed_tests(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until((tmp_path / "log").read_text, "the child to run")
        assert _alive(child), "the child outlives the thread that started it"
        parent.kill()
    wait_until(lambda: not _alive(child), "the child to die")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    # A dead child that nobody has waited for is a zombie.
    return state != "Z"
