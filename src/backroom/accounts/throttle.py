"""Limits how often passwords and codes may be tried. Guessing is slow, and it doesn't lock anyone else out.

Every attempt takes a token from three buckets in the memory of the process: the client's address, that address with
the account, and the account from any address. The last one stops guessing from many addresses. It would also lock out
the account's owner, and the first two would lock out people who share an address with an attacker. So a browser in
which the owner has signed in before has a signed cookie and uses a bucket of its own instead of the three.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from backroom.accounts.tickets import new_token
from backroom.buckets import SECOND, Buckets, take_from_all

MOST_KEPT = 20_000
TOO_MANY = "Too many attempts. Wait a little, then try again."


class Rate(NamedTuple):
    """A bucket's size: `burst` attempts at once, then one every `seconds`."""

    burst: int
    seconds: int


class Bucket(StrEnum):
    """What has a bucket of its own."""

    ADDRESS = "address"
    ADDRESS_ACCOUNT = "address and account"
    ACCOUNT = "account"
    DEVICE = "device"
    CODE = "code"
    DEVICE_CODE = "code on a device"
    MAIL_ADDRESS = "mail by address"
    MAIL_ACCOUNT = "mail by account"
    SIGN_UP = "sign-up"


RATES = {
    Bucket.ADDRESS: Rate(40, 5),
    Bucket.ADDRESS_ACCOUNT: Rate(10, 30),
    Bucket.ACCOUNT: Rate(30, 60),
    Bucket.DEVICE: Rate(10, 30),
    Bucket.CODE: Rate(10, 300),
    Bucket.DEVICE_CODE: Rate(10, 60),
    Bucket.MAIL_ADDRESS: Rate(10, 60),
    Bucket.MAIL_ACCOUNT: Rate(3, 600),
    Bucket.SIGN_UP: Rate(10, 60),
}

Attempt = list[tuple[Bucket, str]]
"""The buckets that an attempt has taken a token from."""


class Throttle:
    """The buckets of one process. Use it in the event loop's thread only. `clock` returns monotonic nanoseconds.

    `site` identifies a client: its IPv4 address, or the /64 network of its IPv6 address.
    """

    def __init__(self, on: bool = True, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._on = on
        self._clock = clock
        self._buckets = {
            bucket: Buckets(rate.burst, rate.seconds * SECOND, MOST_KEPT) for bucket, rate in RATES.items()
        }

    def password(self, site: str, email: str, device: str | None) -> Attempt:
        """Counts an attempt with a password, before it is checked. `device` is from `known_device`. Raises TooMany."""
        account = email.strip().lower()
        if device is not None:
            return self._take([(Bucket.DEVICE, device)])
        from_here = [(Bucket.ADDRESS, site), (Bucket.ADDRESS_ACCOUNT, f"{site} {account}")]
        return self._take([*from_here, (Bucket.ACCOUNT, account)])

    def code(self, site: str, user: str, device: str | None) -> Attempt:
        """Counts an attempt with a second factor's code. Raises TooMany."""
        # A code is one of a million, three are valid at a time, and there is one attempt in 300 s: guessing a code
        # takes about three years.
        if device is not None:
            return self._take([(Bucket.DEVICE_CODE, device)])
        return self._take([(Bucket.ADDRESS, site), (Bucket.CODE, user)])

    def reset(self, site: str, email: str) -> Attempt:
        """Counts a request for a reset email, whether or not the account exists. Raises TooMany."""
        return self._take([(Bucket.MAIL_ADDRESS, site), (Bucket.MAIL_ACCOUNT, email.strip().lower())])

    def sign_up(self, site: str) -> Attempt:
        """Counts a request for a new account. Raises TooMany."""
        return self._take([(Bucket.SIGN_UP, site)])

    def forgive(self, attempt: Attempt) -> None:
        """Returns the tokens of an attempt that was successful."""
        for bucket, name in attempt:
            self._buckets[bucket].give_back(name)

    def _take(self, wanted: Attempt) -> Attempt:
        """Takes a token from each bucket, or takes none and raises TooMany."""
        if not self._on:
            return []
        attempt = [(bucket, _digest(name)) for bucket, name in wanted]
        take_from_all([(self._buckets[bucket], name) for bucket, name in attempt], self._clock(), TOO_MANY)
        return attempt


def device_cookie(secret: bytes, email: str) -> str:
    """The cookie for a browser in which the owner of `email` has signed in. `secret` is the instance's."""
    name = new_token()
    return f"{name}.{_signature(secret, email, name)}"


def known_device(secret: bytes, email: str, cookie: str) -> str | None:
    """The device's name if the cookie is genuine and belongs to that email, else None."""
    name, _, signature = cookie.partition(".")
    known = hmac.compare_digest(signature.encode(errors="replace"), _signature(secret, email, name).encode())
    return name if known else None


def _signature(secret: bytes, email: str, name: str) -> str:
    text = f"device\0{email.strip().lower()}\0{name}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def _digest(name: str) -> str:
    """A short key for text of any length, so that long input doesn't fill the memory."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
