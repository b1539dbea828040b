"""What a receipt says, in the widget's languages (`receipt_texts.json`), and which of them somebody reads."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).parent / "receipt_texts.json"
RIGHT_TO_LEFT = ("ar",)
DEFAULT = "en"
MOST_WISHES = 20


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt's words. `states` maps a status to what it is called for whoever sent the report, and what that means.

    `day` is a day by `str.format` of `d`, `m` and `y`; `month` is the month's English name.
    """

    report: str
    sent: str
    changed: str
    channel: str
    keep: str
    day: str
    states: dict[str, tuple[str, str]]

    def day_of(self, moment: int) -> str:
        """The day of a moment in milliseconds since the epoch, in UTC."""
        at = datetime.fromtimestamp(moment / 1000, UTC)
        return self.day.format(d=at.day, m=at.month, y=at.year, month=f"{at:%B}")


@cache
def all_words() -> dict[str, Words]:
    """The words by language."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Words])


def language_of(asked: str | None, accepted: str | None) -> str:
    """The language that is asked for by name, else the best that an Accept-Language header names, else English."""
    known = all_words()
    if asked in known:
        return asked
    wishes = [_wish(part) for part in (accepted or "").split(",")[:MOST_WISHES]]
    possible = [(quality, name) for quality, name in wishes if name in known and quality > 0]
    return max(possible, key=lambda wish: wish[0])[1] if possible else DEFAULT


def _wish(part: str) -> tuple[float, str]:
    """One language of an Accept-Language header (RFC 9110, 12.5.4), and how much it is wanted."""
    name, _, weight = part.partition(";")
    try:
        quality = float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
    except ValueError:
        quality = 0.0
    return quality, name.strip().lower().split("-")[0]
