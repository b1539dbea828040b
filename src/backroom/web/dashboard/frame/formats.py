"""How the dashboard says numbers, times and statuses."""

from __future__ import annotations

from datetime import UTC, datetime

from backroom.clock import DAY, HOUR, MINUTE, now_ms

STATUSES = {
    "open": "Open",
    "triaged": "Triaged",
    "in-progress": "In progress",
    "resolved": "Resolved",
    "closed": "Closed",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def ago(ms: int, now: int | None = None) -> str:
    """How long ago a moment was, in few letters: `now`, `4 min`, `3 h`, `2 d`, then the day."""
    now = now_ms() if now is None else now
    passed = now - ms
    if passed < MINUTE:
        return "now"
    if passed < HOUR:
        return f"{passed // MINUTE} min"
    if passed < DAY:
        return f"{passed // HOUR} h"
    if passed < 7 * DAY:
        return f"{passed // DAY} d"
    return day(ms, now)


def day(ms: int, now: int | None = None) -> str:
    """The day of a moment (UTC): `3 Jun`, with its year unless it is this one."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    this = datetime.fromtimestamp((now_ms() if now is None else now) / 1000, UTC)
    return f"{at.day} {MONTHS[at.month - 1]}" + ("" if at.year == this.year else f" {at.year}")


def number(n: int) -> str:
    """`12,408`."""
    return f"{n:,}"


def short(id_: str) -> str:
    """The last four digits of an id, as people say it."""
    return id_[-4:]


def size(n: int) -> str:
    """Bytes for people: `812 B`, `34 kB`, `1.2 MB`."""
    if n < 1000:
        return f"{n} B"
    return f"{n / 1000:.0f} kB" if n < 1_000_000 else f"{n / 1_000_000:.1f} MB"


def duration(ms: int) -> str:
    """Milliseconds as minutes and seconds: `0:12`."""
    return f"{ms // MINUTE}:{ms % MINUTE // 1000:02d}"


def span(ms: int) -> str:
    """A length of time in its two largest units: `3 min`, `5 h 20 min`, `2 d 4 h`."""
    days, hours, minutes = ms // DAY, ms % DAY // HOUR, ms % HOUR // MINUTE
    if days:
        return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{ms // 1000} s"
