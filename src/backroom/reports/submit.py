"""The way in: one transaction takes every report that waits. Start at `submit_report`, at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, bindparam, select

from backroom.accounts.rules import Kind, over_quota
from backroom.accounts.usage import Meter, lock_quota, take
from backroom.clock import month_of
from backroom.errors import Denied, Failure
from backroom.ids import moment_of, new_id
from backroom.projects.channels import live_hints
from backroom.projects.directory import ProjectFacts, Stale
from backroom.projects.rules import Hint, route
from backroom.reports.counters import Counted, add_to_counters, day_of
from backroom.reports.places import page_of
from backroom.reports.timeline import first_channel
from backroom.store.changes import CONFIG, change_number, mark_changed
from backroom.store.prepared import Prepared, insert_rows
from backroom.store.tables import changes, files, projects, reports
from backroom.store.tasks import Batched, InDoubt, pipeline

PAUSED = "Project is paused"


class StoredFile(NamedTuple):
    """A file whose bytes are kept already, under `key`; sizes in bytes, pixels and milliseconds."""

    id: str
    kind: str
    content_type: str
    size: int
    sha256: str
    key: str
    width: int | None
    height: int | None
    duration_ms: int | None


class Submission(NamedTuple):
    """A report as a door hands it in, checked. `blocks`, `context`, `identity` and `artifact` are JSON bytes.

    `metered` says that the request is an API call to be counted (one with an `mbk_` key).
    `source` is a value of Source; `user_id` is for routing and search; `agent` as `places.agent_of` tells it;
    `now` is in milliseconds since the epoch.
    """

    project: ProjectFacts
    now: int
    source: str
    client_id: str | None
    channel: str | None
    title: str
    message: str
    blocks: bytes
    context: bytes
    identity: bytes | None
    user_id: str | None
    url: str | None
    artifact_id: str | None
    artifact: bytes | None = None
    files: Sequence[StoredFile] = ()
    metered: bool = False
    agent: str | None = None


class Submitted(NamedTuple):
    """A report that is stored: `created` is False where it was before, and it then is told as it first was.

    `meter` only for a metered one; what it says is used is this report's own place in the month, but for a plan
    without a limit.
    """

    id: str
    channel_key: str
    status: str
    created: bool
    message: str
    context: bytes
    created_at: int
    meter: Meter | None


_earlier = Prepared(
    select(
        reports.c.id,
        reports.c.channel_key,
        reports.c.message,
        reports.c.context,
        reports.c.created_at,
    ).where(reports.c.project == bindparam("project"), reports.c.client_id == bindparam("client_id"))
)
_hold_project = Prepared(
    select(changes.c.n)
    .where(projects.c.id == bindparam("project"), changes.c.name == CONFIG)
    .with_for_update(read=True, key_share=True, of=projects)
)


def _submit_as_new(tx: Connection, batch: list[Submission]) -> Sequence[Submitted | Failure]:
    return _store(tx, batch, look_up=False)


def _submit_with_look_ups(tx: Connection, batch: list[Submission]) -> Sequence[Submitted | Failure]:
    return _store(tx, batch, look_up=True)


def _store(tx: Connection, batch: list[Submission], *, look_up: bool) -> list[Submitted | Failure]:
    # An outcome is None for as long as its report is on the way in: each step gives some of them theirs.
    outcomes: list[Submitted | Failure | None] = [None] * len(batch)
    meters = _admit(tx, batch, outcomes, look_up=look_up)
    if look_up:
        _let_others_finish(tx, batch)
    firsts = _find_repeats(tx, batch, outcomes, meters) if look_up else {}
    _refuse_paused(batch, outcomes, look_up=look_up)
    _take_quota(tx, batch, outcomes, look_up=look_up)
    fresh = [place for place, outcome in enumerate(outcomes) if outcome is None]
    _insert(tx, batch, fresh, outcomes, meters)
    for place, first in firsts.items():
        outcomes[place] = _as_repeat(outcomes[first], meters.get(place))
    return cast("list[Submitted | Failure]", outcomes)


def _present_numbers(tx: Connection, batch: list[Submission]) -> dict[str, int | None]:
    """The settings' change number for each project of the batch; None for a project that is gone.

    On PostgreSQL this also keeps the projects from being deleted before this commit, so that no report comes
    in behind the clearing of its project; SQLite has one writer at a time.
    """
    names = sorted({item.project.id for item in batch})  # the order in which everybody locks projects
    if tx.dialect.name == "sqlite":
        return dict.fromkeys(names, change_number(tx, CONFIG))
    rows = {name: _hold_project(tx, project=name) for name in names}
    return {name: found[0][0] if found else None for name, found in rows.items()}


def _admit(
    tx: Connection, batch: list[Submission], outcomes: list[Submitted | Failure | None], *, look_up: bool
) -> dict[int, Meter]:
    """Turns away what was checked against old settings, and API calls past the quota; a retry of a report that is
    stored still gets its answer."""
    numbers = _present_numbers(tx, batch)
    metered: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(batch):
        if numbers[item.project.id] != item.project.generation:
            outcomes[place] = Stale("The project's settings have just changed.")
        elif item.metered:
            metered.setdefault((item.project.workspace, month_of(item.now)), []).append(place)
    meters: dict[int, Meter] = {}
    # Sorted, as months are locked by every writer, so that none waits for another in a circle.
    for (workspace, _), places in sorted(metered.items()):
        now, plan = batch[places[0]].now, batch[places[0]].project.plan
        granted, after = take(tx, workspace, Kind.API_CALLS, len(places), now, plan)
        for number, place in enumerate(places):
            if number < granted:
                meters[place] = after if after.limit is None else after._replace(used=after.used - granted + number + 1)
                continue
            if batch[place].client_id is not None and not look_up:
                raise InDoubt  # a retry of what is stored is answered past the quota
            outcomes[place] = over_quota(Kind.API_CALLS, after.limit or 0, after.used, now)
            meters[place] = after
    return meters


def _let_others_finish(tx: Connection, batch: list[Submission]) -> None:
    """Waits for writers that store reports of the same workspaces, so that the look-ups find what they have stored.

    Only PostgreSQL needs this: the unique index also refuses client ids of rows that aren't committed yet, which a
    look-up can't see. Those writers have locked the workspace's month, so locking it here waits for their commit.
    """
    moments = {(item.project.workspace, month_of(item.now)): item.now for item in batch}
    for (workspace, _), now in sorted(moments.items()):
        lock_quota(tx, workspace, Kind.FEEDBACK, now)


def _find_repeats(
    tx: Connection, batch: list[Submission], outcomes: list[Submitted | Failure | None], meters: dict[int, Meter]
) -> dict[int, int]:
    """Answers retries of stored reports; returns the places of retries within the batch → their first's place."""
    seen: dict[tuple[str, str], int] = {}
    repeats: dict[int, int] = {}
    for place, item in enumerate(batch):
        if isinstance(outcomes[place], Stale) or item.client_id is None:
            continue
        name = (item.project.id, item.client_id)
        if name in seen:
            repeats[place] = seen[name]
            outcomes[place] = outcomes[seen[name]] or Stale("")
            continue
        seen[name] = place
        rows = _earlier(tx, project=item.project.id, client_id=item.client_id)
        if rows:
            id_, channel, message, context, created_at = rows[0]
            channel, meter = first_channel(tx, item.project.id, id_) or channel, meters.get(place)
            outcomes[place] = Submitted(
                id=id_,
                channel_key=channel,
                status="open",
                created=False,
                message=message,
                context=bytes(context),
                created_at=created_at,
                meter=meter,
            )
    return repeats


