"""The conventional application, FastAPI with an ORM, under the same load."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bench.backroom import Served
from bench.figures.ingest import ingest_into_copy
from bench.figures.lines import rate_line, ratio_line
from bench.lab import Lab
from bench.load import Load, Sample
from bench.peers.known import PROJECT_ID, PROJECT_KEY, SECRET_KEY
from bench.process import Server, free_port, serve
from bench.table import Figure, Target

TIMES_TARGET = Target("≥ 20 x FastAPI and ORM", at_least=20)


def fastapi(lab: Lab) -> Sequence[Figure]:
    """Compare Backroom's ingest with the conventional application's."""
    with lab.raw() as raw:
        series = lab.alternate(
            raw=lambda: lab.measure(Served(raw, lab.small).ingest_patchrooms(), raw),
            backroom=lambda: ingest_into_copy(lab, Served.ingest_patchrooms),
            fastapi=lambda: _ingest(lab),
            page=lambda: _page(lab),
        )
    times = series.ratio("backroom", "fastapi")
    return [
        rate_line("ingest by FastAPI and ORM", series, "fastapi"),
        ratio_line("ingest by Backroom over FastAPI's", times, TIMES_TARGET, series, "backroom", "fastapi"),
        replace(rate_line("page of 50 by FastAPI and ORM", series, "page"), of_raw=None),
    ]


def _ingest(lab: Lab) -> Sample:
    with _serve(lab) as server:
        return lab.measure(_ingest_load(server), server)


def _page(lab: Lab) -> Sample:
    with _serve(lab) as server:
        url = f"{server.url}/api/v1/projects/{PROJECT_ID}/feedback?limit=50"
        return lab.measure(Load("get", url, {"Authorization": f"Bearer {SECRET_KEY}"}), server)


@contextmanager
def _serve(lab: Lab) -> Iterator[Server]:
    """Serve the application on an empty store, and warm it up by some hundred reports."""
    port, database = free_port(), lab.path("fastapi.sqlite3")
    words = [sys.executable, "-m", "uvicorn", "bench.peers.fastapi_orm:app", "--port", str(port)]
    words += [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    env = {"BENCH_DATABASE": str(database)}
    with serve(words, port, lab.path("fastapi.log"), cores=lab.cores.server, env=env) as server:
        lab.warm_up(_ingest_load(server))
        server.settle()
        os.sync()
        yield server


def _ingest_load(server: Server) -> Load:
    return Load("patchrooms_ingest", f"{server.url}/api/v1/ingest/{PROJECT_KEY}", status=201)
