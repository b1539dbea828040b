"""The doctor's checks of the database.

Each inspection looks at one thing in a snapshot and returns whether it is a problem, and what it saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from backroom.clock import MINUTE, iso
from backroom.reports.counters import REPORT_DAY, Counted
from backroom.store import search
from backroom.store.database import Database
from backroom.store.migrations import current, head
from backroom.store.tables import counters, daily, doomed_projects, reports
from backroom.upkeep.index import POSTGRESQL_EXTENSION, POSTGRESQL_INDEX, index_exists
from backroom.upkeep.restore import is_unfinished

OLDEST_POSTGRESQL = 15
AHEAD = 5 * MINUTE
FIRST_YEAR = 1_735_689_600_000
"""The beginning of 2025; a clock that shows an earlier time was never set."""
SHOWN = 3
FIX = "Run `backroom doctor --mend`"
REACH_FIX = "Check that PostgreSQL is running, and that the address and password in BACKROOM_DATABASE_URL are right."
UTF8_FIX = (
    "Create another database with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8', and move to it"
    " with `backroom backup` and `backroom restore`."
)
INTEGRITY_FIX = (
    "Stop the server, move the file away, and run `backroom restore FILE` with your newest backup."
    " The SQLite shell's .recover may recover what was written since."
)

Counts = dict[Counted, int]
Seen = tuple[bool, str]


@dataclass(frozen=True)
class Inspection:
    """One check. If `ends` is set and this one finds a problem, the next ones make no sense."""

    name: str
    look: Callable[[Connection, int], Seen]
    mend: str
    ends: bool = False


def list_inspections(db: Database) -> list[Inspection]:
    """The inspections for this store's engine, in order."""
    return [*(_SQLITE if db.is_sqlite else _POSTGRESQL), *_BOTH]


def recount(conn: Connection) -> Counts:
    """The number of reports by project, day, channel, status and source: what `daily` should say."""
    columns = (reports.c.project, REPORT_DAY, reports.c.channel_key, reports.c.status, reports.c.source)
    alive = reports.c.project.not_in(select(doomed_projects.c.project))
    rows = conn.execute(select(*columns, func.count()).where(alive).group_by(*columns))
    return {Counted(*row[:5]): row[5] for row in rows}


def _opens(conn: Connection, _now: int) -> Seen:
    name = "SQLite" if conn.dialect.name == "sqlite" else "PostgreSQL"
    version = ".".join(str(part) for part in (conn.dialect.server_version_info or ()))
    return False, f"{name} {version}"


def _encoding(conn: Connection, _now: int) -> Seen:
    encoding = str(conn.exec_driver_sql("SHOW server_encoding").scalar_one())
    return encoding != "UTF8", f"encoding {encoding}"


def _letters(conn: Connection, _now: int) -> Seen:
    if conn.exec_driver_sql("SELECT lower('ПРИВЕТ') = 'привет'").scalar_one():
        return False, "searches ignore case in every script, except for pairs such as ß and SS"
    query = "SELECT datctype FROM pg_database WHERE datname = current_database()"
    return True, f"LC_CTYPE {conn.exec_driver_sql(query).scalar_one()} makes searches ignore case in ASCII only"


def _version(conn: Connection, _now: int) -> Seen:
    number = int(conn.exec_driver_sql("SHOW server_version_num").scalar_one())
    return number // 10_000 < OLDEST_POSTGRESQL, f"version {number // 10_000}"


