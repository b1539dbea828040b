"""One command for each change of reports: for people, keys and agents, from every door, for one report or many.

Each looks the reports up and locks them once, changes those that aren't so already, writes timelines, counters and
change numbers, and returns what it changed; where nothing was to be changed, that is an empty list. Who acts is the
actor; what an agent does is in the audit log too. Each raises NotFound where none of the reports is there, and Denied.
"""

from __future__ import annotations

from sqlalchemy import Connection

from backroom.access import Actor
from backroom.errors import Invalid
from backroom.reports.assignees import NamedAssignee, get_assignee
from backroom.reports.changeset import Changed, Changeset, change_reports
from backroom.reports.comments import comment_on
from backroom.reports.commits import Commit, add_commit
from backroom.reports.labels import check_label_name
from backroom.reports.lookup import LockedReport
from backroom.reports.rules import Status, StatusClass
from backroom.reports.trash import delete_at_once, put_in_trash
from backroom.reports.triage import (
    attach_label,
    change_assignee,
    change_channel,
    change_status,
    detach_label,
    has_live_channel,
)
from backroom.store.search import can_be_stored


def set_status(tx: Connection, actor: Actor, ids: list[str], status: Status | StatusClass, now: int) -> list[Changed]:
    """Puts reports on a status, or into one of Miniback's, where those that are in it keep their own."""
    return change_reports(tx, actor, ids, now, change_status, status)


def move_to_channel(tx: Connection, actor: Actor, ids: list[str], channel: str, now: int) -> list[Changed]:
    """Moves reports to a channel; those stay whose project has no live channel of that key. Raises Invalid."""
    _check_can_be_there(channel)
    return change_reports(tx, actor, ids, now, _move, channel)


def assign(tx: Connection, actor: Actor, ids: list[str], to: str | NamedAssignee | None, now: int) -> list[Changed]:
    """Assigns reports to a member who may triage, by id or by name, or to nobody (None). Raises Invalid."""
    return change_reports(tx, actor, ids, now, _assign, to)


def add_label(tx: Connection, actor: Actor, ids: list[str], name: str, now: int) -> list[Changed]:
    """Puts a label on reports; a project that has none of that name gets it. Raises Invalid."""
    return change_reports(tx, actor, ids, now, attach_label, check_label_name(name))


def remove_label(tx: Connection, actor: Actor, ids: list[str], name: str, now: int) -> list[Changed]:
    """Takes a label off reports. Raises Invalid."""
    _check_can_be_there(name)
    return change_reports(tx, actor, ids, now, detach_label, name)


def add_comment(
    tx: Connection, actor: Actor, ids: list[str], kind: str, text: str, now: int, *, once: bool = False
) -> list[Changed]:
    """Adds a `note` for the team or a `reply` to the reporter. Raises Invalid.

    With `once` not where the actor added the very same since the status last changed.
    """
    return change_reports(tx, actor, ids, now, comment_on, kind, text, once=once)


def link_commit(tx: Connection, actor: Actor, ids: list[str], commit: Commit, now: int) -> list[Changed]:
    """Links reports with a commit, once; a link that is there gets what is new of it. Raises Invalid."""
    return change_reports(tx, actor, ids, now, add_commit, commit)


def move_to_trash(tx: Connection, actor: Actor, ids: list[str], now: int) -> list[Changed]:
    """Deletes reports so that they can be restored for a day (`undo`)."""
    return change_reports(tx, actor, ids, now, put_in_trash)


def delete_reports(tx: Connection, actor: Actor, ids: list[str], now: int) -> list[Changed]:
    """Deletes reports, their history and their files for good."""
    return change_reports(tx, actor, ids, now, delete_at_once)


def _move(changeset: Changeset, found: list[LockedReport], channel: str) -> list[Changed]:
    live = has_live_channel(changeset.tx, found[0].project, channel)
    return change_channel(changeset, found, channel) if live else []


def _assign(changeset: Changeset, found: list[LockedReport], to: str | NamedAssignee | None) -> list[Changed]:
    return change_assignee(changeset, found, get_assignee(changeset.tx, changeset.actor, found[0].project, to))


def _check_can_be_there(name: str) -> None:
    """Raises Invalid for the name of no channel or label: PostgreSQL refuses to look for a NUL."""
    if not can_be_stored(name):
        raise Invalid("There is no such channel or label.")
