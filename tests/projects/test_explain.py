"""Where a report would go, and why in words; hints with what they have left, and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.errors import NotFound
from backroom.projects.channels import add_hint, delete_hint, list_hints, update_channel
from backroom.projects.commands import update_project
from backroom.projects.explain import Explanation, explain_route, in_words
from backroom.projects.rules import HINT_LIFETIME, Channel, Hint, Reason, judge, route
from tests.store.fixtures import NOW, Room, make_room


def explain(room: Room, user: str | None = None, explicit: str | None = None, now: int = NOW) -> Explanation:
    return room.db.read_now(explain_route, room.actor, room.id, user, explicit, now)


def hint(room: Room, channel: str, weight: str | float, user: str | None = None, now: int = NOW) -> None:
    room.db.write_now(add_hint, room.actor, room.id, channel, weight, user, now)


COMPARED = "so the live channels are compared by base weight and hints."


def test_a_channel_that_is_asked_for_wins(room: Room) -> None:
    hint(room, "bug", "max")
    found = explain(room, explicit="feature")
    assert (found.channel.name, found.verdict.reason) == ("Ideas", Reason.EXPLICIT)
    assert found.steps == ["The report asks for Ideas, which is live. That wins over everything else."]


def test_without_a_hint_it_is_the_default(room: Room) -> None:
    hint(room, "feature", "max", "another")
    found = explain(room, user="u")
    assert (found.channel.key, found.verdict.reason) == ("bug", Reason.NO_HINT)
    assert found.steps == [
        "The report asks for no channel.",
        "No live hint counts for this report, so it goes to the default channel, Bugs.",
    ]


def test_the_highest_score(room: Room) -> None:
    hint(room, "feature", "suggest")
    hint(room, "feature", -0.25, "u-17")
    room.db.write_now(update_channel, room.actor, room.id, "alpha-feedback", {"archived": True}, NOW)
    found = explain(room, "u-17", "alpha-feedback")
    assert (found.channel.key, found.verdict.reason) == ("feature", Reason.HIGHEST)
    assert found.steps == [
        "The report asks for Alpha feedback, which is archived. That counts as asking for none.",
        f"2 live hints count for this report, {COMPARED}",
        "Bugs: 1, its base weight.",
        "Ideas: 1 + 1 (for everybody) - 0.25 (for u-17) = 1.75.",
        "Ideas has the highest score, so the report goes there.",
    ]


def test_ties(room: Room) -> None:
    hint(room, "alpha-feedback", 0.0)
    found = explain(room, explicit="nothing")
    assert (found.channel.key, found.verdict.reason) == ("bug", Reason.TIE_DEFAULT)
    assert (
        found.steps[0]
        == "The report asks for nothing, which this project doesn't have. That counts as asking for none."
    )
    assert found.steps[1] == f"1 live hint counts for this report, {COMPARED}"
    tied = "Bugs, Ideas and Alpha feedback are equal, and Bugs is the default channel, so the report goes there."
    assert found.steps[-1] == tied
    hint(room, "bug", -1.0)
    found = explain(room)
    assert (found.channel.key, found.verdict.reason) == ("feature", Reason.TIE_OLDEST)
    tied = "Ideas and Alpha feedback are equal, and Ideas is the oldest of them, so the report goes there."
    assert found.steps[-1] == tied
    room.db.write_now(update_project, room.actor, room.id, {"default_channel_key": "alpha-feedback"}, NOW)
    assert explain(room).channel.key == "alpha-feedback"


def test_max_is_above_all_and_the_latest_of_several(room: Room) -> None:
    hint(room, "feature", "max")
    hint(room, "bug", 1e9)
    found = explain(room)
    assert (found.channel.key, found.verdict.reason) == ("feature", Reason.MAX)
    assert "Ideas: 1 + max (for everybody) = above all." in found.steps
    assert "Bugs: 1 + 1000000000 (for everybody) = 1000000001." in found.steps
    assert found.steps[-1] == "A hint of weight max is above all others: it is for Ideas, so the report goes there."
    hint(room, "alpha-feedback", "max", now=NOW + 1)
    found = explain(room)
    assert found.steps[-1] == "The latest hint of weight max is for Alpha feedback, so the report goes there."
    assert explain(room, now=NOW + HINT_LIFETIME).channel.key == "alpha-feedback"
    assert explain(room, now=NOW + HINT_LIFETIME + 1).verdict.reason is Reason.NO_HINT


def test_it_is_what_happens_to_a_real_report(room: Room) -> None:
    hint(room, "feature", 2.0, "u")
    hint(room, "alpha-feedback", "suggest")
    for user in (None, "u", "v"):
        for explicit in (None, "bug", "nothing"):
            told = explain(room, user, explicit).channel.key
            assert room.submit(user_id=user, channel=explicit).channel_key == told


keys = st.sampled_from(["a", "b", "c", "d", "gone"])
weights = st.one_of(st.sampled_from(["suggest", "max"]), st.integers(-3, 3).map(float))
hint_lists = st.lists(st.tuples(keys, weights, st.sampled_from([None, "u", "v"])), max_size=6)
channel_lists = st.lists(st.tuples(st.integers(0, 3).map(float), st.booleans()), min_size=4, max_size=4)


@given(channel_lists, hint_lists, st.none() | keys, st.sampled_from([None, "u", "v"]))
def test_the_decision_and_its_reason_are_one(
    drawn: list[tuple[float, bool]], given_: list[tuple[str, Any, str | None]], explicit: str | None, user: Any
) -> None:
    channels = [
        Channel(key, key, f"Channel {key}", "#c0392b", "fox", weight, gone and key != "b")
        for key, (weight, gone) in zip("abcd", drawn, strict=True)
    ]
    hints = [Hint(str(age), key, whose, weight) for age, (key, weight, whose) in enumerate(given_)]
    verdict = judge(channels, "b", hints, explicit, user)
    assert route(channels, "b", hints, explicit, user) == verdict.channel_key
    steps = in_words({each.key: each for each in channels}, explicit, verdict)
    assert f"Channel {verdict.channel_key}" in steps[-1]
    best = [score for score in verdict.scores if score.total == max(each.total for each in verdict.scores)]
    if verdict.scores:
        assert verdict.channel_key in [score.channel_key for score in best]
        assert (len(best) > 1) == (verdict.reason in (Reason.TIE_DEFAULT, Reason.TIE_OLDEST)) or (
            verdict.reason is Reason.MAX
        )


def test_live_hints_have_whom_they_are_for_and_what_they_have_left(room: Room) -> None:
    hint(room, "bug", "max")
    hint(room, "feature", 0.5, "u", NOW + 1000)
    found = room.db.read_now(list_hints, room.actor, room.id, NOW + 2000)
    assert [each[1:] for each in found] == [
        ("bug", None, "max", NOW + HINT_LIFETIME, HINT_LIFETIME - 2000),
        ("feature", "u", 0.5, NOW + 1000 + HINT_LIFETIME, HINT_LIFETIME - 1000),
    ]
    assert len(room.db.read_now(list_hints, room.actor, room.id, NOW + HINT_LIFETIME)) == 1


def test_a_hint_is_taken_back_once(room: Room) -> None:
    hint(room, "feature", "max")
    (found,) = room.db.read_now(list_hints, room.actor, room.id, NOW)
    other = make_room(room.db, "Elsewhere")
    with pytest.raises(NotFound):
        room.db.write_now(delete_hint, other.actor, other.id, found.id, NOW)
    with pytest.raises(NotFound):
        room.db.write_now(delete_hint, room.actor, room.id, found.id, NOW + HINT_LIFETIME)
    assert explain(room).channel.key == "feature"
    room.db.write_now(delete_hint, room.actor, room.id, found.id, NOW)
    assert explain(room).channel.key == "bug"
    with pytest.raises(NotFound, match="already ended"):
        room.db.write_now(delete_hint, room.actor, room.id, found.id, NOW)