def _refuse_paused(batch: list[Submission], outcomes: list[Submitted | Failure | None], *, look_up: bool) -> None:
    """Turns away new reports for paused projects; a retry of one that is stored still gets its answer."""
    for place, item in enumerate(batch):
        if outcomes[place] is None and not item.project.active:
            if item.client_id is not None and not look_up:
                raise InDoubt
            outcomes[place] = Denied(PAUSED)


def _take_quota(
    tx: Connection, batch: list[Submission], outcomes: list[Submitted | Failure | None], *, look_up: bool
) -> None:
    """Counts new reports against each workspace's month; those past the limit are turned away."""
    wanted: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(batch):
        if outcomes[place] is None:
            wanted.setdefault((item.project.workspace, month_of(item.now)), []).append(place)
    for (workspace, _), places in sorted(wanted.items()):
        now, plan = batch[places[0]].now, batch[places[0]].project.plan
        granted, after = take(tx, workspace, Kind.FEEDBACK, len(places), now, plan)
        if granted < len(places) and not look_up:
            raise InDoubt  # some of them may be retries, which take nothing of the quota
        for place in places[granted:]:
            outcomes[place] = over_quota(Kind.FEEDBACK, after.limit or 0, after.used, now)


def _insert(
    tx: Connection,
    batch: list[Submission],
    fresh: list[int],
    outcomes: list[Submitted | Failure | None],
    meters: dict[int, Meter],
) -> None:
    rows: list[tuple[Any, ...]] = []
    file_rows: list[tuple[Any, ...]] = []
    counted: list[tuple[str, int, str, str, str]] = []
    biases = _hints_of(tx, batch, fresh)
    for place in fresh:
        item = batch[place]
        facts = item.project
        bias = biases.get(facts.id, ())
        if item.channel is None and not bias:
            channel = facts.default_channel
        else:
            channel = route(facts.channels, facts.default_channel, bias, item.channel, item.user_id)
        id_ = new_id(item.now)
        # A clock that steps back doesn't take the ids along, so the time follows the id: filters rely on that.
        at = max(item.now, moment_of(id_))
        rows.append(_row(item, id_, channel, at))
        counted.append((facts.id, day_of(at), channel, "open", item.source))
        if item.files:
            file_rows += [(facts.id, file.id, id_, *file[1:], at) for file in item.files]
        outcomes[place] = Submitted(
            id=id_,
            channel_key=channel,
            status="open",
            created=True,
            message=item.message,
            context=item.context,
            created_at=at,
            meter=meters.get(place),
        )
    if rows:
        # Sums first, then one statement for each counter: reports of a batch mostly share a channel and a day.
        sums = {Counted(*what): n for what, n in Counter(counted).items()}
        insert_rows(tx, reports, rows)  # refuses all of them where one has a client id that is taken
        with pipeline(tx):
            add_to_counters(tx, sums)
            mark_changed(tx, {key.project for key in sums})
    if file_rows:
        insert_rows(tx, files, file_rows)


