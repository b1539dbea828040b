"""Lines of the table that several measurements share."""

import time
from collections.abc import Callable, Sequence
from statistics import median

from bench.lab import Lab
from bench.series import Series
from bench.table import Figure, Target

SIZE_TARGET = Target("≥ 0.85 of the rate at 1,000", at_least=0.85)
REQUESTS = 40  # one after the other, in each round of a timed line


def rate_line(name: str, series: Series, sample: str, *, least: float | None = None, raw: str = "raw") -> Figure:
    """Return a rate with its latencies and its share of raw, which ``least`` bounds."""
    low, high = series.spread(sample)
    share = None if sample == raw else series.ratio(sample, raw)
    p50 = series.median(sample, lambda one: one.p50_ms)
    p99 = series.median(sample, lambda one: one.p99_ms)
    busy = series.median(sample, lambda one: one.client)
    return Figure(
        name,
        f"{series.rate(sample):,.0f}/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms",
        judged=share,
        target=None if least is None else Target(f"≥ {least:.2f} of raw", at_least=least),
        of_raw=share,
        spread=f"{low:,.0f} to {high:,.0f}" + (f", wrk {busy:.0%} busy" if busy > 0.9 else ""),
        wrong=series.wrong(sample),
    )


def ratio_line(name: str, number: float, target: Target | None, series: Series, *samples: str) -> Figure:
    """Return a ratio of two samples' medians, with its target."""
    return Figure(name, f"{number:.2f} x", judged=number, target=target, wrong=series.wrong(*samples))


def size_lines(name: str, series: Series, reports: int) -> list[Figure]:
    """Return the lines of the sample ``big``: its rate, and its ratio to the sample ``small``."""
    return [
        rate_line(f"{name}, {reports:,} reports", series, "big"),
        ratio_line(
            f"{name}, {reports:,} over 1,000",
            series.ratio("big", "small"),
            SIZE_TARGET,
            series,
            "big",
            "small",
        ),
    ]


def median_line(name: str, numbers: Sequence[float], unit: str, target: Target | None, *, digits: int) -> Figure:
    """Return the median of a number of each round, with the lowest and the highest of them."""
    middle = median(numbers)
    return Figure(
        name,
        f"{middle:.{digits}f} {unit}",
        judged=middle,
        target=target,
        spread=f"{min(numbers):.{digits}f} to {max(numbers):.{digits}f}",
    )


def timed_line(lab: Lab, name: str, ask: Callable[[], object], target: Target) -> Figure:
    """Return how many milliseconds ``ask`` takes: the median of REQUESTS times in each round, and of the rounds."""
    rounds = [median(_milliseconds(ask) for _ in range(REQUESTS)) for _ in range(lab.options.rounds)]
    lab.say(f"  {name}: {median(rounds):.1f} ms")
    return median_line(name, rounds, "ms", target, digits=1)


def _milliseconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000
