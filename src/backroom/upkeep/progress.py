"""How long work says where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Report: TypeAlias = Callable[[str, int, "int | None"], None]
"""Called as `report(what, done, total)`; `total` is None where nobody knows it yet."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """For callers that show nothing."""
