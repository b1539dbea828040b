"""Durable ingest: reports of 600 bytes that are on disk before they are acknowledged."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.backroom import Served
from bench.figures.lines import rate_line, ratio_line, size_lines
from bench.lab import Lab
from bench.load import Load, Sample
from bench.series import Series
from bench.table import Figure, Target

LEAST = 0.30  # of raw
TAIL_TARGET = Target("p99 ≤ 3 x p50", at_most=3)


def patchrooms(lab: Lab) -> Sequence[Figure]:
    """Measure ingest through Patchrooms' dialect."""
    return _ingest(lab, "ingest by Patchrooms", Served.ingest_patchrooms)


def patchrooms_random(lab: Lab) -> Sequence[Figure]:
    """Measure the same with random client ids."""
    return _ingest(lab, "ingest by Patchrooms, random client ids", Served.ingest_patchrooms_random)


def miniback(lab: Lab) -> Sequence[Figure]:
    """Measure ingest through Miniback's dialect."""
    return _ingest(lab, "ingest by Miniback", Served.ingest_miniback)


def _ingest(lab: Lab, name: str, choose: Callable[[Served], Load]) -> Sequence[Figure]:
    with ExitStack() as stack:
        raw = stack.enter_context(lab.raw())
        post = choose(Served(raw, lab.small))
        lab.warm_up(post)
        steps: dict[str, Callable[[], Sample]] = {
            "raw": lambda: lab.measure(post, raw),
            "small": lambda: ingest_into_copy(lab, choose),
        }
        if lab.options.big:
            big = stack.enter_context(lab.backroom(lab.big))
            lab.warm_up(choose(big))
            big.server.settle()
            steps["big"] = lambda: lab.measure_ingest(choose(big), big)
        series = lab.alternate(**steps)
    return _lines(name, series, lab.options.big)


def _lines(name: str, series: Series, big: int) -> Sequence[Figure]:
    tail = series.median("small", lambda one: one.p99_ms / one.p50_ms)
    late = series.ratio("small", "raw", lambda one: one.caught_up_rate)
    caught_up = f"{series.median('small', lambda one: one.caught_up_rate):,.0f}/s"
    lines = [
        rate_line("raw POST of the same bytes", series, "raw"),
        rate_line(f"{name}, 1,000 reports", series, "small", least=LEAST),
        ratio_line(f"{name}, p99 over p50", tail, TAIL_TARGET, series, "small"),
        Figure(f"{name}, work after the answer included", caught_up, of_raw=late),
    ]
    return lines + (size_lines(name, series, big) if big else [])


def ingest_into_copy(lab: Lab, choose: Callable[[Served], Load], database: str = "") -> Sample:
    """Measure ingest into a fresh copy of the small store, so that all rounds find the same."""
    with lab.copy(lab.small, database) as store, lab.backroom(store) as served:
        lab.warm_up(choose(served))
        served.server.settle()
        return lab.measure_ingest(choose(served), served)
