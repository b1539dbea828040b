"""Receipts: tokens that only the instance can make, and what they show."""

from __future__ import annotations

import pytest

from backroom.accounts.instance import instance_secret
from backroom.errors import NotFound
from backroom.ids import new_id
from backroom.reports.receipts import Receipts, get_receipt
from tests.store.fixtures import NOW, Room


def receipts(secret: bytes = b"x" * 32) -> Receipts:
    made = Receipts()
    made.open(secret)
    return made


def test_a_token_is_read_by_whoever_has_the_secret_alone() -> None:
    project, report = new_id(NOW), new_id(NOW)
    token = receipts().token(project, report)
    assert len(token) == 54
    assert receipts().ids_of(token) == (project, report)
    with pytest.raises(NotFound):
        receipts(b"y" * 32).ids_of(token)


def test_nothing_else_is_a_token() -> None:
    token = receipts().token(new_id(NOW), new_id(NOW))
    for other in ("", token[:-1], token + "A", token.swapcase(), token[:-2] + "==", "é" * 54, f"{token}\n"):
        with pytest.raises(NotFound):
            receipts().ids_of(other)


def test_without_the_secret_nothing_is_signed() -> None:
    with pytest.raises(RuntimeError):
        Receipts().token(new_id(NOW), new_id(NOW))


def test_the_instances_secret_stays(room: Room) -> None:
    first = room.db.write_now(instance_secret)
    assert len(first) == 32
    assert room.db.write_now(instance_secret) == first


def test_it_shows_the_report_of_that_project_alone(room: Room) -> None:
    sent = room.submit()
    found = room.db.read_now(get_receipt, room.id, sent.id)
    assert (found.report, found.title, found.status) == (sent.id, "It broke", "open")
    assert (found.channel, found.project) == ("Bugs", "Room")
    for project, report in ((new_id(NOW), sent.id), (room.id, new_id(NOW))):
        with pytest.raises(NotFound):
            room.db.read_now(get_receipt, project, report)
