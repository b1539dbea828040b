from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.harness.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module's tests; each visitor has a profile of their own.

    Not for longer: while it runs, its event loop keeps others of the process from having theirs.
    """
    with chromium() as running:
        yield running
