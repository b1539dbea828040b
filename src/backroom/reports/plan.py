"""By which indexes to find what a filter asks for, chosen by what the counters say.

Each range of an index holds reports of one project in the order of their ids. What the index
doesn't tell apart is judged row by row; so that a filter that fits few of many can't hold the store up,
such a search looks at a bounded number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, literal, literal_column, select

from backroom.ids import first_id_at
from backroom.reports.filters import NOBODY, Filter
from backroom.reports.places import UNKNOWN
from backroom.reports.rules import Status, StatusClass, statuses_of
from backroom.store import facets, search
from backroom.store.search import ROW
from backroom.store.tables import counters, report_labels, reports

_c = reports.c
CLASSES = {kind: frozenset(statuses_of(kind)) for kind in StatusClass}


@dataclass(frozen=True)
class IndexRange:
    """One range of an index: `id` is the column that orders it, `own` what bounds it, `rest` what each row is judged
    by besides. Where `bounded` is not set, the index itself finds what fits."""

    project: str
    id: ColumnElement[str]
    own: list[ColumnElement[bool]]
    rest: list[ColumnElement[bool]] = field(default_factory=list)
    bounded: bool = True

    def ids(self, low: str, high: str) -> Select[str, str]:
        """The ids from `low` up to but without `high` that fit, each with its project."""
        query = select(self.id.label("id"), literal(self.project).label("project"))
        query = query.where(*self.own, self.id >= low, self.id < high)
        if not self.rest:
            return query
        if self.id.table is reports:
            return query.where(*self.rest)
        return query.where(exists(select(_c.id).where(_c.project == self.project, _c.id == self.id, *self.rest)))

    def looks_further(self) -> bool:
        """Whether rows may be looked at that don't fit."""
        return bool(self.rest) and self.bounded


def plan_ranges(conn: Connection, wanted: Filter) -> list[IndexRange]:
    """The ranges that together hold what is wanted, each report once; none where the counters say there is nothing."""
    rest = _beyond_counters(wanted)
    found: list[IndexRange] = []
    for project, costs in _costs(conn, wanted).items():
        found += _ranges_in(conn, wanted, project, costs, rest)
    return found


@dataclass(frozen=True)
class _Costs:
    """How many reports of a project are of the wanted statuses' classes, of the wanted channels, and fit both."""

    classes: int
    channels: int
    fitting: int


def _costs(conn: Connection, wanted: Filter) -> dict[str, _Costs]:
    """By project, in the order of the projects; without those that have nothing."""
    if not (wanted.statuses or wanted.channels or wanted.source):
        return dict.fromkeys(wanted.projects, _Costs(1, 1, 1))
    k = counters.c
    yes: ColumnElement[bool] = literal_column("1 = 1")
    in_class = k.status.in_(_with_class_mates(wanted.statuses)) if wanted.statuses else yes
    in_channel = k.channel_key.in_(wanted.channels) if wanted.channels else yes
    fits = (k.status.in_(wanted.statuses) if wanted.statuses else yes) & in_channel
    if wanted.source:
        fits = fits & (k.source == wanted.source.value)
    sums = [func.sum(case((condition, k.n), else_=0)) for condition in (in_class, in_channel, fits)]
    rows = conn.execute(select(k.project, *sums).where(k.project.in_(wanted.projects)).group_by(k.project))
    found = {project: _Costs(*map(int, costs)) for project, *costs in rows}
    return {project: found[project] for project in wanted.projects if project in found and found[project].fitting > 0}


def _ranges_in(
    conn: Connection, wanted: Filter, project: str, costs: _Costs, rest: Sequence[ColumnElement[bool]]
) -> list[IndexRange]:
    counted = [*_status_conditions(wanted), *_channel_conditions(wanted)]
    if wanted.source:
        counted.append(_c.source == wanted.source.value)
    special = _special(conn, wanted, project)
    if not special and search.postgresql_finds(conn, wanted.terms):
        return _by_text(conn, project, wanted.terms, [*counted, *rest])
    rest = [*rest, *search.contain_all(conn, wanted.terms)]
    if special:
        return [IndexRange(project, range_.id, range_.own, [*range_.rest, *counted, *rest]) for range_ in special]
    source = counted[-1:] if wanted.source else []
    mine = _c.project == project
    if wanted.statuses and (not wanted.channels or costs.classes <= costs.channels):
        channel = _channel_conditions(wanted)
        return [
            IndexRange(project, _c.id, [mine, _c.status_class == kind.value], [*within, *channel, *source, *rest])
            for kind, within in _classes(wanted.statuses)
        ]
    if wanted.channels:
        status = _status_conditions(wanted)
        return [
            IndexRange(project, _c.id, [mine, _c.channel_key == key], [*status, *source, *rest])
            for key in wanted.channels
        ]
    return [IndexRange(project, _c.id, [mine], [*source, *rest])]


def _by_text(conn: Connection, project: str, terms: Sequence[str], rest: list[ColumnElement[bool]]) -> list[IndexRange]:
    """What PostgreSQL's index of texts has, whose planner needs no bound, and the tail that it has not."""
    texts, tail = search.TEXTS.c, search.TAIL.c
    fed = [texts.project == project, *search.have_all(terms)]
    return [
        IndexRange(project, texts.report, fed, rest, bounded=False),
        IndexRange(project, tail.report, [tail.project == project], [*rest, *search.contain_all(conn, terms)]),
    ]


