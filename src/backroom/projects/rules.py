"""Rules for projects, without the store: slugs, keys, channels, routing, origins."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from backroom.clock import MINUTE
from backroom.errors import Invalid
from backroom.ids import random_text

SLUG_LENGTH = 60
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
CHANNEL_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9.-]+(?::\d{1,5})?\Z")
HOST = re.compile(r"[a-z0-9.-]+\Z")
COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
CHANNEL_NAME_LENGTH = 80
URL_PATTERN_LENGTH = 2_000
SECRET_LENGTH = 1_024
GENERATED_SECRET_LENGTH = 48
MASCOTS = ("fox", "cat", "owl", "bear", "rabbit", "panda")
HINT_LIFETIME = 5 * MINUTE
HEAVIEST = 1e9
WORDED_WEIGHTS = {"suggest": 1.0, "max": math.inf}
SHOWN_OF_KEY = 10
KEY_LENGTHS = {"pr_": 24, "pr_sk_": 40, "mbk_": 40}


class Dialect(StrEnum):
    """Which API a secret key is for."""

    PATCHROOMS = "patchrooms"
    MINIBACK = "miniback"


class ProjectStatus(StrEnum):
    """A paused project accepts no reports. Its existing ones stay readable."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as routing and the dialects see it. `key` never changes."""

    id: str
    key: str
    name: str
    color: str
    mascot: str
    base_weight: float
    archived: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """Favors a channel: for one user, or for everyone if `user_id` is None.

    `weight` is "suggest", "max" or a number.
    """

    id: str
    channel_key: str
    user_id: str | None
    weight: str | float


class Reason(StrEnum):
    """Why a report goes to its channel."""

    EXPLICIT = "explicit"
    NO_HINT = "no_hint"
    MAX = "max"
    HIGHEST = "highest"
    TIE_DEFAULT = "tie_default"
    TIE_OLDEST = "tie_oldest"


class Score(NamedTuple):
    """A channel's base weight, the hints that apply, and their sum `total`, which is infinite with a `max` hint."""

    channel_key: str
    base_weight: float
    hints: tuple[Hint, ...]
    total: float


class Verdict(NamedTuple):
    """The channel of a report and the reason. `scores` are those of the live channels, oldest first; empty if hints
    didn't decide."""

    channel_key: str
    reason: Reason
    scores: tuple[Score, ...]


FIRST_CHANNELS = (
    ("bug", "Bugs", "#c0392b", "fox"),
    ("feature", "Ideas", "#7950f2", "owl"),
    ("alpha-feedback", "Alpha feedback", "#1971c2", "panda"),
)
"""The channels of a new project (Patchrooms, "Channels"): key, name, color, mascot. The first is the default."""


def new_key(prefix: str) -> str:
    """A new key with that prefix (`pr_`, `pr_sk_` or `mbk_`) from the secure random source."""
    return prefix + random_text(KEY_LENGTHS[prefix])


def hash_key(key: str) -> str:
    """The hash under which a secret key is stored. SHA-256 is enough, because the key has over 200 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def slug_of(name: str) -> str:
    """The slug made from a name: `My Website` → `my-website` (Miniback, "Routes")."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")
    return slug or "project"


def check_slug(slug: str) -> str:
    """Raises Invalid unless `slug` may stand in a URL."""
    if len(slug) > SLUG_LENGTH or not SLUG.match(slug):
        raise Invalid(f"Slug must be lowercase letters, digits and single hyphens, at most {SLUG_LENGTH} characters")
    return slug


def check_channel_key(key: str) -> str:
    """Raises Invalid unless `key` may name a channel (Patchrooms, "REST", B)."""
    if not CHANNEL_KEY.match(key):
        raise Invalid("key must be 1 to 64 characters of a-z, 0-9 and hyphen, and begin with a letter or digit.")
    return key


def check_channel_name(name: str) -> str:
    """The trimmed name. Raises Invalid unless it has 1 to 80 characters."""
    plain = all(ord(char) >= 32 for char in name)
    name = name.strip()
    if not plain or not 1 <= len(name) <= CHANNEL_NAME_LENGTH:
        raise Invalid(f"name must have 1 to {CHANNEL_NAME_LENGTH} characters on one line.")
    return name


def check_color(color: str) -> str:
    """Raises Invalid unless `color` is `#rrggbb`."""
    if not COLOR.match(color):
        raise Invalid("color must look like #c0392b.")
    return color


def check_mascot(mascot: str) -> str:
    """Raises Invalid unless there is such a mascot."""
    if mascot not in MASCOTS:
        raise Invalid(f"mascot must be one of {', '.join(MASCOTS)}.")
    return mascot


def check_base_weight(weight: float) -> float:
    """Raises Invalid unless the weight is a number from 0 to a billion."""
    if not math.isfinite(weight) or not 0 <= weight <= HEAVIEST:
        raise Invalid(f"baseWeight must be a number from 0 to {HEAVIEST:.0f}.")
    return float(weight)


def check_hint_weight(weight: str | float) -> str | float:
    """Raises Invalid unless the weight is "suggest", "max" or a finite number."""
    if isinstance(weight, str):
        if weight not in ("suggest", "max"):
            raise Invalid("weight must be 'suggest', 'max' or a number.")
        return weight
    if not math.isfinite(weight) or abs(weight) > HEAVIEST:
        raise Invalid(f"weight must be 'suggest', 'max' or a number between -{HEAVIEST:.0f} and {HEAVIEST:.0f}.")
    return float(weight)


def route(
    channels: Sequence[Channel],
    default: str,
    hints: Iterable[Hint],
    explicit: str | None = None,
    user_id: str | None = None,
) -> str:
    """The key of the channel that a report goes to; see `judge`, which also says why."""
    return judge(channels, default, hints, explicit, user_id).channel_key


