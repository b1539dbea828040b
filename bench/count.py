"""Time the query behind ``total``: ``python -m bench.count PROJECT``.

The store is that of the environment's settings.
Prints the median time of one query in milliseconds, statement building and driver included.
"""

import statistics
import sys
import time

from sqlalchemy import Connection

from backroom.config import read_settings
from backroom.reports.queries import count_project
from backroom.store.database import Database

QUERIES = 2_000


def time_total(conn: Connection, project: str) -> float:
    """Return the median time of ``count_project``, in milliseconds."""
    times = []
    for _ in range(QUERIES):
        started = time.perf_counter()
        count_project(conn, project)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def main(project: str) -> None:
    """Time the query on the store of the environment's settings."""
    settings = read_settings()
    database = Database(settings.database_url, settings.data)
    try:
        print(database.read_now(time_total, project))
    finally:
        database.close()


if __name__ == "__main__":
    main(sys.argv[1])
