"""Token buckets: how often somebody may do something, a burst at once and then at a steady rate.

A bucket is kept as one number, the moment at which it will be full again, so that a full bucket is as good as none
and may be forgotten. Moments are in whole nanoseconds: sums of fractions of seconds would now and then miss the last
token.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from backroom.errors import TooMany

SECOND = 1_000_000_000


class Buckets:
    """Buckets by name: `burst` tokens each, one more every `interval` nanoseconds; at most `most` are kept."""

    def __init__(self, burst: int, interval: int, most: int) -> None:
        self._interval = interval
        self._slack = interval * (burst - 1)
        self._most = most
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, name: str, now: int) -> int:
        """Nanoseconds until the bucket has a token: 0 or less where it has one."""
        return self._full_at.get(name, now) - self._slack - now

    def take(self, name: str, now: int) -> None:
        """Takes a token; the bucket that was used longest ago makes room for a new one."""
        self._full_at[name] = max(self._full_at.get(name, now), now) + self._interval
        self._full_at.move_to_end(name)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)

    def give_back(self, name: str) -> None:
        """Puts a token back."""
        if name in self._full_at:
            self._full_at[name] -= self._interval


def take_from_all(wanted: Iterable[tuple[Buckets, str]], now: int, message: str) -> None:
    """Takes a token from each bucket, by name; where one has none, takes none and raises TooMany with `message`."""
    wanted = list(wanted)
    wait = max(buckets.wait(name, now) for buckets, name in wanted)
    if wait > 0:
        raise TooMany(message, -(-wait // SECOND))
    for buckets, name in wanted:
        buckets.take(name, now)
