"""Servers under measurement: started on chosen cores, watched, and ended by their process id."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

START_LIMIT = 60.0  # seconds a server may take until it answers
QUIET_LIMIT = 180.0  # seconds a server may work on after its last request
TICK = os.sysconf("SC_CLK_TCK")  # of the processor times in /proc, in a second
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")  # bytes


class ServerFailed(Exception):
    """A server ended or did not answer; the message holds the end of its output."""


@dataclass(frozen=True)
class Server:
    """A running server and how long it took from its launch to its first answer, in seconds."""

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def resident(self) -> float:
        """Return the resident memory of the process and its children, in MB (10^6 bytes)."""
        pages = (int(_read(pid, "statm").split()[1]) for pid in family(self.process.pid))
        return sum(pages) * PAGE_SIZE / 1e6

    def settle(self) -> float:
        """Wait until the server rests, and return the seconds of processor time it used meanwhile.

        A server that defers work, for instance feeding a search index, would otherwise do it at the
        cost of the next measurement.
        """
        return settle(self.process.pid)


def free_port() -> int:
    """Return a TCP port of the loopback interface that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def pinned(cores: str | None, command: Sequence[str]) -> list[str]:
    """Return the command bound to ``cores`` (``"0"``, ``"0,1"``), or as it is for None."""
    return list(command) if cores is None else ["taskset", "-c", cores, *command]


@contextmanager
def serve(
    command: Sequence[str],
    port: int,
    log: Path,
    *,
    cores: str | None,
    env: Mapping[str, str],
    probe: str = "/healthz",
) -> Iterator[Server]:
    """Run a server until the block ends; enter the block when ``probe`` answers with success.

    ``env`` is added to this process's environment. Output goes to the file ``log``.
    Raises ServerFailed if the server ends early or does not answer within START_LIMIT.
    """
    with log.open("wb") as output:
        launched = time.perf_counter()
        process = subprocess.Popen(
            pinned(cores, command), env={**clean_environment(), **env}, stdout=output, stderr=output
        )
    try:
        _wait_for_answer(process, port, probe, launched, log)
        yield Server(process, port, time.perf_counter() - launched)
    finally:
        stop(process)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings of Backroom or of the benchmark."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("BACKROOM_", "BENCH_"))}


def stop(process: subprocess.Popen[bytes], sign: signal.Signals = signal.SIGTERM) -> None:
    """Ask the process to end by the signal ``sign``, and end it after 20 seconds."""
    process.send_signal(sign)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, probe: str, launched: float, log: Path) -> None:
    while time.perf_counter() - launched < START_LIMIT:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", probe)
            if connection.getresponse().status < 300:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.003)
    raise ServerFailed(f"no answer from {probe}: {log.read_text(errors='replace')[-2000:]}")


def settle(root: int) -> float:
    """Wait until a process and its children rest; return the processor seconds they used meanwhile.

    At rest means: at most 2 % of a core for half a second. Gives up after QUIET_LIMIT seconds.
    """
    first = last = processor_seconds(root)
    end = time.perf_counter() + QUIET_LIMIT
    while time.perf_counter() < end:
        time.sleep(0.5)
        now = processor_seconds(root)
        if now - last <= 0.5 * 0.02:
            return now - first
        last = now
    return last - first


def processor_seconds(root: int) -> float:
    """Return the processor seconds that a process and its children, also ended ones, used."""
    total = 0
    for pid in family(root):
        fields = _read(pid, "stat").rpartition(")")[2].split()
        total += sum(int(field) for field in fields[11:15])  # user, system, and both of ended children
    return total / TICK


def family(root: int) -> list[int]:
    """Return the ids of a process and of its living descendants."""
    found = [root]
    for pid in found:
        for thread in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):  # the thread has ended meanwhile
                found += [int(child) for child in thread.read_text().split()]
    return found


def _read(pid: int, name: str) -> str:
    """Return a file of a process in /proc, or one of zeros if the process has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return "0 " * 60