def _row(item: Submission, id_: str, channel: str, at: int) -> tuple[Any, ...]:
    """A new report in the order of the table's columns; see the figure in `submit_report` before naming these."""
    (facts, _, source, client_id, _, title, message, blocks, context, identity, user_id, url, room, claimed, *_) = item
    page, what = None if url is None else page_of(url), (title, message, blocks, context, identity, user_id, url)
    first = (id_, facts.id, channel, "open", "NEW", source, client_id)
    return (*first, *what, room, claimed, at, at, page, item.agent, None, None, None)


def _hints_of(tx: Connection, batch: list[Submission], fresh: list[int]) -> dict[str, list[Hint]]:
    """The live hints of every project in the batch that has any."""
    found: dict[str, list[Hint]] = {}
    for project, now in {batch[place].project.id: batch[place].now for place in fresh}.items():
        live = live_hints(tx, project, now)
        if live:
            found[project] = live
    return found


def _as_repeat(first: Submitted | Failure | None, meter: Meter | None) -> Submitted | Failure | None:
    return first._replace(created=False, meter=meter) if isinstance(first, Submitted) else first


submit_report = Batched(_submit_as_new, careful=_submit_with_look_ups)
"""Stores a report (`submit_report(tx, submission)`, or by the writer all that wait in one call); returns `Submitted`.

Raises Stale: look the project up again. OverQuota, Denied (paused project): not stored. A `client_id` that the project
has had before is a retry, and answers the first report with `created` False.

In this order:

1. `_admit`: the project and its key must be what the door knew. The door keeps them in memory, with the settings'
   change number at which it read them, and saves two statements a request; another process may have revoked the key or
   paused the project since. So the number is compared once more here, once for a batch (3 µs on SQLite), in the
   transaction that stores the report: from the commit of a revocation on no report comes in (docs/decisions/0008).
   API calls are counted here too.
2. `_find_repeats`, in the careful form only: retries get the first report's answer.
3. `_refuse_paused`, `_take_quota`: new reports of paused projects and past the month's quota are turned away.
4. `_insert`: the channel is chosen, the rows go in, counters and change numbers are raised, once for each project.

Each report has its own outcome: one that is turned away costs the others of its batch nothing.

Retries are rare, and a look-up for each report costs 2.5 µs of some 50 that a report takes on its whole way. So a
batch, of one or many, is first taken for new (`_submit_as_new`). The unique index on (project, client_id) knows better:
should it refuse, also because another writer stores the same report just now, or should a quota or a pause be in the
way of what may be a retry (`InDoubt`), all that the batch did is undone and the careful form (`_submit_with_look_ups`)
does it again with a look-up for each report, which also finds retries within the batch. It has the last word.

Tried again is, by the writer (`store.writer`): a transaction that met another one on PostgreSQL, or lost its connection
before its commit; by the door: a report whose outcome is Stale, with the project looked up anew. A batch that fails
as a whole is run one by one, so that only the culprit fails (docs/decisions/0001). Never again: what may have been
committed. The client sends that again, and its `client_id` makes it harmless.

Rows are unpacked and put together by position in `_row`, for each report and nowhere else: by name the same takes
0.4 µs more (1.15 instead of 0.75).
"""
