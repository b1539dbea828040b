"""The measurements, a module for each kind: a lab goes in, lines of the table come out."""

from collections.abc import Callable, Sequence

from bench.figures import cold, dashboard, fastapi, ingest, mcp, pages, postgresql, search, total, workers
from bench.lab import Lab
from bench.table import Figure

Measurement = Callable[[Lab], Sequence[Figure]]

# Pages come before ingest, while the big store has exactly the size it was filled to.
MEASUREMENTS: dict[str, Measurement] = {
    "page": pages.page,
    "page-anew": pages.page_anew,
    "unchanged": pages.unchanged,
    "miniback-page": pages.miniback_page,
    "cursor": pages.cursor,
    "total": total.total,
    "search": search.search,
    "dashboard": dashboard.dashboard,
    "mcp": mcp.mcp,
    "ingest-patchrooms": ingest.patchrooms,
    "ingest-patchrooms-random": ingest.patchrooms_random,
    "ingest-miniback": ingest.miniback,
    "fastapi": fastapi.fastapi,
    "postgresql": postgresql.postgresql,
    "workers": workers.workers,
    "cold": cold.cold,
}
