"""Lists: a page of 50, unchanged, through both dialects, and deep in the past."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.backroom import Served
from bench.figures.lines import rate_line, ratio_line, size_lines
from bench.lab import Lab
from bench.load import Load, Sample
from bench.series import Series
from bench.table import Figure, Target

DEPTH = 100_000  # reports
CURSOR_TARGET = Target("≤ 2 x the first page's time", at_most=2)


def page(lab: Lab) -> Sequence[Figure]:
    """Measure the newest page of 50 through Patchrooms' dialect."""
    series, length = _pages(lab, Served.page, Served.page_bytes)
    return [
        rate_line(f"raw GET of {length:,} bytes", series, "raw"),
        rate_line("page of 50, 1,000 reports", series, "small", least=0.20),
        *(size_lines("page of 50", series, lab.options.big) if lab.options.big else []),
    ]


def page_anew(lab: Lab) -> Sequence[Figure]:
    """Measure the same where the server can't give the page that it gave before."""
    series, length = _pages(lab, Served.page_anew, Served.page_bytes)
    return [
        rate_line(f"raw GET of {length:,} bytes", series, "raw"),
        rate_line("page of 50 read anew, 1,000 reports", series, "small"),
        *(size_lines("page of 50 read anew", series, lab.options.big) if lab.options.big else []),
    ]


def unchanged(lab: Lab) -> Sequence[Figure]:
    """Measure the same with the ETag that it has: 304."""
    series, length = _pages(lab, Served.unchanged, Served.page_bytes, bodiless=True)
    return [
        rate_line(f"raw GET of {length:,} bytes", series, "raw"),
        rate_line("unchanged page (304), 1,000 reports", series, "small", least=0.50),
        ratio_line(
            "unchanged page (304), over raw 304",
            series.ratio("small", "raw304"),
            None,
            series,
            "small",
        ),
        *(size_lines("unchanged page (304)", series, lab.options.big) if lab.options.big else []),
    ]


def miniback_page(lab: Lab) -> Sequence[Figure]:
    """Measure a page of 50 with ``total`` through Miniback's dialect."""
    series, length = _pages(lab, Served.miniback_page, Served.miniback_page_bytes)
    return [
        rate_line(f"raw GET of {length:,} bytes", series, "raw"),
        rate_line("Miniback's page of 50 with total, 1,000 reports", series, "small", least=0.30),
        *(size_lines("Miniback's page of 50 with total", series, lab.options.big) if lab.options.big else []),
    ]


def cursor(lab: Lab) -> Sequence[Figure]:
    """Compare the page after DEPTH reports with the first page, in the big store."""
    depth = min(DEPTH, lab.options.big - 100)
    if depth <= 0:
        return []
    with lab.backroom(lab.big) as big:
        deep = big.page(big.cursor_at(depth))
        lab.warm_up(deep)
        series = lab.alternate(
            first=lambda: lab.measure(big.page(), big.server),
            deep=lambda: lab.measure(deep, big.server),
        )
    slower = series.ratio("first", "deep")
    return [
        rate_line("first page", series, "first", raw="first"),
        rate_line(f"cursor page at depth {depth:,}", series, "deep", raw="deep"),
        ratio_line(
            f"time at depth {depth:,} over the first page's",
            slower,
            CURSOR_TARGET,
            series,
            "first",
            "deep",
        ),
    ]


def _pages(
    lab: Lab,
    choose: Callable[[Served], Load],
    measure_length: Callable[[Served], int],
    *,
    bodiless: bool = False,
) -> tuple[Series, int]:
    """Return the samples raw, small and big (and raw304), and the length of the page."""
    with ExitStack() as stack:
        small = stack.enter_context(lab.backroom(lab.small))
        length = measure_length(small)
        raw = stack.enter_context(lab.raw(length))
        get = Load("get", f"{raw.url}/page")
        same = Load("get", get.url, {"If-None-Match": '"1"'}, status=304)
        steps: dict[str, Callable[[], Sample]] = {"raw": lambda: lab.measure(get, raw)}
        if bodiless:
            steps["raw304"] = lambda: lab.measure(same, raw)
        steps["small"] = _reader(lab, small, choose)
        if lab.options.big:
            steps["big"] = _reader(lab, stack.enter_context(lab.backroom(lab.big)), choose)
        return lab.alternate(**steps), length


def _reader(lab: Lab, served: Served, choose: Callable[[Served], Load]) -> Callable[[], Sample]:
    served.server.settle()
    load = choose(served)
    lab.warm_up(load)
    return lambda: lab.measure(load, served.server)