def _special(conn: Connection, wanted: Filter, project: str) -> list[IndexRange]:
    """Ranges by label, artifact, assignee, person or page, in this order: the first has the fewest, as a rule."""
    further = [_c[name] == value for name, value in _looked_up(wanted).items()]
    if wanted.label is not None:
        labelled = report_labels.c
        own = [labelled.project == project, labelled.name == wanted.label]
        return [IndexRange(project, labelled.report, own, further)]
    if wanted.artifact is not None or wanted.assignee:
        return [IndexRange(project, _c.id, [_c.project == project, further[0]], further[1:])]
    if wanted.person is not None:
        return _by_facet(conn, project, facets.PERSON, wanted.person, further[1:])
    if wanted.page is not None:
        return _by_facet(conn, project, facets.PAGE, wanted.page, further[1:])
    return []


def _looked_up(wanted: Filter) -> dict[str, str]:
    """What has an index of its own, by column, in the order in which the indexes are chosen."""
    names = {"artifact_id": wanted.artifact, "assignee": wanted.assignee or None}
    names |= {"user_id": wanted.person, "page": wanted.page}
    return {name: value for name, value in names.items() if value is not None}


def _by_facet(
    conn: Connection, project: str, kind: str, value: str, rest: list[ColumnElement[bool]]
) -> list[IndexRange]:
    """What SQLite's table has, and the tail that it has not; PostgreSQL's own index."""
    same = facets.COLUMNS[kind] == value
    if conn.dialect.name != "sqlite":
        return [IndexRange(project, _c.id, [_c.project == project, same], rest)]
    f = facets.FACETS.c
    fed = [f.project == project, f.kind == kind, f.value == value]
    behind: ColumnElement[bool] = facets.position(conn) < ROW
    tail = [facets.by_row([project]), behind, same]
    return [IndexRange(project, f.report, fed, rest), IndexRange(project, _c.id, tail, rest)]


def _beyond_counters(wanted: Filter) -> list[ColumnElement[bool]]:
    """What, besides the text, has to be judged by the row by whichever index they are found."""
    found = agent_conditions(wanted) + moment_conditions(wanted)
    if wanted.assignee == NOBODY:
        found.append(_c.assignee.is_(None))
    return found


def agent_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """On the parts of an agent such as `Safari/iOS/mobile`, or on there being none."""
    found: list[ColumnElement[bool]] = []
    if UNKNOWN in (wanted.browser, wanted.system, wanted.device):
        found.append(_c.agent.is_(None))
    if wanted.browser not in (None, UNKNOWN):
        found.append(_c.agent.startswith(f"{wanted.browser}/", autoescape=True))
    if wanted.system not in (None, UNKNOWN):
        found.append(_c.agent.contains(f"/{wanted.system}/", autoescape=True))
    if wanted.device not in (None, UNKNOWN):
        found.append(_c.agent.endswith(f"/{wanted.device}", autoescape=True))
    return found


def moment_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """On the bounds that lie within a second, which ids don't tell apart. Only the rows of those seconds are looked
    at; the others are told by their ids, which the index has."""
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None and wanted.since % 1000:
        found.append((_c.id >= first_id_at(wanted.since + 1000)) | (_c.created_at >= wanted.since))
    if wanted.until is not None and wanted.until % 1000 != 999:
        found.append((_c.id < first_id_at(wanted.until)) | (_c.created_at <= wanted.until))
    return found


def id_bounds(wanted: Filter) -> tuple[str, str]:
    """The ids that a filter's times leave: from the first up to but without the second."""
    low = "" if wanted.since is None else first_id_at(wanted.since)
    return low, "g" if wanted.until is None else first_id_at(wanted.until + 1000)


def conditions_by_row(wanted: Filter) -> list[ColumnElement[bool]]:
    """Everything but the text, for SQLite's rows that the index of texts found."""
    low, high = id_bounds(wanted)
    found: list[ColumnElement[bool]] = [facets.by_row(wanted.projects), _c.id >= low, _c.id < high]
    found += _status_conditions(wanted) + _channel_conditions(wanted)
    if wanted.source:
        found.append(_c.source == wanted.source.value)
    if wanted.assignee == NOBODY:
        found.append(_c.assignee.is_(None))
    found += [_c[name] == value for name, value in _looked_up(wanted).items()]
    if wanted.label is not None:
        of_report = (report_labels.c.project == _c.project) & (report_labels.c.report == _c.id)
        found.append(exists(select(report_labels.c.report).where(of_report, report_labels.c.name == wanted.label)))
    return found + agent_conditions(wanted) + moment_conditions(wanted)


def _status_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    return [_c.status.in_([status.value for status in wanted.statuses])] if wanted.statuses else []


def _channel_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    return [_c.channel_key.in_(wanted.channels)] if wanted.channels else []


def _with_class_mates(statuses: Sequence[Status]) -> list[str]:
    return [status.value for kind, _ in _classes(statuses) for status in sorted(CLASSES[kind])]


def _classes(statuses: Sequence[Status]) -> list[tuple[StatusClass, list[ColumnElement[bool]]]]:
    """The classes that the statuses are of, each with what tells them from others of that class."""
    found: list[tuple[StatusClass, list[ColumnElement[bool]]]] = []
    for kind, members in CLASSES.items():
        asked = [status.value for status in statuses if status in members]
        if asked:
            found.append((kind, [] if len(asked) == len(members) else [_c.status.in_(asked)]))
    return found
