"""What the figures were measured on: cores, processor, versions, and how fast the disk syncs."""

import os
import platform
import shutil
import sqlite3
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from bench.process import TICK


class Unfit(Exception):
    """This machine or folder cannot give meaningful figures."""


@dataclass(frozen=True)
class Cores:
    """Where things run: core numbers as taskset takes them."""

    server: str
    client: str
    both: str


def check_programs() -> None:
    """Raise Unfit if a program that every measurement needs is missing."""
    for program in ("wrk", "taskset"):
        if shutil.which(program) is None:
            raise Unfit(f"{program} is not installed")


def choose_cores() -> Cores:
    """Return the first two cores this process may use. Raises Unfit with fewer."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Unfit("two cores are needed: one for the server, one for the load generator")
    first, second = allowed[:2]
    return Cores(str(first), str(second), f"{first},{second}")


def sync_milliseconds(folder: Path) -> float:
    """Return the median time of a 4 kB append with fdatasync in ``folder``, in milliseconds."""
    path, times = folder / "sync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    path.unlink()
    return statistics.median(times)


def check_folder(folder: Path) -> None:
    """Raise Unfit if ``folder`` is in memory, where a sync costs nothing and proves nothing."""
    folder = folder.resolve()
    mounts = (line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())
    over = [(point, kind) for point, kind in mounts if folder.is_relative_to(point)]
    point, kind = max(over, key=lambda mount: len(mount[0]))
    if kind in {"tmpfs", "ramfs"}:
        raise Unfit(f"{folder} is in memory ({point}); choose a folder on a disk with --folder")


def describe(folder: Path) -> str:
    """Return one line about the machine."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    sync = f"a synced 4 kB write takes {sync_milliseconds(folder):.2f} ms"
    system = f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()}"
    return f"{system}, {versions}, {sync}"


class Disturbance:
    """How much of the processors went to anything but this benchmark since it was made."""

    def __init__(self) -> None:
        self._busy, self._passed = _busy_and_passed()
        self._ours = _own_seconds()

    def share(self) -> float:
        """Return it as a share of all cores' time, what a hypervisor took included: 0 to 1."""
        busy, passed = _busy_and_passed()
        others = busy - self._busy - (_own_seconds() - self._ours)
        return max(0.0, others / max(passed - self._passed, 0.01))


def _busy_and_passed() -> tuple[float, float]:
    """Return the seconds that all cores together have worked and that have passed on them."""
    names = Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]
    user, nice, system, idle, waiting, interrupts, soft_interrupts, stolen = (int(name) for name in names)
    busy = user + nice + system + stolen
    return busy / TICK, (busy + idle + waiting + interrupts + soft_interrupts) / TICK


def _own_seconds() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
