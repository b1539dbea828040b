"""From nothing to the first answer, and what a resting server keeps in memory."""

import time
from collections.abc import Sequence
from statistics import median

from bench.backroom import Store
from bench.figures.lines import median_line
from bench.lab import Lab
from bench.table import Figure, Target

START_TARGET = Target("≤ 1.5 s", at_most=1.5)
MEMORY_TARGET = Target("≤ 90 MB", at_most=90)
REST = 2  # seconds of rest before the memory is read


def cold(lab: Lab) -> Sequence[Figure]:
    """Measure start and memory on the small store, and on the big one for information."""
    lines = _start(lab, "1,000", lab.small, judged=True)
    if lab.options.big:
        lines += _start(lab, f"{lab.options.big:,}", lab.big, judged=False)
    return lines


def _start(lab: Lab, size: str, store: Store, *, judged: bool) -> list[Figure]:
    starts, memory = [], []
    for _ in range(lab.options.rounds):
        with lab.backroom(store) as served:
            starts.append(served.server.start_seconds)
            time.sleep(REST)
            memory.append(served.server.resident())
    lab.say(f"  {size} reports: {median(starts):.2f} s, {median(memory):.0f} MB")
    start_target, memory_target = (START_TARGET, MEMORY_TARGET) if judged else (None, None)
    return [
        median_line(f"launch to first answer, {size} reports", starts, "s", start_target, digits=2),
        median_line(f"resident memory at rest, {size} reports", memory, "MB", memory_target, digits=0),
    ]
