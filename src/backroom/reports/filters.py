"""What an inbox may be filtered by, and its form in an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from backroom.clock import DAY, iso, parse_from, parse_until
from backroom.errors import Invalid
from backroom.ids import is_id
from backroom.projects.rules import CHANNEL_KEY
from backroom.reports.rules import Source, Status, parse_status
from backroom.store.search import can_be_stored, split_terms

NOBODY = ""
NONE = "none"
LONGEST = 1_000
DATE_LENGTH = len("2026-06-03")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which reports: of these projects, and where given of those statuses, channels, and so on.

    `person` is a reporter's user id, `page` as `places.page_of` tells it, `artifact` the id of what was reviewed,
    which is that of its room, `assignee` a user's id or NOBODY,
    `since` and `until` are milliseconds, both inclusive, `browser`, `system` and `device` the parts of
    `places.agent_of`. `search` is what a person types, words and phrases in quotation marks; `phrase` is one text,
    whatever marks and spaces are in it (Miniback's `search`).
    """

    projects: tuple[str, ...]
    statuses: tuple[Status, ...] = ()
    channels: tuple[str, ...] = ()
    source: Source | None = None
    person: str | None = None
    page: str | None = None
    artifact: str | None = None
    assignee: str | None = None
    label: str | None = None
    since: int | None = None
    until: int | None = None
    search: str | None = None
    phrase: str | None = None
    browser: str | None = None
    system: str | None = None
    device: str | None = None

    @property
    def terms(self) -> list[str]:
        """What has to be in a report's text, all of it: the words and phrases of `search`, and `phrase`."""
        terms = [] if self.search is None else split_terms(self.search)
        return [*terms, self.phrase] if self.phrase else terms

    @property
    def is_text_alone(self) -> bool:
        """Whether nothing but projects and texts is asked for."""
        return self == Filter(self.projects, search=self.search, phrase=self.phrase)

    @property
    def is_counted(self) -> bool:
        """Whether the counters alone say how many there are: nothing but project, status, channel, source."""
        others = (self.person, self.page, self.artifact, self.assignee, self.label, self.since, self.until)
        return all(each is None for each in (*others, self.search, self.phrase, self.browser, self.system, self.device))


def parse_filter(pairs: Iterable[tuple[str, str]], projects: tuple[str, ...]) -> Filter:
    """The filter that an address asks for; names that aren't a filter's are left alone. Raises Invalid.

    `status` and `channel` may be repeated; `assignee` is a user's id or `none`; `since` and `until` are ISO
    dates or times; `q` are the words to search.
    """
    given: dict[str, Any] = {}
    statuses: set[Status] = set()
    channels: set[str] = set()
    for name, value in pairs:
        if not value or name not in _READERS:
            continue
        if len(value) > LONGEST or not can_be_stored(value):
            raise Invalid(f"{name} is too long, or has a character that no report has.")
        if name == "q" and not split_terms(value):
            continue
        read = _READERS[name](name, value)
        if name == "status":
            statuses.add(read)
        elif name == "channel":
            channels.add(read)
        else:
            given["search" if name == "q" else name] = read
    in_order = tuple(status for status in Status if status in statuses)
    return Filter(projects, in_order, tuple(sorted(channels)), **given)


def query_of(wanted: Filter) -> str:
    """The filter as a query string, always the same for the same filter; empty where it leaves nothing out."""
    pairs: list[tuple[str, str]] = [("status", status.value) for status in wanted.statuses]
    pairs += [("channel", key) for key in wanted.channels]
    for name in ("source", "person", "page", "artifact", "assignee", "label", "since", "until", "search", *PARTS):
        value = getattr(wanted, name)
        if value is not None:
            pairs.append(("q" if name == "search" else name, _written(name, value)))
    return urlencode(pairs)


def _written(name: str, value: Any) -> str:
    if name == "assignee":
        return str(value) or NONE
    if name in ("since", "until"):
        whole_day = (value if name == "since" else value + 1) % DAY == 0
        return iso(value)[:DATE_LENGTH] if whole_day else iso(value)
    return str(value)


def _text(_name: str, value: str) -> str:
    return value


def _channel(_name: str, value: str) -> str:
    if not CHANNEL_KEY.match(value):
        raise Invalid("channel must be the key of a channel.")
    return value


def _source(_name: str, value: str) -> Source:
    try:
        return Source(value.upper())
    except ValueError:
        raise Invalid("source must be WIDGET or API.") from None


def _assignee(_name: str, value: str) -> str:
    if value == NONE:
        return NOBODY
    if not is_id(value):
        raise Invalid("assignee must be a member's id, or none.")
    return value


def _moment(name: str, value: str) -> int:
    try:
        return parse_from(value) if name == "since" else parse_until(value)
    except (ValueError, OverflowError):
        raise Invalid(f"{name} must be a date like 2026-06-03, or a time like 2026-06-03T09:14Z.") from None


PARTS = ("browser", "system", "device")
_READERS: dict[str, Callable[[str, str], Any]] = {
    "status": lambda _name, value: parse_status(value),
    "channel": _channel,
    "source": _source,
    "assignee": _assignee,
    "since": _moment,
    "until": _moment,
    **dict.fromkeys(("person", "page", "artifact", "label", "q", *PARTS), _text),
}
