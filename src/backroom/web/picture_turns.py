"""Work with pictures, in a thread of its own: whatever it takes, uploads, bulk changes and health checks don't wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from backroom.errors import StoreFailed

P = ParamSpec("P")
T = TypeVar("T")

DEADLINE_SECONDS = 10.0
MOST_WAITING = 100
BUSY = "Too many pictures are being prepared right now. Try again in a moment."

_thread = ThreadPoolExecutor(1, "backroom-pictures")
"""One picture at a time, because a large one takes 200 MB while it is decoded."""
_waiting = 0


async def run_picture_work(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `work`, which blocks, when its turn has come. Raises what it raises; StoreFailed if it takes too long."""
    global _waiting
    if _waiting >= MOST_WAITING:
        raise StoreFailed(BUSY)
    _waiting += 1
    try:
        running = asyncio.get_running_loop().run_in_executor(_thread, lambda: work(*args, **kwargs))
        return await asyncio.wait_for(running, DEADLINE_SECONDS)
    except TimeoutError:
        raise StoreFailed(BUSY) from None
    finally:
        _waiting -= 1
