"""The query behind ``total``, alone, in a process of its own on the server's core."""

import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from bench.backroom import Store
from bench.figures.lines import median_line
from bench.lab import Lab
from bench.process import clean_environment, pinned
from bench.table import Figure, Target

TARGET = Target("≤ 0.1 ms", at_most=0.1)


def total(lab: Lab) -> Sequence[Figure]:
    """Measure it on the small store and on the big one."""
    lines = [_time(lab, "1,000", lab.small)]
    if lab.options.big:
        lines.append(_time(lab, f"{lab.options.big:,}", lab.big))
    return lines


def _time(lab: Lab, size: str, store: Store) -> Figure:
    words = pinned(lab.cores.server, [sys.executable, "-m", "bench.count", store.project_id])
    env = {**clean_environment(), **store.environment}
    times = []
    for _ in range(lab.options.rounds):
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
        times.append(float(done.stdout))
    lab.say(f"  {size} reports: {median(times):.4f} ms")
    return median_line(f"query of total, {size} reports", times, "ms", TARGET, digits=4)
