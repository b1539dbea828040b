"""The dashboard on the real server, with somebody of every role signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.harness.cast import Cast
from tests.harness.member import Member, members_of
from tests.harness.server import Server
from tests.web.dashboard.coming import Browsers


@pytest.fixture(scope="module")
def people(cast: Cast, server: Server) -> Iterator[dict[str, Member]]:
    """Owner, admin, member, viewer of the cast's project and the outsider, signed in at the module's server."""
    with members_of(cast, server) as found:
        yield found


@pytest.fixture
def stranger() -> Iterator[Browsers]:
    """`stranger(server)` opens a browser in which nobody is signed in."""
    with ExitStack() as kept:
        yield Browsers(kept)
