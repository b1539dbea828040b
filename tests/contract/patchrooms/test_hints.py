"""Patchrooms, REST and Channels: hints, and the routing that they bias."""

from typing import Any

import pytest

from backroom.access import operator
from backroom.clock import MINUTE, now_ms
from backroom.projects.channels import add_hint
from backroom.projects.directory import Directory
from backroom.reports.submit import submit_report
from backroom.store.database import Database
from tests.contract.patchrooms.api import Api, failure, report
from tests.contract.patchrooms.conftest import NewRoom
from tests.store.fixtures import submission


@pytest.fixture
def room(new_room: NewRoom) -> Api:
    return new_room()


def _hint(room: Api, channel: str, weight: Any, user: str | None = None) -> None:
    body = {"channelKey": channel, "weight": weight} | ({"userId": user} if user else {})
    answer = room.call("POST", "/hints", json=body)
    assert (answer.status_code, answer.json()) == (200, {"ok": True}), answer.text


def _channel(room: Api, user: str | None = None, **more: Any) -> str:
    identity = {"identity": {"userId": user}} if user else {}
    return str(room.sent(report(**identity, **more))["channelKey"])


def test_without_a_hint_a_report_goes_to_the_default(room: Api) -> None:
    """Channels, routing: the channel that the SDK sets, else the project's default."""
    assert _channel(room) == "bug"
    assert _channel(room, channelKey="feature") == "feature"


def test_a_suggestion_wins_and_an_explicit_channel_wins_over_it(room: Api) -> None:
    """REST: POST hints answers `{"ok":true}`; Channels, B: an explicit, live channel wins over hints."""
    _hint(room, "feature", "suggest")
    assert _channel(room) == "feature"
    assert _channel(room, channelKey="alpha-feedback") == "alpha-feedback"
    assert _channel(room, channelKey="bug") == "bug"


def test_weights_are_summed(room: Api) -> None:
    """Channels, B: baseWeight + sum(hints), `suggest` = +1, a number as it is."""
    _hint(room, "feature", "suggest")
    _hint(room, "alpha-feedback", 0.5)
    _hint(room, "alpha-feedback", 0.75)
    assert _channel(room) == "alpha-feedback"
    _hint(room, "alpha-feedback", -10)
    assert _channel(room) == "feature"


def test_the_latest_max_is_above_all(room: Api) -> None:
    """Channels, B: `max` above all others, of several the latest."""
    _hint(room, "feature", "max")
    _hint(room, "alpha-feedback", 1e6)
    assert _channel(room) == "feature"
    _hint(room, "alpha-feedback", "max")
    assert _channel(room) == "alpha-feedback"
    _hint(room, "feature", "max")
    assert _channel(room) == "feature"


def test_base_weights_and_ties(room: Api) -> None:
    """Channels, B: ties go to the default, then to the oldest; base weights count where hints exist."""
    _hint(room, "alpha-feedback", 0)
    assert _channel(room) == "bug"
    room.call("PATCH", "/channels/alpha-feedback", json={"baseWeight": 3})
    assert _channel(room) == "alpha-feedback"
    room.call("PATCH", "/channels/feature", json={"baseWeight": 3})
    assert _channel(room) == "feature"


def test_a_user_s_hint_is_for_that_user(room: Api) -> None:
    """Channels, B: hints without userId, and those of the report's userId."""
    _hint(room, "feature", "max", "u1")
    assert _channel(room, "u1") == "feature"
    assert _channel(room, "u2") == "bug"
    assert _channel(room) == "bug"
    _hint(room, "alpha-feedback", "suggest")
    assert _channel(room, "u2") == "alpha-feedback"
    assert _channel(room, "u1") == "feature"


def test_a_hint_for_a_channel_that_was_archived_counts_no_more(room: Api) -> None:
    """Channels, B: live channels only."""
    _hint(room, "feature", "max")
    room.call("PATCH", "/channels/feature", json={"archived": True})
    assert _channel(room) == "bug"
    assert _channel(room, channelKey="feature") == "bug"


@pytest.mark.parametrize("key", ["no-such", "", "Bug", "a\0b"])
def test_an_unknown_channel_is_404(owner: Api, key: str) -> None:
    """REST, B: an unknown `channelKey` in a hint is 404."""
    assert failure(owner.call("POST", "/hints", json={"channelKey": key, "weight": 1})) == (404, "NOT_FOUND")


def test_an_archived_channel_is_404(room: Api) -> None:
    """REST, B: an archived `channelKey` in a hint is 404."""
    room.call("PATCH", "/channels/feature", json={"archived": True})
    answer = room.call("POST", "/hints", json={"channelKey": "feature", "weight": 1})
    assert failure(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        "{}", '{"channelKey":"bug"}', '{"weight":1}', '{"channelKey":"bug","weight":"most"}', "[]", "{", "",
        '{"channelKey":"bug","weight":null}', '{"channelKey":"bug","weight":true}', '{"channelKey":"bug","weight":"1"}',
        '{"channelKey":"bug","weight":1e999}', '{"channelKey":"bug","weight":-1e10}', '{"channelKey":null,"weight":1}',
        '{"channelKey":"bug","weight":1,"userId":7}', '{"channelKey":"bug","weight":1,"userId":"a\\u0000"}',
        '{"channelKey":"bug","weight":1,"user":"x"}', '{"channelKey":"bug","weight":1,"userId":"\\udfff"}',
        '{"channelKey":"bug","weight":1,"userId":""}',
    ],
)  # fmt: skip
def test_invalid_hints_are_400(owner: Api, body: str) -> None:
    """REST: weight is `'suggest'`, `'max'` or a number; both are required."""
    assert failure(owner.call("POST", "/hints", content=body.encode())) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("weight", ["x", "", "Max", "1"])
def test_another_word_as_weight_is_told_what_would_do(owner: Api, weight: str) -> None:
    """REST: weight is `'suggest'`, `'max'` or a number."""
    answer = owner.call("POST", "/hints", json={"channelKey": "bug", "weight": weight})
    assert failure(answer) == (400, "BAD_REQUEST")
    assert answer.json()["error"] == "weight must be 'suggest', 'max' or a number."


def test_a_hint_ends_after_five_minutes(room: Api, database: Database) -> None:
    """REST: a hint expires after 5 minutes."""
    start = now_ms() - 10 * MINUTE
    database.write_now(add_hint, operator(), room.project, "feature", "max", None, start)
    assert _routed(database, room, start + 5 * MINUTE - 1) == "feature"
    assert _routed(database, room, start + 5 * MINUTE) == "bug"


def _routed(database: Database, room: Api, now: int) -> str:
    facts = database.read_now(Directory().by_id, room.project)
    assert facts is not None
    report = submission(facts, now)
    return database.write_now(submit_report, report).channel_key
