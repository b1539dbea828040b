"""A server whose store has something of everything that the documents speak of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.contract.patchrooms.api import WEBM, Api, audio, picture, report, screenshot, text
from tests.harness.cast import Cast
from tests.harness.randomness import times
from tests.harness.server import Server

ON_ENGINES = pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.more)], indirect=True
)
"""What a door answers doesn't depend on the engine. The contract tests, which know the answers, run on both."""


@dataclass(frozen=True)
class House:
    """The owner's project on a running server, with reports, files and channels, and a second project to spoil.

    `reports` are ids, newest first; `files` the ids of a screenshot and a voice note, `channel` a channel's key that
    is not the default's.
    """

    http: httpx.Client
    cast: Cast
    reports: tuple[str, ...]
    files: tuple[str, ...]
    channel: str
    spare_project: str

    @property
    def miniback(self) -> dict[str, str]:
        """The header with the owner's key in the Miniback dialect."""
        return {"x-api-key": self.cast.owner.miniback_key}

    def new_project(self) -> str:
        """The id of another project of the owner's."""
        return self._made("/api/projects", {"name": "Spare"})

    def new_report(self, project: str = "") -> str:
        """The id of another report in the owner's project, or in the one given."""
        return self._made(f"/api/projects/{project or self.cast.owner.project.id}/feedback", {"message": "It broke"})

    def _made(self, path: str, body: dict[str, str]) -> str:
        answer = self.http.post(path, json=body, headers=self.miniback)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])


@pytest.fixture(scope="module")
def examples() -> int:
    """How many random requests an operation gets, besides its corner cases."""
    return times(30)


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """What the random requests are drawn by: the same in every run, but for one that was given another."""
    return int(pytestconfig.getoption("hypothesis_seed") or 1)


@pytest.fixture(scope="module")
def house(cast: Cast, server: Server) -> Iterator[House]:
    with httpx.Client(base_url=server.url) as http:
        owner = cast.owner
        api = Api(http, owner.project.id, owner.project.project_key, owner.key)
        plain = api.sent(report(text("Plain"), channelKey="feature"))
        artifact = {"id": "checkout", "title": "Checkout", "constraints": ["one column"]}
        quote = {"type": "selection", "quote": "Total", "selector": "#total", "url": "https://app.example.com/"}
        blocks = (text("All kinds"), screenshot(annotations=[{"x": 1}]), audio(), quote)
        everything = report(*blocks, identity={"userId": "reporter-1"}, artifact=artifact, context={"url": "/"})
        full = api.stored(api.send_form(everything, ("shot", picture()), ("voice", WEBM)))
        files = tuple(
            block["url"].rsplit("/", 1)[1] for block in full["blocks"] if block["type"] in ("screenshot", "audio")
        )
        made = api.call("POST", "/channels", json={"key": "spare", "name": "Spare"})
        assert made.status_code == 201, made.text
        yet_without = House(http, cast, (full["id"], plain["id"]), files, "spare", "")
        spare = yet_without.new_project()
        yield House(http, cast, yet_without.reports, files, "spare", spare)
