"""One run of wrk: which load, for how long, and what came of it."""

import json
import resource
import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.process import clean_environment, pinned

CONNECTIONS = 64
SCRIPTS = Path(__file__).parent / "wrk"


@dataclass(frozen=True)
class Load:
    """What to send: a script of ``bench/wrk``, a URL, headers, and the one status that is right."""

    script: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    key: str = ""  # x-api-key of the script miniback_ingest
    client_ids: str = "time"  # or "random": which UUIDs the script patchrooms_ingest makes


@dataclass(frozen=True)
class Sample:
    """What one run measured.

    ``rate`` is answers per second, latencies are milliseconds. ``unexpected`` counts answers of
    another status than the right one, ``socket_errors`` connections that broke or timed out, and
    ``lost`` acknowledged reports that the store does not have. ``deferred`` is the processor time,
    in seconds, that the server spent after the last answer; ``client`` is the share of its core
    that wrk used.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    seconds: float
    requests: int
    unexpected: int
    unexpected_status: int
    socket_errors: int
    client: float
    deferred: float = 0.0
    lost: int = 0

    def __str__(self) -> str:
        """Return what matters of it, in words."""
        return f"{self.rate:,.0f}/s, p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms"

    @property
    def caught_up_rate(self) -> float:
        """Answers per second if the work the server deferred counts as time too."""
        return self.requests / (self.seconds + self.deferred)


class LoadFailed(Exception):
    """wrk could not run; the message holds what it said."""


def run(load: Load, seconds: int, cores: str | None) -> Sample:
    """Load one server for ``seconds`` with CONNECTIONS connections from ``cores``."""
    return run_together([load], seconds, cores)


def run_together(loads: Sequence[Load], seconds: int, cores: str | None) -> Sample:
    """Load several servers at once, sharing CONNECTIONS among them.

    The rates are added; the latencies are those of all answers, whoever gave them. Raises LoadFailed.
    """
    before, started = _client_seconds(), time.perf_counter()
    running = [_start(load, seconds, CONNECTIONS // len(loads), cores) for load in loads]
    answers = [_result(process) for process in running]
    latencies = [pair for answer in answers for pair in answer["latencies"]]
    share = (_client_seconds() - before) / (time.perf_counter() - started) / len(loads)
    return Sample(
        rate=sum(answer["rate"] for answer in answers),
        p50_ms=percentile(latencies, 50) / 1000,
        p99_ms=percentile(latencies, 99) / 1000,
        seconds=max(answer["seconds"] for answer in answers),
        requests=sum(answer["requests"] for answer in answers),
        unexpected=sum(answer["unexpected"] for answer in answers),
        unexpected_status=max(answer["unexpected_status"] for answer in answers),
        socket_errors=sum(answer["socket_errors"] for answer in answers),
        client=share,
    )


def percentile(counted: Sequence[tuple[int, int]], percent: float) -> int:
    """Return the lowest value that so many of a hundred do not exceed, of pairs of a value and its count."""
    left = sum(count for _, count in counted) * percent / 100
    for value, count in sorted(counted):
        left -= count
        if left <= 0:
            return value
    raise ValueError("there is nothing to take a percentile of")


def _start(load: Load, seconds: int, connections: int, cores: str | None) -> subprocess.Popen[str]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(SCRIPTS / f"{load.script}.lua")]
    for name, value in load.headers.items():
        command += ["-H", f"{name}: {value}"]
    env = {
        "LUA_PATH": f"{SCRIPTS}/?.lua",
        "BENCH_STATUS": str(load.status),
        "BENCH_RUN": secrets.token_hex(4),
        "BENCH_KEY": load.key,
        "BENCH_CLIENT_IDS": load.client_ids,
    }
    return subprocess.Popen(
        pinned(cores, [*command, load.url]),
        env={**clean_environment(), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    # wrk runs on without a script it cannot load, so only the script's own line proves the run.
    output, _ = process.communicate()
    line = output.rstrip().rpartition("\n")[2]
    if process.returncode != 0 or not line.startswith("{"):
        raise LoadFailed(output[-2000:])
    answer: dict[str, Any] = json.loads(line)
    if answer["requests"] == 0:
        raise LoadFailed(f"no answer at all: {output[-2000:]}")
    return answer


def _client_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