def _durable(conn: Connection, _now: int) -> Seen:
    values = {name: str(conn.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in ("fsync", "synchronous_commit")}
    off = [name for name, value in values.items() if value == "off"]
    return bool(off), f"{' and '.join(off)} off: a crash may lose acknowledged reports" if off else "commits are synced"


def _journal(conn: Connection, _now: int) -> Seen:
    mode = str(conn.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    return mode != "wal", f"journal mode {mode}"


def _integrity(conn: Connection, _now: int) -> Seen:
    lines = [str(line) for line in conn.exec_driver_sql("PRAGMA quick_check(5)").scalars()]
    return lines != ["ok"], "; ".join(lines[:SHOWN]).replace("\n", " ")


def _schema(conn: Connection, _now: int) -> Seen:
    found, newest = current(conn), head()
    if found == newest:
        return False, f"schema {newest}, the newest"
    return True, f"schema {found or 'none'}; this version of Backroom needs {newest}"


def _restored(conn: Connection, _now: int) -> Seen:
    unfinished = is_unfinished(conn)
    return unfinished, "a restore was interrupted" if unfinished else "no restore was interrupted"


def _search(conn: Connection, _now: int) -> Seen:
    if not index_exists(conn):
        return True, "no search index: every search reads all messages"
    behind = search.count_unindexed(conn)
    return False, f"{behind} reports aren't indexed yet; searches read their messages" if behind else "up to date"


def _counters(conn: Connection, _now: int) -> Seen:
    actual = recount(conn)
    totals: Counter[tuple[str, ...]] = Counter()
    for (project, _, *rest), n in actual.items():
        totals[project, *rest] += n
    by_day = {(project, str(day), *rest): n for (project, day, *rest), n in actual.items()}
    wrong = [*_wrong(_kept(conn, counters), totals), *_wrong(_kept(conn, daily), by_day)]
    if not wrong:
        return False, f"{sum(actual.values())} reports, as counted"
    return True, f"{len(wrong)} wrong ({'; '.join(wrong[:SHOWN])})"


def _kept(conn: Connection, table: Table) -> dict[tuple[str, ...], int]:
    """The table's counters other than 0, by their keys as text."""
    alive = table.c.project.not_in(select(doomed_projects.c.project))
    rows = conn.execute(select(table).where(alive, table.c.n != 0))
    return {tuple(str(part) for part in row[:-1]): row[-1] for row in rows}


def _wrong(kept: dict[tuple[str, ...], int], actual: Mapping[tuple[str, ...], int]) -> list[str]:
    keys = sorted(key for key in kept.keys() | actual.keys() if kept.get(key) != actual.get(key))
    return [f"{' '.join(key)}: {kept.get(key, 0)} instead of {actual.get(key, 0)}" for key in keys]


def _clock(conn: Connection, now: int) -> Seen:
    if now < FIRST_YEAR:
        return True, f"it says {iso(now)}"
    newest = conn.execute(select(reports.c.created_at).order_by(reports.c.id.desc()).limit(1)).scalar()
    if newest is not None and newest > now + AHEAD:
        return True, f"the newest report is from {iso(newest)}, but the clock says {iso(now)}"
    if conn.dialect.name == "postgresql":
        theirs = int(conn.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp()) * 1000").scalar_one())
        if abs(theirs - now) > AHEAD:
            return True, f"the database server's clock says {iso(theirs)}, this one {iso(now)}"
    return False, iso(now)


_SQLITE = [
    Inspection("database", _opens, INTEGRITY_FIX, ends=True),
    Inspection("integrity", _integrity, INTEGRITY_FIX, ends=True),
    Inspection("journal", _journal, "Move the data to a local disk; write-ahead logs don't work in network folders."),
]
_POSTGRESQL = [
    Inspection("database", _opens, REACH_FIX, ends=True),
    Inspection("encoding", _encoding, UTF8_FIX, ends=True),
    Inspection("letters", _letters, UTF8_FIX),
    Inspection("version", _version, f"Use PostgreSQL {OLDEST_POSTGRESQL} or later."),
    Inspection("durability", _durable, "Turn the setting on in PostgreSQL."),
]
_BOTH = [
    Inspection("schema", _schema, "Run `backroom migrate`. If the schema is newer, use a newer Backroom.", ends=True),
    Inspection("restore", _restored, "Run `backroom restore FILE` again; it starts over.", ends=True),
    Inspection(
        "search",
        _search,
        f"{FIX}, then restart the server. On PostgreSQL an administrator may have to run: "
        f"{POSTGRESQL_EXTENSION}; {POSTGRESQL_INDEX};",
    ),
    Inspection("counters", _counters, f"{FIX} to recount them."),
    Inspection("clock", _clock, "Set the clock, and keep it right with NTP."),
]
