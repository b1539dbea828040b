"""How long-running work reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Report: TypeAlias = Callable[[str, int, "int | None"], None]
"""Called as `report(what, done, total)`; `total` is None while it is unknown."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """For callers that show nothing."""
