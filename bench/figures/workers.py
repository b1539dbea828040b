"""Two processes on one SQLite file against one."""

from collections.abc import Sequence
from contextlib import ExitStack

from bench import load as wrk
from bench.backroom import serve_backroom
from bench.figures.lines import rate_line, ratio_line
from bench.lab import WARM_UP, Lab
from bench.load import Sample
from bench.table import Figure, Target

TIMES_TARGET = Target("≥ 1.3 x one", at_least=1.3)
TAIL_TARGET = Target("no worse than one's", at_most=1)
NAME = "ingest, both cores shared with wrk"


def workers(lab: Lab) -> Sequence[Figure]:
    """Compare the ingest of two servers with that of one; servers and wrk share both cores."""
    series = lab.alternate(one=lambda: _ingest(lab, 1), two=lambda: _ingest(lab, 2))
    tail = series.ratio("two", "one", lambda sample: sample.p99_ms)
    return [
        rate_line(f"{NAME}, one process", series, "one", raw="one"),
        rate_line(f"{NAME}, two processes", series, "two", raw="two"),
        ratio_line("two processes over one", series.ratio("two", "one"), TIMES_TARGET, series, "one", "two"),
        ratio_line("two processes over one, p99", tail, TAIL_TARGET, series, "one", "two"),
    ]


def _ingest(lab: Lab, processes: int) -> Sample:
    """Load so many processes on one copy of the small store at once, sharing the connections."""
    both = lab.cores.both
    with ExitStack() as stack:
        store = stack.enter_context(lab.copy(lab.small))
        served = [stack.enter_context(serve_backroom(store, lab.path("backroom.log"), both)) for _ in range(processes)]
        loads = [one.ingest_patchrooms() for one in served]
        wrk.run_together(loads, WARM_UP, both)
        for one in served:
            one.server.settle()
        return lab.audit(served[0], lambda: wrk.run_together(loads, lab.options.seconds, both))
