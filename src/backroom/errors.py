"""The few kinds of failure that the core knows. Each door turns a kind into its dialect's answer, once."""

from __future__ import annotations


class Failure(Exception):
    """Something that can't be done, said in one sentence to whoever asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(Failure):
    """What was sent is not what is taken; the message says what would be."""


class Unauthenticated(Failure):
    """Nobody knows who asks."""


class Denied(Failure):
    """Known who asks, and it is not allowed."""


class PlanLimit(Denied):
    """The workspace's plan doesn't include it."""


class NotFound(Failure):
    """There is no such thing, or not for whoever asks."""


class Conflict(Failure):
    """It is there already."""


class OverQuota(Failure):
    """The month's quota is used up.

    `limit` is the quota, `used` what the month has used (both in calls or reports),
    `reset` when it starts anew (milliseconds since the epoch).
    """

    def __init__(self, message: str, limit: int, used: int, reset: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.used = used
        self.reset = reset


class TooMany(Failure):
    """Too many requests in a short time. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLarge(Failure):
    """More bytes than are taken."""


class WrongType(Failure):
    """Content of a type that isn't taken."""


class StoreFailed(Failure):
    """The store couldn't answer a read, or couldn't confirm a write, which may be sent again."""
