"""Hashes passwords with argon2id. That is slow on purpose, so never do it inside a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backroom.accounts.rules import PASSWORD_LENGTH, check_password
from backroom.errors import TooMany

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 2
"""Each hash uses 64 MiB of memory while it runs."""

MOST_WAITING = 100
BUSY_SECONDS = 5

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="backroom-passwords")
_waiting = asyncio.Semaphore(MOST_WAITING)


class Verdict(NamedTuple):
    """Whether the password is right, and its new hash if the stored one has outdated parameters."""

    right: bool
    new_hash: str | None = None


def hash_password(password: str) -> str:
    """The password's argon2id hash; takes tens of milliseconds. Raises Invalid if its length isn't allowed."""
    return _hasher.hash(check_password(password))


def judge_password(stored: str | None, password: str) -> Verdict:
    """Compares a password with the stored hash. Without a hash it is wrong, and that takes the same time."""
    dummy = _dummy_hash()
    if len(password) > PASSWORD_LENGTH[1]:
        return Verdict(False)
    try:
        _hasher.verify(stored or dummy, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return Verdict(False)
    if stored is None:
        return Verdict(False)
    return Verdict(True, _hasher.hash(password) if _hasher.check_needs_rehash(stored) else None)


async def in_turn(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `hash_password` or `judge_password` in one of two threads. Raises TooMany if 100 are waiting."""
    if _waiting.locked():
        raise TooMany("Too many people are signing in right now. Try again in a moment.", BUSY_SECONDS)
    async with _waiting:
        return await asyncio.get_running_loop().run_in_executor(_threads, lambda: work(*args, **kwargs))


@cache
def _dummy_hash() -> str:
    return _hasher.hash("nobody's password")
