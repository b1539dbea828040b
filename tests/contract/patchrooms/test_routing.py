"""Patchrooms, Channels, Matching (B): the pure function by which a report finds its channel."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from backroom.projects.rules import Channel, Hint, route

BUG, IDEA, ALPHA = (
    Channel(str(n), key, key, "#c0392b", "fox", 1.0, False) for n, key in enumerate(("bug", "idea", "alpha"))
)
GONE = Channel("9", "gone", "gone", "#c0392b", "fox", 50.0, True)
CHANNELS = (BUG, IDEA, ALPHA, GONE)


def _hints(*hints: tuple[str, str | float] | tuple[str, str | float, str]) -> list[Hint]:
    return [Hint(f"{n:04}", hint[0], hint[2] if len(hint) == 3 else None, hint[1]) for n, hint in enumerate(hints)]


def test_explicit_live_channel_wins() -> None:
    assert route(CHANNELS, "bug", _hints(("idea", "max")), explicit="alpha") == "alpha"


def test_explicit_archived_or_unknown_channel_counts_as_none() -> None:
    for explicit in ("gone", "nowhere", ""):
        assert route(CHANNELS, "bug", [], explicit=explicit) == "bug"
        assert route(CHANNELS, "bug", _hints(("idea", 1)), explicit=explicit) == "idea"


def test_no_hint_is_the_default_whatever_the_weights() -> None:
    heavy = (BUG, Channel("2", "idea", "idea", "#c0392b", "fox", 9.0, False))
    assert route(heavy, "bug", []) == "bug"
    assert route(heavy, "bug", _hints(("bug", 0))) == "idea"


def test_suggestions_are_one_and_numbers_themselves() -> None:
    assert route(CHANNELS, "bug", _hints(("idea", "suggest"), ("alpha", 0.9))) == "idea"
    assert route(CHANNELS, "bug", _hints(("idea", "suggest"), ("alpha", 1.1))) == "alpha"
    assert route(CHANNELS, "bug", _hints(("bug", -5))) == "idea"


def test_ties_go_to_the_default_then_to_the_oldest() -> None:
    assert route(CHANNELS, "alpha", _hints(("idea", 1), ("alpha", 1))) == "alpha"
    assert route(CHANNELS, "bug", _hints(("alpha", 1), ("idea", 1))) == "idea"


def test_latest_max_is_above_all() -> None:
    assert route(CHANNELS, "bug", _hints(("alpha", "max"), ("idea", "max"), ("bug", 1e9))) == "idea"


def test_hints_of_other_users_and_archived_channels_do_not_count() -> None:
    assert route(CHANNELS, "bug", _hints(("idea", "max", "u1"))) == "bug"
    assert route(CHANNELS, "bug", _hints(("idea", "max", "u1")), user_id="u2") == "bug"
    assert route(CHANNELS, "bug", _hints(("idea", "max", "u1")), user_id="u1") == "idea"
    assert route(CHANNELS, "bug", _hints(("gone", "max"), ("gone", 99))) == "bug"


weights = st.one_of(st.just("suggest"), st.just("max"), st.integers(-20, 20).map(float))
some_hints = st.lists(
    st.tuples(st.sampled_from(["bug", "idea", "alpha", "gone"]), weights, st.sampled_from([None, "u1", "u2"]))
)


@given(some_hints, st.sampled_from([None, "u1"]), st.sampled_from(["bug", "idea", "alpha"]))
def test_the_winner_has_the_highest_score(
    drawn: Sequence[tuple[str, str | float, str | None]], user: str | None, default: str
) -> None:
    hints = [Hint(f"{n:04}", key, whose, weight) for n, (key, weight, whose) in enumerate(drawn)]
    winner = route(CHANNELS, default, hints, None, user)
    counted = [hint for hint in hints if hint.user_id in (None, user) and hint.channel_key != "gone"]
    strongest = [hint.channel_key for hint in counted if hint.weight == "max"]
    if strongest:
        assert winner == strongest[-1]
        return
    scores = {
        key: 1 + sum(1 if h.weight == "suggest" else float(h.weight) for h in counted if h.channel_key == key)
        for key in ("bug", "idea", "alpha")
    }
    assert scores[winner] == max(scores.values())
    if not counted or scores[default] == max(scores.values()):
        assert winner == default
