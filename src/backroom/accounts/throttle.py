"""How often passwords and codes may be tried, so that guessing doesn't pay and locks nobody else out.

Three kinds of buckets of tokens, in the memory of one process. One for the client's address, one for that
address and the account, one for the account from everywhere: the last stops those who guess from many addresses,
and would lock the account's owner out with them, as the others would lock out whoever shares an address with a guesser.
So a browser in which the owner has signed in before has a signed cookie, and a bucket of its own in place of them.
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
TOO_MANY = "Too many tries. Wait a little, then try again."


class Rate(NamedTuple):
    """A bucket's size: `burst` tries at once, then one every `seconds`."""

    burst: int
    seconds: int


class Bucket(StrEnum):
    """What is counted apart."""

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
"""What a try has taken a token from."""


class Throttle:
    """The buckets of one process; belongs to the event loop's thread. `clock` tells monotonic nanoseconds.

    `site` is what a client is counted by: an IPv4 address, or an IPv6 address's /64.
    """

    def __init__(self, on: bool = True, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._on = on
        self._clock = clock
        self._buckets = {
            bucket: Buckets(rate.burst, rate.seconds * SECOND, MOST_KEPT) for bucket, rate in RATES.items()
        }

    def password(self, site: str, email: str, device: str | None) -> Attempt:
        """Counts a try of a password, before it is judged. `device` is from `known_device`. Raises TooMany."""
        account = email.strip().lower()
        if device is not None:
            return self._take([(Bucket.DEVICE, device)])
        from_here = [(Bucket.ADDRESS, site), (Bucket.ADDRESS_ACCOUNT, f"{site} {account}")]
        return self._take([*from_here, (Bucket.ACCOUNT, account)])

    def code(self, site: str, user: str, device: str | None) -> Attempt:
        """Counts a try of a second factor's code, which has a million values. Raises TooMany."""
        if device is not None:
            return self._take([(Bucket.DEVICE_CODE, device)])
        return self._take([(Bucket.ADDRESS, site), (Bucket.CODE, user)])

    def reset(self, site: str, email: str) -> Attempt:
        """Counts a mail that is asked for, whether or not somebody has the address. Raises TooMany."""
        return self._take([(Bucket.MAIL_ADDRESS, site), (Bucket.MAIL_ACCOUNT, email.strip().lower())])

    def sign_up(self, site: str) -> Attempt:
        """Counts an account that is asked for. Raises TooMany."""
        return self._take([(Bucket.SIGN_UP, site)])

    def forgive(self, attempt: Attempt) -> None:
        """Gives the tokens of a try back that was right."""
        for bucket, name in attempt:
            self._buckets[bucket].give_back(name)

    def _take(self, wanted: Attempt) -> Attempt:
        """Takes a token from each bucket, or none from any and raises TooMany."""
        if not self._on:
            return []
        attempt = [(bucket, _digest(name)) for bucket, name in wanted]
        take_from_all([(self._buckets[bucket], name) for bucket, name in attempt], self._clock(), TOO_MANY)
        return attempt


def device_cookie(secret: bytes, email: str) -> str:
    """What a browser keeps in which the owner of `email` has signed in. `secret` is the instance's."""
    name = new_token()
    return f"{name}.{_signature(secret, email, name)}"


def known_device(secret: bytes, email: str, cookie: str) -> str | None:
    """The device's name, where the cookie is ours and of that address; else None."""
    name, _, signature = cookie.partition(".")
    known = hmac.compare_digest(signature.encode(errors="replace"), _signature(secret, email, name).encode())
    return name if known else None


def _signature(secret: bytes, email: str, name: str) -> str:
    text = f"device\0{email.strip().lower()}\0{name}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def _digest(name: str) -> str:
    """A short name for anything that was typed, of any length."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
