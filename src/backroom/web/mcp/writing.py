"""The tools that write. Called again with the same arguments, each says so and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from backroom.access import KeyScope
from backroom.reports import deeds, rooms
from backroom.reports.rules import Status, parse_status
from backroom.web.mcp import shapes
from backroom.web.mcp.auth import act
from backroom.web.mcp.results import Result
from backroom.web.mcp.work import Work

T = TypeVar("T")


async def create_report(work: Work, given: shapes.CreateReport) -> Result:
    """A report of the agent's own words. Raises Invalid, Denied, OverQuota."""
    done = await _do(work, deeds.create_report, given.text, given.title, given.channel_key, given.url, work.now)
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
    done = await _do(work, deeds.set_status, given.id, status, work.now)
    note = f"It was {done.was}." if done.changed else f"It was {status} already; nothing was changed."
    return Result.of(shapes.StatusSet(given.id, status, done.changed, note))


async def add_comment(work: Work, given: shapes.AddComment) -> Result:
    """A note for the team. Raises NotFound, Invalid."""
    done = await _do(work, deeds.add_note, given.id, given.text, work.now)
    same = "You wrote this very note before, and the status is the same since; nothing was added."
    return _deed(done, "Added.", same)


async def assign_report(work: Work, given: shapes.AssignReport) -> Result:
    """Somebody to take care of it. Raises NotFound, Invalid."""
    done = await _do(work, deeds.assign, given.id, given.assignee, work.caller.behalf, work.now)
    return _deed(done, "Assigned.", "It was assigned so already; nothing was changed.")


async def link_commit(work: Work, given: shapes.LinkCommit) -> Result:
    """A commit in the timeline. Raises NotFound, Invalid."""
    done = await _do(work, deeds.link_commit, given.id, given.commit, given.url, given.message, work.now)
    linked = "Linked." if done.was is None else "It was linked already; its hash, address or message was changed."
    return _deed(done, linked, "This commit was linked already; nothing was changed.")


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


def _deed(done: deeds.Done, changed: str, same: str) -> Result:
    return Result.of(shapes.Deed(done.report, done.changed, changed if done.changed else same))
