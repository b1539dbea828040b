"""Failures that no request can bring about on purpose (Miniback, "Errors")."""

import json
from typing import Any

import pytest

from backroom.accounts.usage import Meter
from backroom.errors import StoreFailed
from backroom.projects.directory import Stale
from backroom.web.miniback.errors import answer_failure
from backroom.web.miniback.headers import METER, OPEN

SCOPE: dict[str, Any] = {METER: Meter(300, 301, 1_764_547_200_000), OPEN: True}


def test_error_of_our_own_tells_nothing() -> None:
    """D: 500 `Internal server error`; B: with the headers of any other answer."""
    status, body, headers = answer_failure(RuntimeError("the password is 1234"), SCOPE)
    assert isinstance(body, bytes)
    assert (status, json.loads(body)) == (500, {"error": "Internal server error"})
    assert {
        (b"x-ratelimit-limit", b"300"),
        (b"x-ratelimit-remaining", b"0"),
        (b"x-ratelimit-reset", b"1764547200"),
        (b"access-control-allow-origin", b"*"),
    } <= set(headers)


@pytest.mark.parametrize("error", [StoreFailed("The store is full."), Stale("Changed.")])
def test_store_that_fails_is_worth_another_try(error: Exception) -> None:
    """B: 503 with `Retry-After`, in the same shape."""
    status, body, headers = answer_failure(error, {})
    assert isinstance(body, bytes)
    assert (status, json.loads(body)) == (503, {"error": str(error)})
    assert (b"retry-after", b"5") in headers
    assert not [name for name, _ in headers if name.startswith((b"x-ratelimit", b"access-control"))]
