"""Lines of the table that several measurements share."""

from bench.series import Series
from bench.table import Figure, Target

SIZE_TARGET = Target("≥ 0.85 of the rate at 1,000", at_least=0.85)


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
