"""Pure decisions about projects: slugs, keys, channels, routing, origins, signatures."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.errors import Invalid
from backroom.projects import rules
from backroom.projects.rules import Channel, Hint, route


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Website", "my-website"),
        ("  My   Website!  ", "my-website"),
        ("Ünïcödé Çafé", "unicode-cafe"),
        ("ﬁne ①", "fine-1"),
        ("a_b.c/d", "a-b-c-d"),
        ("--x--", "x"),
        ("漢字", "project"),
        ("!!!", "project"),
        ("x" * 80, "x" * 60),
        ("x" * 59 + " y", "x" * 59),
    ],
)
def test_a_slug_is_made_from_the_name(name: str, slug: str) -> None:
    """Miniback, "Routes", B."""
    assert rules.slug_of(name) == slug


@given(st.text(max_size=100))
def test_every_slug_that_is_made_would_be_taken(name: str) -> None:
    assert rules.check_slug(rules.slug_of(name)) == rules.slug_of(name)


@pytest.mark.parametrize("slug", ["a", "1", "my-website", "x" * 60, "a-1-b"])
def test_slugs(slug: str) -> None:
    assert rules.check_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "-a", "a-", "a--b", "A", "a b", "a_b", "ä", "a\n", "x" * 61, "a/b", "a\0"])
def test_slugs_that_are_none(slug: str) -> None:
    with pytest.raises(Invalid):
        rules.check_slug(slug)


@pytest.mark.parametrize(("prefix", "length"), [("pr_", 24), ("pr_sk_", 40), ("mbk_", 40)])
def test_keys_are_random_letters_and_digits(prefix: str, length: int) -> None:
    """Patchrooms and Miniback, "Keys"."""
    keys = {rules.new_key(prefix) for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(f"{prefix}[A-Za-z0-9]{{{length}}}", key) for key in keys)


def test_a_key_is_kept_as_its_hash() -> None:
    assert rules.hash_key("pr_sk_x") == hashlib.sha256(b"pr_sk_x").hexdigest()
    assert rules.hash_key("pr_sk_\ud800") != rules.hash_key("pr_sk_\udfff"), "what is no text is only a wrong key"


GOOD: dict[Callable[[Any], Any], list[Any]] = {
    rules.check_channel_key: ["a", "0", "alpha-feedback", "a--", "x" * 64],
    rules.check_channel_name: ["x", "x" * 80, "Идеи", "two words"],
    rules.check_color: ["#c0392b", "#C0392B", "#000000"],
    rules.check_mascot: ["fox", "cat", "owl", "bear", "rabbit", "panda"],
    rules.check_base_weight: [0.0, 1.0, 0.5, 1e9],
    rules.check_hint_weight: ["suggest", "max", 0.0, -1.0, 2.5, 1e9, -1e9],
}
BAD: dict[Callable[[Any], Any], list[Any]] = {
    rules.check_channel_key: ["", "-a", "A", "a_b", "a b", "x" * 65, "a\n", "ä", "a\0"],
    rules.check_channel_name: ["", "  ", "x" * 81, "a\nb", "a\0b"],
    rules.check_color: ["", "c0392b", "#c0392", "#c0392bb", "#c0392g", "red", "#c0392b\n"],
    rules.check_mascot: ["", "dog", "Fox", "fox "],
    rules.check_base_weight: [-0.1, -1, math.nan, math.inf, -math.inf, 1.1e9],
    rules.check_hint_weight: ["", "min", "MAX", "1", math.nan, math.inf, -math.inf, 1.1e9, -1.1e9],
}


@pytest.mark.parametrize(("check", "value"), [(check, value) for check, values in GOOD.items() for value in values])
def test_what_a_channel_and_a_hint_may_have(check: Callable[[Any], Any], value: Any) -> None:
    """Patchrooms, "REST", B."""
    assert check(value) == value


@pytest.mark.parametrize(("check", "value"), [(check, value) for check, values in BAD.items() for value in values])
def test_what_a_channel_and_a_hint_may_not_have(check: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(Invalid):
        check(value)


def test_a_new_project_has_three_channels() -> None:
    """Patchrooms, "Channels", D: the first is the default."""
    assert [first[:2] for first in rules.FIRST_CHANNELS] == [
        ("bug", "Bugs"),
        ("feature", "Ideas"),
        ("alpha-feedback", "Alpha feedback"),
    ]


def channel(key: str, base_weight: float = 1.0, archived: bool = False) -> Channel:
    return Channel(key, key, key, "#c0392b", "fox", base_weight, archived)


def hint(key: str, weight: str | float = "suggest", user: str | None = None) -> Hint:
    return Hint("1", key, user, weight)


THREE = (channel("a"), channel("b"), channel("c"))


@pytest.mark.parametrize(
    ("hints", "explicit", "user", "goes_to"),
    [
        ([], None, None, "b"),
        ([], "c", None, "c"),
        ([], "nothing", None, "b"),
        ([hint("a")], None, None, "a"),
        ([hint("a")], "c", None, "c"),
        ([hint("a")], "nothing", None, "a"),
        ([hint("a", user="u")], None, None, "b"),
        ([hint("a", user="u")], None, "v", "b"),
        ([hint("a", user="u")], None, "u", "a"),
        ([hint("a"), hint("c"), hint("c")], None, None, "c"),
        ([hint("a"), hint("c")], None, None, "a"),
        ([hint("a"), hint("b")], None, None, "b"),
        ([hint("a", 0.5), hint("c", 0.7)], None, None, "c"),
        ([hint("b", -1.0)], None, None, "a"),
        ([hint("b", 0.0)], None, None, "b"),
        ([hint("a", "max"), hint("c", 1e9)], None, None, "a"),
        ([hint("a", "max"), hint("c", "max")], None, None, "c"),
        ([hint("c", "max"), hint("a", "max")], None, None, "a"),
        ([hint("a", "max", user="u"), hint("c")], None, "v", "c"),
        ([hint("gone")], None, None, "b"),
        ([hint("gone", "max")], None, None, "b"),
    ],
)
def test_routing(hints: list[Hint], explicit: str | None, user: str | None, goes_to: str) -> None:
    """Patchrooms, "Channels", B: matching. The default channel is b."""
    assert route(THREE, "b", hints, explicit, user) == goes_to


def test_routing_looks_at_live_channels_only() -> None:
    channels = (channel("a", archived=True), channel("b"), channel("c"))
    assert route(channels, "b", [], "a") == "b"
    assert route(channels, "b", [hint("a", "max")]) == "b"
    assert route(channels, "b", [hint("a", "max"), hint("c")]) == "c"


def test_base_weights_count_as_soon_as_there_is_a_hint() -> None:
    channels = (channel("a", 5.0), channel("b"), channel("c"))
    assert route(channels, "b", []) == "b"
    assert route(channels, "b", [hint("c")]) == "a"
    assert route(channels, "b", [hint("c", 4.5)]) == "c"


keys = st.sampled_from(["a", "b", "c", "d", "gone"])
weights = st.one_of(st.sampled_from(["suggest", "max"]), st.integers(-3, 3).map(float))
hint_lists = st.lists(st.tuples(keys, weights, st.sampled_from([None, "u", "v"])), max_size=6)
channel_lists = st.lists(st.tuples(st.integers(0, 3).map(float), st.booleans()), min_size=4, max_size=4)


@given(channel_lists, hint_lists, st.none() | keys, st.sampled_from([None, "u", "v"]))
def test_routing_is_what_the_words_say(
    weights_of: list[tuple[float, bool]], given_: list[tuple[str, Any, str | None]], explicit: str | None, user: Any
) -> None:
    channels = [
        channel(key, weight, gone and key != "b") for key, (weight, gone) in zip("abcd", weights_of, strict=True)
    ]
    hints = [Hint(str(age), *each[:1], each[2], each[1]) for age, each in enumerate(given_)]
    live = {each.key: each.base_weight for each in channels if not each.archived}
    mine = [each for each in hints if each.user_id in (None, user) and each.channel_key in live]
    goes_to = route(channels, "b", hints, explicit, user)
    if explicit in live:
        assert goes_to == explicit
    elif not mine:
        assert goes_to == "b"
    elif strongest := [each for each in mine if each.weight == "max"]:
        assert goes_to == strongest[-1].channel_key
    else:
        for each in mine:
            live[each.channel_key] += 1.0 if each.weight == "suggest" else float(each.weight)
        best = [key for key, score in live.items() if score == max(live.values())]
        assert goes_to == ("b" if "b" in best else best[0])


@pytest.mark.parametrize(
    ("origin", "kept"),
    [
        ("https://app.example.com", "https://app.example.com"),
        (" HTTPS://App.Example.com/ ", "https://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80/", "http://app.example.com"),
        ("http://app.example.com:443", "http://app.example.com:443"),
        ("https://*.Example.com", "https://*.example.com"),
    ],
)
def test_origins_are_kept_in_one_form(origin: str, kept: str) -> None:
    assert rules.check_origin(origin) == kept


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "app.example.com",
        "ftp://x",
        "https://",
        "https://*",
        "https://a.*.example",
        "https://x/path",
        "https://x?y",
        "https://u@x",
        "https://x y",
        "https://x:123456",
        "javascript:alert(1)",
    ],
)
def test_origins_that_are_none(origin: str) -> None:
    with pytest.raises(Invalid):
        rules.check_origin(origin)


@pytest.mark.parametrize(
    ("allowed", "origin", "may"),
    [
        ([], "https://anything.example", True),
        ([], None, True),
        (["https://a.example"], None, True),
        (["https://a.example"], "https://a.example", True),
        (["https://a.example"], "HTTPS://A.example", True),
        (["https://a.example"], "https://b.example", False),
        (["https://a.example"], "http://a.example", False),
        (["https://a.example"], "https://a.example:8443", False),
        (["https://a.example"], "https://a.example.evil.test", False),
        (["https://a.example"], "null", False),
        (["https://a.example", "http://localhost:3000"], "http://localhost:3000", True),
        (["https://*.a.example"], "https://x.a.example", True),
        (["https://*.a.example"], "https://x.y.a.example", True),
        (["https://*.a.example"], "https://a.example", False),
        (["https://*.a.example"], "https://.a.example", False),
        (["https://*.a.example"], "http://x.a.example", False),
        (["https://*.a.example"], "https://x.a.example:8443", False),
        (["https://*.a.example:8443"], "https://x.a.example:8443", True),
        (["https://*.a.example"], "https://xa.example", False),
        (["https://*.a.example"], "https://evil.test/.a.example", False),
        (["https://*.a.example"], "https://x.a.example.evil.test", False),
    ],
)
def test_who_may_send_from_where(allowed: list[str], origin: str | None, may: bool) -> None:
    """Patchrooms, "Keys and hosts", D."""
    assert rules.origin_allowed(allowed, origin) is may


@pytest.mark.parametrize("user", ["user-1", "ü", "", "\ud800"])
def test_a_signature(user: str) -> None:
    """Patchrooms, "Ingest", B: lowercase hex HMAC-SHA256(secret, userId)."""
    right = hmac.new(b"secret", user.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    assert rules.signature_is_right("secret", user, right)
    assert not rules.signature_is_right("secret", user, right.upper())
    assert not rules.signature_is_right("secret", user, right[:-1])
    assert not rules.signature_is_right("secret", user + "x", right)
    assert not rules.signature_is_right("another", user, right)
    for secret, signature in [(None, right), ("", right), ("secret", None), ("secret", ""), ("secret", "\ud800ü")]:
        assert not rules.signature_is_right(secret, user, signature)
