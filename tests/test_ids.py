"""Ids strictly increase within one process, whatever the clock does, and sort by their time."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom import ids
from backroom.ids import IdMaker, first_id_at, id_at, ids_of_the_past, is_id, moment_of, new_id, random_text
from tests.harness.processes import PATIENCE

NOW = 1_780_478_062_345
moments = st.integers(0, 0xFFFFFFFF * 1000 + 999)


@given(st.lists(moments, min_size=2, max_size=50))
def test_ids_increase_however_the_clock_steps(clock: list[int]) -> None:
    maker = IdMaker()
    made = [maker.make(now) for now in clock]
    assert made == sorted(set(made))
    assert all(is_id(id_) for id_ in made)


def test_ids_name_their_second_and_their_process() -> None:
    made = IdMaker(bytes.fromhex("a1b2c3d4e5")).make(NOW)
    assert made[:18] == f"{NOW // 1000:08x}a1b2c3d4e5"
    assert moment_of(made) == NOW // 1000 * 1000
    assert IdMaker().make(NOW)[8:18] != IdMaker().make(NOW)[8:18]


def test_a_clock_that_steps_back_is_ignored_until_it_has_caught_up() -> None:
    maker = IdMaker()
    before = maker.make(NOW)
    behind = maker.make(NOW - 3_600_000)
    assert behind > before
    assert moment_of(behind) == moment_of(before)
    caught_up = maker.make(NOW + 1000)
    assert moment_of(caught_up) == moment_of(before) + 1000


def test_a_counter_that_runs_over_takes_the_next_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "COUNTER_LIMIT", 4)
    monkeypatch.setattr(ids, "COUNTER_START_LIMIT", 1)
    maker = IdMaker()
    made = [maker.make(NOW) for _ in range(9)]
    assert made == sorted(set(made))
    assert [int(id_[18:], 16) for id_ in made] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    first = moment_of(made[0])
    assert [moment_of(id_) - first for id_ in made] == [0] * 4 + [1000] * 4 + [2000]
    assert maker.make(NOW + 1000) > made[-1], "the clock is behind the ids now"


def test_the_counter_begins_low_and_anew_each_second() -> None:
    counters = [int(IdMaker().make(NOW)[18:], 16) for _ in range(50)]
    assert max(counters) < 1 << 20
    assert len(set(counters)) > 1


def test_threads_never_get_the_same_id() -> None:
    maker, start = IdMaker(), threading.Barrier(8)

    def make(_: int) -> list[str]:
        start.wait(PATIENCE)
        return [maker.make(NOW) for _ in range(2000)]

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(make, range(8)))
    assert len({id_ for each in made for id_ in each}) == 16_000
    assert all(each == sorted(each) for each in made)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_makes_ids_of_its_own() -> None:
    mine = new_id(NOW)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_id(NOW).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 100).decode()
    os.close(reader)
    os.close(writer)
    assert is_id(theirs)
    assert theirs[8:18] != mine[8:18]
    assert new_id(NOW)[8:18] == mine[8:18]


def test_new_ids_take_the_systems_clock() -> None:
    first, second = new_id(), new_id()
    assert second > first
    assert moment_of(first) > NOW - 366 * 86_400_000


@given(moments, moments)
def test_an_imported_reports_id_has_its_moments_place(one: int, other: int) -> None:
    early, late = sorted((one, other))
    assert is_id(id_at(early))
    assert first_id_at(early) <= id_at(early)
    assert moment_of(id_at(early)) == early // 1000 * 1000
    if early // 1000 < late // 1000:
        assert id_at(early) < first_id_at(late) <= id_at(late)


def test_imported_reports_of_one_moment_have_different_ids() -> None:
    assert len({id_at(NOW) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("moment", "first"),
    [
        (0, "0" * 24),
        (999, "0" * 24),
        (1000, "00000001" + "0" * 16),
        (NOW, f"{NOW // 1000:08x}" + "0" * 16),
        (-1, "0" * 24),
        (-(10**15), "0" * 24),
        (0xFFFFFFFF * 1000, "ffffffff" + "0" * 16),
        (10**15, "ffffffff" + "0" * 16),
    ],
)
def test_the_first_id_of_a_moments_second(moment: int, first: str) -> None:
    assert first_id_at(moment) == first
    assert is_id(id_at(moment))
    assert id_at(moment)[:8] == first[:8]


@pytest.mark.parametrize("text", ["0" * 24, "abcdef0123456789abcdef01"])
def test_what_is_an_id(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 23,
        "0" * 25,
        "A" * 24,
        "g" * 24,
        "0" * 24 + "\n",
        " " + "0" * 23,
        "\N{ARABIC-INDIC DIGIT ONE}" * 24,
        "0" * 23 + "\0",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not is_id(text)


def test_random_text_is_letters_and_digits() -> None:
    texts = {random_text(40) for _ in range(100)}
    assert len(texts) == 100
    assert all(re.fullmatch("[A-Za-z0-9]{40}", text) for text in texts)
    assert len(set("".join(texts))) == 62
    assert random_text(0) == ""


def test_ids_of_the_past_lie_before_those_given_already() -> None:
    latest = new_id(NOW)
    with ids_of_the_past():
        past = [new_id(NOW - 2000), new_id(NOW - 1000), new_id(NOW - 3000)]
    assert past == sorted(set(past))
    assert past[-1] < latest < new_id(NOW)
