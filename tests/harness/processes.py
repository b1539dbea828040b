"""Child processes that never outlive the tests, and waiting for a condition instead of a time."""

import ctypes
import functools
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGTERM
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")

PR_SET_PDEATHSIG = 1
PORTS = range(20_000, 32_000)

# Seconds after which a test no longer believes that something comes: what waits so long is broken, not slow. On two
# busy cores a server has taken 30 to start from files that nobody had read yet.
PATIENCE = 180

# The kernel counts the thread that started a child as its parent. This one lives as long as the
# tests do, whichever thread of a test asked.
_launcher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="launcher")

_reserved: list[socket.socket] = []


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    when_orphaned: str = "KILL",
    pass_fds: Collection[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child with its output appended to `log`.

    On Linux the kernel sends it the signal `when_orphaned` if the tests die without ending it.
    A `user` other than None is taken on for good, with the user's own group and no others.
    """
    who = identity(user)

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                [*_tether(when_orphaned), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                pass_fds=pass_fds,
                user=who.user,
                group=who.group,
                extra_groups=who.extra_groups,
            )

    return _launcher.submit(start).result()


class Child(Protocol):
    """What `end` asks of a process: `subprocess.Popen` has it, and what the nursery forks."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float = ...) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


def end(child: Child, signal: int, *, timeout: float = PATIENCE) -> int:
    """Send the signal, wait for the end and return the exit status; kill after `timeout` seconds.

    Raises TimeoutError when it had to be killed.
    """
    if child.poll() is None:
        child.send_signal(signal)
    try:
        return child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        message = f"process {child.pid} did not end within {timeout} s of signal {signal}"
        raise TimeoutError(message) from None


def wait_until(condition: Callable[[], T], what: str, *, timeout: float = PATIENCE, every: float = 0.01) -> T:
    """Return the condition's first true value; raise TimeoutError naming `what` after `timeout`."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            message = f"waited {timeout} s for {what}"
            raise TimeoutError(message)
        time.sleep(every)
    return value


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that no other test is given meanwhile.

    It is below those that the kernel gives to outgoing connections, which a restarted server
    would find taken.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                _reserve(port)
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"every port of {PORTS} is taken")


def _reserve(port: int) -> None:
    if sys.platform == "linux":
        # A name in the abstract namespace: it has no file, and goes with this process.
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0backroom-tests-{port}")
        except OSError:
            name.close()
            raise
        _reserved.append(name)


def tail(log: Path, lines: int = 30) -> str:
    """The end of a log, for the message of a failure."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


class Identity(NamedTuple):
    """The user and groups that subprocess gives to a child; None leaves the tests' own."""

    user: int | None = None
    group: int | None = None
    extra_groups: list[int] | None = None


def identity(user: str | None) -> Identity:
    """The identity of a user of this machine, in the user's own group only."""
    if user is None:
        return Identity()
    entry = pwd.getpwnam(user)
    return Identity(entry.pw_uid, entry.pw_gid, [])


def die_with_parent(signal: int = SIGTERM) -> None:
    """Let this process end by the signal as soon as the one that started it is gone (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)


@functools.cache
def _tether(signal: str) -> tuple[str, ...]:
    command = ("setpriv", "--pdeathsig", signal, "--")
    if shutil.which("setpriv") is None:
        return ()
    known = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if known.returncode == 0 else ()


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without any BACKROOM_ setting of the machine, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKROOM_")}
    return kept | extra
