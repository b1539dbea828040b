"""Durable ingest on PostgreSQL, which shares the server's core."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.backroom import Served, Store
from bench.figures.lines import rate_line, ratio_line, size_lines
from bench.lab import SMALL, Lab
from bench.load import Sample
from bench.postgres import Cluster, run_cluster
from bench.table import Figure

NAME = "ingest by Patchrooms, PostgreSQL on the server's core"


def postgresql(lab: Lab) -> Sequence[Figure]:
    """Measure ingest through Patchrooms' dialect into PostgreSQL."""
    if not lab.options.postgresql:
        return []
    folder = lab.path("postgresql")
    folder.mkdir()
    with ExitStack() as stack:
        cluster = stack.enter_context(run_cluster(folder, lab.cores.server))
        raw = stack.enter_context(lab.raw())
        filled = _filled(lab, cluster, "small", SMALL)
        post = Served(raw, filled).ingest_patchrooms()
        steps: dict[str, Callable[[], Sample]] = {
            "raw": lambda: lab.measure(post, raw),
            "small": lambda: _ingest_into_copy(lab, cluster, filled),
        }
        if lab.options.big:
            store = _filled(lab, cluster, "big", lab.options.big)
            big = stack.enter_context(lab.backroom(store))
            lab.warm_up(big.ingest_patchrooms())
            steps["big"] = lambda: _measure(lab, cluster, big)
        series = lab.alternate(**steps)
    tail = series.median("small", lambda one: one.p99_ms / one.p50_ms)
    return [
        rate_line(f"{NAME}, 1,000 reports", series, "small", least=0.20),
        ratio_line(f"{NAME}, p99 over p50", tail, None, series, "small"),
        *(size_lines(NAME, series, lab.options.big) if lab.options.big else []),
    ]


def _filled(lab: Lab, cluster: Cluster, database: str, reports: int) -> Store:
    cluster.create(database)
    return lab.filled_store(reports, cluster.url(database))


def _ingest_into_copy(lab: Lab, cluster: Cluster, filled: Store) -> Sample:
    cluster.create("copy", template="small")
    with lab.copy(filled, cluster.url("copy")) as store, lab.backroom(store) as served:
        lab.warm_up(served.ingest_patchrooms())
        sample = _measure(lab, cluster, served)
    cluster.drop("copy")
    return sample


def _measure(lab: Lab, cluster: Cluster, served: Served) -> Sample:
    cluster.checkpoint()
    served.server.settle()
    cluster.settle()
    sample = lab.measure_ingest(served.ingest_patchrooms(), served)
    cluster.settle()
    return sample
