"""JSON changed in place: whatever it says and however it is written, one entry comes or goes and the rest stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.cli.jsontext import drop, put, read

names = st.text(max_size=4).filter(lambda name: name not in ("mcp", "ours"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=4)
styles = st.fixed_dictionaries({"indent": st.sampled_from([None, 1, 2, 4, "\t"]), "ensure_ascii": st.booleans()})
ENTRY = {"url": "https://b.example/mcp", "headers": {"Authorization": "Bearer ${K}"}}


def written(whole: Any, style: dict[str, Any], end: str) -> str:
    return json.dumps(whole, **style).replace("\n", end)


@given(objects, objects | st.none(), styles, st.sampled_from(["\n", "\r\n"]))
def test_one_entry_comes_and_goes(rest: Any, servers: Any, style: dict[str, Any], end: str) -> None:
    before = written(rest if servers is None else {**rest, "mcp": servers}, style, end)
    after = put(before, ("mcp", "ours"), ENTRY)
    assert read(after) == {**read(before), "mcp": {**(read(before).get("mcp") or {}), "ours": ENTRY}}
    assert list(read(after)) == [*rest, "mcp"], "in the order that it had"
    assert end == "\n" or after.count("\n") == after.count("\r\n")
    assert ("\n" in after) is ("\n" in before)
    changed = put(after, ("mcp", "ours", "url"), 1.5)
    assert read(changed)["mcp"]["ours"] == {**ENTRY, "url": "1.5"}
    assert put(changed, ("mcp", "ours", "url"), ENTRY["url"]) == after
    assert read(drop(after, ("mcp", "ours"))) == {**read(before), "mcp": read(before).get("mcp", {})}
    assert drop(before, ("mcp", "ours")) == before
    less = drop(after, ("mcp", "ours", "headers"))
    assert read(less)["mcp"]["ours"] == {"url": ENTRY["url"]}
    assert read(drop(less, ("mcp", "ours", "url")))["mcp"]["ours"] == {}


@given(objects, styles, st.data())
def test_any_member_can_go(whole: dict[str, Any], style: dict[str, Any], data: st.DataObject) -> None:
    before = written({**whole, "ours": 1}, style, "\n")
    name = data.draw(st.sampled_from([*whole, "ours"]))
    assert read(drop(before, (name,))) == {key: each for key, each in read(before).items() if key != name}


@pytest.mark.parametrize("text", ["[]", '{"mcp": 1}', '{"mcp": []}', '{"mcp": {}, "mcp": {}}'])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"format|twice"):
        put(text, ("mcp", "ours"), ENTRY)
