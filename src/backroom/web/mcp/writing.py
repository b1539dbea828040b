"""The tools that write. Called again with the same arguments, each says so and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from backroom.access import KeyScope
from backroom.reports import commands, create, rooms
from backroom.reports.assignees import NamedAssignee
from backroom.reports.changeset import Changed
from backroom.reports.commits import Commit
from backroom.reports.create import Draft
from backroom.reports.rules import Status, parse_status
from backroom.reports.timeline import NOTE
from backroom.web.mcp import shapes
from backroom.web.mcp.auth import act
from backroom.web.mcp.results import Result
from backroom.web.mcp.work import Work

T = TypeVar("T")


async def create_report(work: Work, given: shapes.CreateReport) -> Result:
    """A report of the agent's own words. Raises Invalid, Denied, OverQuota."""
    draft = Draft(text=given.text, title=given.title, channel=given.channel_key, url=given.url)
    done = await _do(work, create.create_report, draft, work.now)
    note = (
        "Created."
        if done.created
        else f"You sent the same before: this is that report, which is {done.status} now. If it happens again after"
        " it was resolved, set its status to open."
    )
    made = shapes.ReportMade(done.id, done.channel_key, Status(done.status), done.created, work.link(done.id), note)
    return Result.of(made)


async def set_status(work: Work, given: shapes.SetStatus) -> Result:
    """Another status. Raises NotFound, Invalid."""
    status = parse_status(given.status)
    changed = await _do(work, commands.set_status, [given.id], status, work.now)
    note = f"It was {changed[0].before}." if changed else f"It was {status} already; nothing was changed."
    return Result.of(shapes.StatusSet(given.id, status, bool(changed), note))


async def add_comment(work: Work, given: shapes.AddComment) -> Result:
    """A note for the team. Raises NotFound, Invalid."""
    changed = await _do(work, partial(commands.add_comment, once=True), [given.id], NOTE, given.text, work.now)
    same = "You wrote this very note before, and the status is the same since; nothing was added."
    return _told(given.id, changed, "Added.", same)


async def assign_report(work: Work, given: shapes.AssignReport) -> Result:
    """Somebody to take care of it. Raises NotFound, Invalid."""
    to = NamedAssignee(given.assignee, me=work.caller.behalf)
    changed = await _do(work, commands.assign, [given.id], to, work.now)
    return _told(given.id, changed, "Assigned.", "It was assigned so already; nothing was changed.")


async def link_commit(work: Work, given: shapes.LinkCommit) -> Result:
    """A commit in the timeline. Raises NotFound, Invalid."""
    commit = Commit(given.commit, given.url, given.message)
    changed = await _do(work, commands.link_commit, [given.id], commit, work.now)
    was_linked = any(each.before for each in changed)
    linked = "It was linked already; its hash, address or message was changed." if was_linked else "Linked."
    return _told(given.id, changed, linked, "This commit was linked already; nothing was changed.")


async def create_room(work: Work, given: shapes.CreateRoom) -> Result:
    """A room for the review of an artifact. Raises Invalid."""
    constraints = [given.constraints] if isinstance(given.constraints, str) else given.constraints
    project = work.caller.project
    wanted = (project.id, given.title, given.goal, constraints, given.tool, work.now)
    room, changed = await _do(work, rooms.open_room, *wanted)
    link = f"{work.origin}/p/{project.slug}/rooms/{room.id}"
    return Result.of(
        shapes.RoomMade(
            room.id,
            room.title,
            changed is None,
            link,
            rooms.script_of(work.origin, project.project_key, room),
            _opened(changed),
        )
    )


async def _do(work: Work, command: Callable[..., T], *args: Any) -> T:
    return await work.shared.db.write(act, work.caller, KeyScope.FEEDBACK_WRITE, command, *args)


def _opened(changed: tuple[str, ...] | None) -> str:
    if changed is None:
        return "Opened."
    what = f"{' and '.join(changed)} changed to what you gave" if changed else "nothing was changed"
    return f"This room was open already; {what}."


def _told(report: str, changed: list[Changed], what: str, same: str) -> Result:
    return Result.of(shapes.Deed(report, bool(changed), what if changed else same))