def judge(
    channels: Sequence[Channel],
    default: str,
    hints: Iterable[Hint],
    explicit: str | None = None,
    user_id: str | None = None,
) -> Verdict:
    """Decides which channel a report goes to (Patchrooms, "Channels", Matching).

    `channels` are the project's and `hints` its live ones, both oldest first. If the report asks for a live channel,
    it goes there. If no hint applies, it goes to the default channel. Otherwise the channel with the highest score of
    base weight and hints wins; on a tie the default channel, then the oldest. Hints for archived channels don't apply.
    """
    live = [channel for channel in channels if not channel.archived]
    if explicit is not None and any(channel.key == explicit for channel in live):
        return Verdict(explicit, Reason.EXPLICIT, ())
    keys = {channel.key for channel in live}
    concerned = [hint for hint in hints if hint.user_id in (None, user_id) and hint.channel_key in keys]
    if not concerned:
        return Verdict(default, Reason.NO_HINT, ())
    scores = tuple(_score(channel, concerned) for channel in live)
    strongest = [hint.channel_key for hint in concerned if hint.weight == "max"]
    if strongest:
        return Verdict(strongest[-1], Reason.MAX, scores)
    highest = max(score.total for score in scores)
    best = [score.channel_key for score in scores if score.total == highest]
    if len(best) == 1:
        return Verdict(best[0], Reason.HIGHEST, scores)
    if default in best:
        return Verdict(default, Reason.TIE_DEFAULT, scores)
    return Verdict(best[0], Reason.TIE_OLDEST, scores)


def _score(channel: Channel, concerned: Sequence[Hint]) -> Score:
    total, own = channel.base_weight, tuple(hint for hint in concerned if hint.channel_key == channel.key)
    for hint in own:
        total += WORDED_WEIGHTS[hint.weight] if isinstance(hint.weight, str) else hint.weight
    return Score(channel.key, channel.base_weight, own, total)


def check_origin(origin: str) -> str:
    """The origin as browsers send it: in lower case, without a trailing slash and without the scheme's default port.

    `https://*.example.com` stands for every host below example.com. Raises Invalid if it isn't an origin.
    """
    cleaned = origin.strip().rstrip("/").lower()
    if not ORIGIN.match(cleaned):
        raise Invalid(f"An allowed origin must look like https://app.example.com, not {origin!r}.")
    return cleaned.removesuffix(":443" if cleaned.startswith("https:") else ":80")


def check_url_pattern(pattern: str) -> str:
    """The trimmed pattern. Raises Invalid unless it can match an address: 1 to 2,000 characters without spaces."""
    pattern = pattern.strip()
    if not 1 <= len(pattern) <= URL_PATTERN_LENGTH or any(char.isspace() or ord(char) < 32 for char in pattern):
        raise Invalid(f"A URL pattern must look like https://app.example.com/*, not {pattern[:80]!r}.")
    return pattern


def matches(patterns: Sequence[str], url: str) -> bool:
    """Whether the widget appears at `url`, the full address of a page with query and fragment.

    In a pattern `*` matches any number of any characters, including slashes. Everything else matches itself, with
    case. A pattern has to match the whole address. Without patterns the widget appears everywhere (Patchrooms,
    "Widget", B). The widget has its own implementation of this; tests run both with the same examples.
    """
    return not patterns or any(_glob_matches(pattern.strip(), url) for pattern in patterns)


def _glob_matches(pattern: str, text: str) -> bool:
    """Whether `text` matches `pattern`, in which `*` stands for any characters."""
    # Not a regular expression: `a*a*a*…b` as one takes exponential time. Taking the first place at which each part
    # occurs is enough, because the parts between stars can begin anywhere.
    first, *rest = pattern.split("*")
    if not rest:
        return first == text
    *middle, last = rest
    at, end = len(first), len(text) - len(last)
    if at > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def new_identity_secret() -> str:
    """A new secret to sign user ids with, from the secure random source."""
    return random_text(GENERATED_SECRET_LENGTH)


def check_identity_secret(secret: str) -> str:
    """Raises Invalid unless the secret has 1 to 1,024 characters on one line."""
    if not 1 <= len(secret) <= SECRET_LENGTH or any(ord(char) < 32 for char in secret):
        raise Invalid(f"The identity secret must have 1 to {SECRET_LENGTH:,} characters on one line.")
    return secret


def parse_project_status(text: str) -> ProjectStatus:
    """The status of that name. Raises Invalid."""
    try:
        return ProjectStatus(text.upper())
    except ValueError:
        raise Invalid(f"The status must be ACTIVE or PAUSED, not {text[:20]!r}.") from None


def origin_allowed(allowed: Sequence[str], origin: str | None) -> bool:
    """Whether a browser's `Origin` may send reports. Yes if `allowed` is empty or the request has no origin.

    An entry `https://*.example.com` stands for every host below example.com, not for example.com itself.
    """
    if not allowed or origin is None:
        return True
    origin = origin.rstrip("/").lower()
    return origin in allowed or any(_is_below(origin, entry) for entry in allowed if "*." in entry)


def _is_below(origin: str, entry: str) -> bool:
    scheme, _, domain = entry.partition("*")
    if not (origin.startswith(scheme) and origin.endswith(domain)):
        return False
    return HOST.match(origin[len(scheme) : len(origin) - len(domain)]) is not None


def signature_is_right(secret: str | None, user_id: str, signature: str | None) -> bool:
    """Whether `signature` is the lowercase hex HMAC-SHA256 of the user id (Patchrooms, "Ingest", Identity)."""
    if not secret or not signature:
        return False
    wanted = hmac.new(secret.encode(), user_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "surrogatepass"))
