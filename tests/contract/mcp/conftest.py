"""Agents with the owner's and the outsider's keys, on a server that a module's tests share."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from backroom.access import KeyScope, operator
from backroom.clock import now_ms
from backroom.projects.commands import NewKey, create_secret_key
from backroom.store.database import Database
from tests.contract.mcp.agent import Agent, Json
from tests.harness.cast import Cast
from tests.harness.server import Server

Send = Callable[..., str]
AgentWith = Callable[..., Agent]


@pytest.fixture
def owner(cast: Cast, server: Server) -> Agent:
    return Agent(server.url, cast.owner.key)


@pytest.fixture
def outsider(cast: Cast, server: Server) -> Agent:
    return Agent(server.url, cast.outsider.key)


@pytest.fixture
def new_key(cast: Cast, database: Database) -> Callable[..., NewKey]:
    """`new_key("feedback:read", …)` makes a secret key of the owner's project with just these scopes."""

    def make(*scopes: str) -> NewKey:
        granted = frozenset(KeyScope(scope) for scope in scopes)
        return database.write_now(create_secret_key, operator(), cast.owner.project.id, granted, "Claude", now_ms())

    return make


@pytest.fixture
def agent_with(server: Server, new_key: Callable[..., NewKey]) -> AgentWith:
    """`agent_with("feedback:read", …)` is an agent of the owner's with a key of just these scopes."""
    return lambda *scopes: Agent(server.url, new_key(*scopes).key)


@pytest.fixture
def send(cast: Cast, server: Server) -> Send:
    """`send("It broke", channelKey=…)` sends a report as the widget does; returns its id."""

    def go(*texts: str, **more: object) -> str:
        blocks = [{"type": "text", "text": text} for text in texts]
        report: Json = {"clientId": str(uuid4()), "blocks": blocks, "context": {}} | more
        answer = httpx.post(f"{server.url}/api/v1/ingest/{cast.owner.project.project_key}", json=report)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return go
