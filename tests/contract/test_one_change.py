"""The same change through every door: what it leaves differs only in who made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, Select, select

from backroom.store.changes import change_number
from backroom.store.database import Database
from backroom.store.tables import audit, events, reports
from tests.contract.mcp.agent import Agent
from tests.harness.cast import Cast
from tests.harness.member import members_of
from tests.harness.server import Server
from tests.reports.recount import counted, recounted

CHANGED_BY = ("id", "client_id", "created_at", "updated_at", "triaged_at", "resolved_at")
"""The columns that differ from report to report, whoever changes it."""

Change = Callable[[str], None]


@pytest.fixture
def doors(cast: Cast, server: Server) -> dict[str, Change]:
    """Each door's way to resolve a report, by the kind of its actor and the door's name."""
    owner, project = cast.owner, cast.owner.project.id

    def dashboard(report: str) -> None:
        with members_of(cast, server) as people:
            form = {"workspace": owner.workspace, "id": report, "change": "status:resolved"}
            assert people["owner"].post("/apply", form).status_code == 303

    def mcp(report: str) -> None:
        assert Agent(server.url, owner.key).done("set_status", id=report, status="resolved")["changed"] is True

    def patchrooms(report: str) -> None:
        path = f"{server.url}/api/v1/projects/{project}/feedback/{report}"
        headers = {"authorization": f"Bearer {owner.key}"}
        assert httpx.patch(path, json={"status": "resolved"}, headers=headers).status_code == 200

    def miniback(report: str) -> None:
        path, headers = f"{server.url}/api/feedback/{report}", {"x-api-key": owner.miniback_key}
        assert httpx.put(path, json={"status": "RESOLVED"}, headers=headers).status_code == 200

    return {"dashboard": dashboard, "mcp": mcp, "patchrooms": patchrooms, "miniback": miniback}


def _send(cast: Cast, server: Server) -> str:
    path = f"{server.url}/api/projects/{cast.owner.project.id}/feedback"
    answer = httpx.post(path, json={"message": "It broke"}, headers={"x-api-key": cast.owner.miniback_key})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def _left(conn: Connection, report: str) -> dict[str, Any]:
    """What is stored of a report and its timeline, without ids, times and who made the change."""
    row = conn.execute(select(reports).where(reports.c.id == report)).one()._mapping
    noted = conn.execute(select(events).where(events.c.report == report).order_by(events.c.id)).all()
    at = [row[name] for name in ("updated_at", "triaged_at", "resolved_at")]
    return {
        "row": {name: value for name, value in row.items() if name not in CHANGED_BY},
        "timeline": [(event.kind, msgspec.json.decode(event.payload)) for event in noted],
        "times": at == [noted[-1].at] * 3,
    }


def _values(conn: Connection, query: Select[str]) -> list[str]:
    return list(conn.execute(query).scalars())


def test_a_change_leaves_the_same_through_every_door(
    cast: Cast, server: Server, database: Database, doors: dict[str, Change]
) -> None:
    left, steps, kinds, audited = {}, {}, {}, {}
    for door, change in doors.items():
        report = _send(cast, server)
        counters, number = database.read_now(counted), database.read_now(change_number, cast.owner.project.id)
        change(report)
        left[door] = database.read_now(_left, report)
        after = database.read_now(counted)
        assert after == database.read_now(recounted), door
        moved = {key: after.get(key, 0) - counters.get(key, 0) for key in {*after, *counters}}
        raised = database.read_now(change_number, cast.owner.project.id) - number
        steps[door] = (raised, {key: n for key, n in moved.items() if n})
        kinds[door] = database.read_now(_values, select(events.c.actor_kind).where(events.c.report == report))
        audited[door] = database.read_now(_values, select(audit.c.action).where(audit.c.subject == report))
    assert left["patchrooms"]["timeline"] == [("status", {"from": "open", "to": "resolved"})]
    assert left["patchrooms"]["times"]
    assert all(each == left["patchrooms"] for each in left.values()), left
    assert all(each == steps["patchrooms"] for each in steps.values()), steps
    assert kinds == {"dashboard": ["user"], "mcp": ["agent"], "patchrooms": ["key"], "miniback": ["key"]}
    assert audited == {"dashboard": [], "mcp": ["report.status"], "patchrooms": [], "miniback": []}
