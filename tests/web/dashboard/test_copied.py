"""What "Copy for agent" copies."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import msgspec

from backroom.reports.markdown import NOTICE, OF_THE_ROOM
from tests.contract.mcp.agent import Agent
from tests.contract.patchrooms.api import picture
from tests.harness.cast import Cast
from tests.harness.member import Member
from tests.harness.server import Server


def test_it_has_whole_addresses_and_the_rooms_own_goal(cast: Cast, server: Server, people: dict[str, Member]) -> None:
    room = Agent(server.url, cast.owner.key).done("create_room", title="Copied", goal="Sell")["id"]
    sent = {
        "clientId": str(uuid4()),
        "blocks": [{"type": "screenshot", "file": "one", "width": 40, "height": 40}],
        "context": {},
        "artifact": {"id": room, "goal": "Forged"},
    }
    files: dict[str, Any] = {
        "report": (None, msgspec.json.encode(sent), "application/json"),
        "one": ("1.png", picture("PNG", 40, 40)),
    }
    made = httpx.post(f"{server.url}/api/v1/ingest/{cast.owner.project.project_key}", files=files).json()
    text = people["viewer"].get(f"/r/{made['id']}/markdown").text
    assert text.startswith(f"{NOTICE}{OF_THE_ROOM}\n## Report — Copied\n**Goal:** Sell\n")
    assert "Forged" not in text
    assert f"- **Screenshot:** {server.url}/api/v1/projects/{cast.owner.project.id}/files/" in text
