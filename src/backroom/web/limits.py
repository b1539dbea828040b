"""How often an address, and a project, may use the public ways in.

Each has a bucket of tokens that fills at the rate of the settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from backroom.buckets import SECOND, Buckets, take_from_all
from backroom.config import Settings

MOST_BUCKETS = 50_000
LONGEST_HOP = 64
TOO_MANY = "Too many requests. Try again later."
SITE_BITS = 64
"""One IPv6 customer holds at least this prefix, and may use any address in it."""


class RateLimits:
    """The limits of one process; belongs to the event loop's thread. `clock` tells monotonic nanoseconds."""

    def __init__(self, settings: Settings, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._on = settings.rate_limits
        self._clock = clock
        self._addresses = _buckets(settings.rate_per_address, settings.burst_per_address)
        self._projects = _buckets(settings.rate_per_project, settings.burst_per_project)
        self._proxies = tuple(ip_network(text) for text in settings.trusted_proxies)

    def check(self, scope: Scope, project: str) -> None:
        """Counts one request of the scope's address for `project` ("" where it isn't known).

        Raises TooMany; a request that is refused costs no token, in either bucket.
        """
        if not self._on:
            return
        wanted = [(self._addresses, site_of(self.address(scope)))]
        if project:
            wanted.append((self._projects, project))
        take_from_all(wanted, self._clock(), TOO_MANY)

    def address(self, scope: Scope) -> str:
        """The client's address; behind trusted proxies the nearest hop that isn't one of them.

        "" where the connection has none, such as a Unix socket's.
        """
        client = scope["client"]
        if client is None:
            return ""
        host: str = client[0]
        if not self._proxies or not self._trusts(_parse(host)):
            return host
        for hop in reversed(_forwarded_for(scope)):
            address = _parse(hop) if len(hop) <= LONGEST_HOP else None
            if address is None:
                break
            host = str(address)
            if not self._trusts(address):
                break
        return host

    def from_proxy(self, scope: Scope) -> bool:
        """Whether the connection is a trusted proxy's, so that its `X-Forwarded-…` headers may be believed."""
        client = scope["client"]
        return client is not None and self._trusts(_parse(client[0]))

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._proxies)


def _buckets(rate: int, burst: int) -> Buckets:
    """Buckets of `burst` requests, refilled with `rate` a minute."""
    return Buckets(burst, 60 * SECOND // rate, MOST_BUCKETS)


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """What one client is counted by: an IPv4 address as it is, an IPv6 address by its /64."""
    address = _parse(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, SITE_BITS), strict=False).network_address)
    return host if address is None else str(address)


def _forwarded_for(scope: Scope) -> list[str]:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return ",".join(values).split(",") if values else []


@lru_cache(maxsize=4096)
def _parse(hop: str) -> IPv4Address | IPv6Address | None:
    """The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; None for anything else."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families tells IPv4 clients as ::ffff:192.0.2.1, all of one /64.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
