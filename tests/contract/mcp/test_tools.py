"""What each tool does, for its owner and for an outsider; that twice is once; who is said to have done it."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import mcp_types as types
import pytest
from PIL import Image
from sqlalchemy import select

from backroom.access import Role, person
from backroom.accounts.audit import list_audit
from backroom.reports.timeline import list_events
from backroom.store.database import Database
from backroom.store.tables import reports
from backroom.web.mcp.tools import TOOLS
from tests.contract.mcp.agent import Agent, text_of, texts_of
from tests.contract.mcp.conftest import AgentWith, Send
from tests.contract.patchrooms.api import picture
from tests.harness.cast import Cast
from tests.upkeep.reporting import send_reports

FIELDS = ["id", "shortId", "title", "status", "channelKey", "url", "artifactId", "createdAt"]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def events_of(database: Database, cast: Cast, report: str) -> list[Any]:
    viewer = person("nobody", "Nobody", cast.owner.workspace, Role.VIEWER)
    return database.read_now(list_events, viewer, report)


def test_list_reports_as_it_is_documented(owner: Agent, send: Send) -> None:
    """Patchrooms, "MCP": pretty-printed JSON array, newest first, these fields."""
    room = {"id": "room-1", "title": "Checkout"}
    ids = [
        send("First\nmore of it", context={"url": "https://app.example.com/a?b=1"}),
        send("Second", channelKey="feature", artifact=room),
        send("Third", channelKey="feature"),
    ]
    text = text_of(owner.call("list_reports"))
    listed = json.loads(text)
    assert text.startswith('[\n  {\n    "id": ')
    assert [each["id"] for each in listed[:3]] == ids[::-1]
    assert all(list(each) == FIELDS for each in listed)
    first = listed[2]
    assert (first["shortId"], first["title"], first["status"]) == (ids[0][-4:], "First", "open")
    assert (first["url"], first["artifactId"], first["channelKey"]) == ("https://app.example.com/a?b=1", None, "bug")
    assert first["createdAt"].endswith("Z")
    assert owner.call("list_reports").structured_content["reports"] == listed

    def found(**wanted: Any) -> list[str]:
        return [each["id"] for each in owner.done("list_reports", **wanted)["reports"]]

    assert found(artifactId="room-1") == [ids[1]]
    assert found(artifactId="room-1", channelKey="bug") == []
    assert found(artifactId="room-1", status="resolved") == []
    assert found(channelKey="feature")[:2] == [ids[2], ids[1]]
    assert found(status="resolved") == []
    assert found(limit=1) == [ids[2]]
    assert found(limit="1") == [ids[2]], "agents write numbers as words"


def test_a_list_goes_on_where_it_ended(owner: Agent, send: Send) -> None:
    ids = [send(f"Page {n}", artifact={"id": "book"}) for n in range(5)]
    for wanted in ({}, {"artifactId": "book"}, {"channelKey": "bug"}):
        page = owner.done("list_reports", limit=2, **wanted)
        further = owner.done("list_reports", limit=2, before=page["nextCursor"], **wanted)
        assert [each["id"] for each in (*page["reports"], *further["reports"])] == ids[:0:-1]
    last = owner.done("list_reports", limit=5, artifactId="book")
    assert (len(last["reports"]), last["nextCursor"]) == (5, None)


def test_lists_are_cut_at_200(owner: Agent, cast: Cast, database: Database) -> None:
    there = len(owner.done("list_reports", limit=200)["reports"])
    send_reports(database, cast.owner.project.project_key, 201 - there)
    assert len(owner.done("list_reports", limit=100_000)["reports"]) == 200
    assert len(owner.done("list_reports")["reports"]) == 50


def test_wrong_arguments_are_answered_with_what_would_be_right(owner: Agent) -> None:
    assert "status must be one of open, triaged, in-progress" in owner.refused("list_reports", status="fresh")
    assert "There are: bug, feature, alpha-feedback" in owner.refused("list_reports", channelKey="nope")
    assert "limit" in owner.refused("list_reports", limit=0)
    assert "nextCursor" in owner.refused("list_reports", before="x")
    unknown = owner.refused("list_reports", colour="red")
    assert "colour" in unknown
    assert "list_reports takes status (optional), channelKey (optional)" in unknown
    assert "set_status takes id, status" in owner.refused("set_status", id="0" * 24)
    assert "find them with list_reports" in owner.refused("get_report", id="beef")
    assert owner.refused("get_report", id="\0" * 24)
    assert "no live channel" in owner.refused("create_report", text="x", channelKey="\0")
    for text in ("", " ", "x" * 10_001, "nul\0"):
        assert "1 to 10,000 characters" in owner.refused("create_report", text=text)
    assert "https://" in owner.refused("create_report", text="x", url="javascript:alert(1)")


def test_get_report_is_markdown(owner: Agent, send: Send) -> None:
    report = send("The coupon field is gone", context={"url": "https://app.example.com/pay", "language": "en"})
    text = text_of(owner.call("get_report", id=report))
    assert "## Report — The coupon field is gone" in text
    assert "- **Comment:** The coupon field is gone" in text
    assert "- **Page:** `https://app.example.com/pay`" in text
    assert f"- **Report:** {report}, channel bug, open, " in text
    assert f"{owner.url}/r/{report}" in texts_of(owner.call("get_report", id=report))


def test_screenshots_come_along_when_they_are_asked_for(owner: Agent, cast: Cast, send: Send) -> None:
    blocks = [{"type": "screenshot", "file": "shot", "width": 3000, "height": 1000}]
    sent = json.dumps({"clientId": "6f7c6f7e-7d0e-4d38-a5f8-0d9f0f8f4a11", "blocks": blocks, "context": {}})
    files: dict[str, Any] = {
        "report": (None, sent, "application/json"),
        "shot": ("shot.png", picture("PNG", 3000, 1000)),
    }
    answer = httpx.post(f"{owner.url}/api/v1/ingest/{cast.owner.project.project_key}", files=files)
    report = answer.json()["id"]
    plain = owner.call("get_report", id=report)
    assert [part.type for part in plain.content] == ["text", "text"]
    assert f"{owner.url}/api/v1/projects/" in text_of(plain)
    assert "get_report with images: true" in texts_of(plain)
    shown = [part for part in owner.call("get_report", id=report, images=True).content if part.type == "image"]
    assert isinstance(shown[0], types.ImageContent)
    assert (len(shown), shown[0].mime_type) == (1, "image/jpeg")
    with Image.open(io.BytesIO(base64.b64decode(shown[0].data))) as scaled:
        assert scaled.size == (1568, 523)


def test_what_a_reporter_hid_and_pointed_to_is_so_in_the_pictures(owner: Agent, cast: Cast) -> None:
    marks = [
        {"kind": "redact", "points": [{"x": 0, "y": 0}, {"x": 300, "y": 400}]},
        {"kind": "box", "points": [{"x": 500, "y": 100}, {"x": 700, "y": 300}]},
    ]
    blocks = [
        {"type": "screenshot", "file": "one", "width": 800, "height": 400, "annotations": marks},
        {"type": "screenshot", "file": "two", "width": 800, "height": 400},
        {"type": "screenshot", "file": "three", "width": 800, "height": 400, "annotations": {"redact": "the name"}},
    ]
    sent = json.dumps({"clientId": str(uuid4()), "blocks": blocks, "context": {}})
    blue = io.BytesIO()
    Image.new("RGB", (800, 400), "#143cc8").save(blue, "PNG")
    files: dict[str, Any] = {name: (f"{name}.png", blue.getvalue(), "image/png") for name in ("one", "two", "three")}
    answer = httpx.post(
        f"{owner.url}/api/v1/ingest/{cast.owner.project.project_key}",
        files={"report": (None, sent, "application/json")} | files,
    )
    result = owner.call("get_report", id=answer.json()["id"], images=True)
    shown = [part for part in result.content if isinstance(part, types.ImageContent)]
    colours = []
    for part in shown:
        with Image.open(io.BytesIO(base64.b64decode(part.data))) as picture:
            colours.append([COLOURS[nearest(picture.getpixel(spot))] for spot in ((150, 200), (501, 200), (600, 200))])
    assert colours == [["cover", "ink", "blue"], ["blue", "blue", "blue"]]
    assert "Screenshots: 2 of 3 are shown" in texts_of(result), "one says that something is hidden, but not where"


COLOURS = {(31, 27, 22): "cover", (224, 49, 49): "ink", (20, 60, 200): "blue"}


def nearest(found: Any) -> tuple[int, int, int]:
    return min(COLOURS, key=lambda each: sum((one - other) ** 2 for one, other in zip(each, found, strict=True)))


def test_search_finds_words(owner: Agent, send: Send) -> None:
    report = send("Zebrafish in the CHECKOUT")
    assert [each["id"] for each in owner.done("search_reports", query="zebrafish")["reports"]] == [report]
    assert owner.done("search_reports", query="zebrafish", status="closed")["reports"] == []
    assert "1 to 1,000" in owner.refused("search_reports", query=" ")


def test_next_report_is_the_one_that_several_say(owner: Agent, send: Send) -> None:
    said = [send("Login fails!", channelKey="alpha-feedback") for _ in range(3)]
    send("Something else", channelKey="alpha-feedback")
    texts = texts_of(owner.call("next_report", channelKey="alpha-feedback"))
    assert texts.startswith(f"Next is {said[0]}: its channel weighs 1, and it has waited since today.")
    assert f"The same is said by {said[1]}, {said[2]}." in texts
    assert "## Report — Login fails" in texts
    for report in said:
        owner.done("set_status", id=report, status="triaged")
    assert "## Report — Something else" in texts_of(owner.call("next_report", channelKey="alpha-feedback"))
    owner.done("list_reports", channelKey="alpha-feedback", status="open")
    for each in owner.done("list_reports", channelKey="alpha-feedback", status="open")["reports"]:
        owner.done("assign_report", id=each["id"], assignee="Owner")
    assert "Nothing waits" in text_of(owner.call("next_report", channelKey="alpha-feedback"))


def test_a_status_that_it_has_already_changes_nothing(owner: Agent, cast: Cast, database: Database, send: Send) -> None:
    report = send("Twice")
    assert owner.done("set_status", id=report, status="in_progress") == {
        "id": report,
        "status": "in-progress",
        "changed": True,
        "note": "It was open.",
    }
    updated = updated_at(database, report)
    again = owner.done("set_status", id=report, status="in-progress")
    assert (again["changed"], again["note"]) == (False, "It was in-progress already; nothing was changed.")
    assert updated_at(database, report) == updated
    assert [event.kind for event in events_of(database, cast, report)] == ["status"]


def updated_at(database: Database, report: str) -> int:
    return database.read_now(
        lambda conn: int(conn.execute(select(reports.c.updated_at).where(reports.c.id == report)).scalar_one())
    )


def test_everything_twice_is_done_once_and_told_as_the_agents(
    agent_with: AgentWith, cast: Cast, database: Database, send: Send
) -> None:
    agent = agent_with("feedback:read", "feedback:write")
    report = send("To be worked on")
    changes: list[tuple[str, dict[str, Any]]] = [
        ("add_comment", {"id": report, "text": "The cause is in cart.py"}),
        ("assign_report", {"id": report, "assignee": "owner"}),
        ("link_commit", {"id": report, "commit": COMMIT, "url": "https://git.example.com/c/1", "message": "Fix"}),
        ("set_status", {"id": report, "status": "resolved"}),
    ]
    for tool, given in changes:
        assert agent.done(tool, **given)["changed"] is True, tool
        assert agent.done(tool, **given)["changed"] is False, tool
    found = events_of(database, cast, report)
    assert [event.kind for event in found] == ["note", "assignee", "commit", "status"]
    assert {(event.actor_kind, event.actor_name) for event in found} == {("agent", "Claude (agent)")}
    assert found[2].payload == {"commit": COMMIT, "url": "https://git.example.com/c/1", "message": "Fix"}
    boss = person("nobody", "Nobody", cast.owner.workspace, Role.OWNER)
    noted = [each for each in database.read_now(list_audit, boss, None, 200) if each.subject == report]
    assert [each.action for each in reversed(noted)] == [
        "report.comment",
        "report.assign",
        "report.commit",
        "report.status",
    ]
    assert {(each.actor_kind, each.actor_name) for each in noted} == {("agent", "Claude")}
    assert [each["text"] for each in agent.done("list_comments", id=report)["comments"]] == ["The cause is in cart.py"]


def test_a_report_of_the_agents_own_words(owner: Agent, cast: Cast, database: Database) -> None:
    given = {"text": "The build is red\nsince yesterday", "title": "Red build", "channelKey": "feature"}
    made = owner.done("create_report", url="https://ci.example.com/7", **given)
    assert (made["created"], made["channelKey"], made["status"]) == (True, "feature", "open")
    assert made["link"] == f"{owner.url}/r/{made['id']}"
    again = owner.done("create_report", url="https://ci.example.com/7", **given)
    assert (again["created"], again["id"]) == (False, made["id"])
    assert owner.done("create_report", **given)["id"] != made["id"], "another address, another report"
    assert "## Report — Red build" in text_of(owner.call("get_report", id=made["id"]))
    assert [(event.kind, event.actor_kind) for event in events_of(database, cast, made["id"])] == [("created", "agent")]


def test_what_is_made_twice_is_one_and_noted_once(agent_with: AgentWith, cast: Cast, database: Database) -> None:
    agent = agent_with("feedback:read", "feedback:write")
    for tool, given in (("create_report", {"text": f"Once {uuid4()}"}), ("create_room", {"title": f"Once {uuid4()}"})):
        first, again = agent.done(tool, **given), agent.done(tool, **given)
        assert (first["created"], again["created"], again["id"]) == (True, False, first["id"])
        boss = person("nobody", "Nobody", cast.owner.workspace, Role.OWNER)
        noted = [each for each in database.read_now(list_audit, boss, None, 200) if each.subject == first["id"]]
        assert [(each.action, each.actor_kind, each.actor_name) for each in noted] == [
            (tool.replace("create_", "") + ".create", "agent", "Claude")
        ]


@pytest.mark.parametrize("tool", ["create_report", "create_room", "add_comment", "link_commit", "set_status"])
def test_the_same_at_the_same_time_is_done_once(owner: Agent, send: Send, tool: str) -> None:
    report = send("Raced")
    given = {
        "create_report": {"text": f"Raced {uuid4()}"},
        "create_room": {"title": f"Raced {uuid4()}"},
        "add_comment": {"id": report, "text": "Raced"},
        "link_commit": {"id": report, "commit": COMMIT},
        "set_status": {"id": report, "status": "closed"},
    }[tool]
    with ThreadPoolExecutor(6) as pool:
        answers = [each.json()["result"] for each in pool.map(lambda _: owner.post_call(tool, given), range(6))]
    assert not [answer for answer in answers if answer.get("isError")]
    done = [answer["structuredContent"] for answer in answers]
    assert len({each["id"] for each in done}) == 1
    assert [each.get("changed", each.get("created")) for each in done].count(True) == 1


def test_assigning_says_who_may_be_named(owner: Agent, send: Send) -> None:
    report = send("Whose is it?")
    assert "Owner" in owner.refused("assign_report", id=report, assignee="Outsider")
    assert "nobody's, so there is no 'me'" in owner.refused("assign_report", id=report, assignee="me")
    assert owner.done("assign_report", id=report, assignee="none")["changed"] is False


def test_a_commit_must_be_one(owner: Agent, send: Send) -> None:
    report = send("Linked")
    assert "hex digits" in owner.refused("link_commit", id=report, commit="main")
    assert "https://" in owner.refused("link_commit", id=report, commit=COMMIT, url="javascript:alert(1)")


def test_projects_and_channels(owner: Agent, cast: Cast) -> None:
    project = cast.owner.project
    assert owner.done("list_projects")["projects"] == [
        {"id": project.id, "name": "Room", "slug": "room", "projectKey": project.project_key, "active": True}
    ]
    channels = owner.done("list_channels")["channels"]
    assert [(each["key"], each["isDefault"]) for each in channels] == [
        ("bug", True),
        ("feature", False),
        ("alpha-feedback", False),
    ]
    assert json.loads(text_of(owner.call("list_channels"))) == channels


def test_a_room_is_the_same_by_its_title(owner: Agent, cast: Cast) -> None:
    made = owner.done(
        "create_room", title="Landing </script> page", goal="Sell", constraints="One column", tool="codex"
    )
    assert made["created"] is True
    script = made["script"]
    assert script.count("</script>") == 2, "a title can't end the script"
    options = json.loads(script.split("Patchrooms.init(")[1].rsplit(");</script>", 1)[0])
    assert options == {
        "projectKey": cast.owner.project.project_key,
        "mode": "artifact-review",
        "artifact": {
            "id": made["id"],
            "title": "Landing </script> page",
            "tool": "codex",
            "goal": "Sell",
            "constraints": ["One column"],
        },
    }
    assert made["link"] == f"{owner.url}/p/room/rooms/{made['id']}"
    again = owner.done("create_room", title="Landing </script> page", goal="Sell more")
    assert (again["created"], again["id"]) == (False, made["id"])
    assert '"goal":"Sell more"' in again["script"]
    assert '"constraints":["One column"]' in again["script"], "what isn't given stays"
    assert "1 to 200" in owner.refused("create_room", title="")


@pytest.mark.parametrize(
    "tool", ["get_report", "list_comments", "set_status", "add_comment", "assign_report", "link_commit"]
)
def test_an_outsider_finds_no_report(outsider: Agent, cast: Cast, database: Database, send: Send, tool: str) -> None:
    report = send("Secret")
    more = {
        "set_status": {"status": "closed"},
        "add_comment": {"text": "x"},
        "assign_report": {"assignee": "none"},
        "link_commit": {"commit": COMMIT},
    }.get(tool, {})
    assert "There is no such report" in outsider.refused(tool, id=report, **more)
    assert "Secret" not in texts_of(outsider.call("list_reports"))
    assert "Secret" not in texts_of(outsider.call("search_reports", query="Secret"))
    assert "Secret" not in texts_of(outsider.call("next_report"))
    assert events_of(database, cast, report) == []


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_tells_an_outsider_anything_or_changes_it(
    owner: Agent, outsider: Agent, cast: Cast, database: Database, send: Send, tool: str
) -> None:
    """Each with all that it takes, and everything in it the owner's."""
    room = owner.done("create_room", title="Confidential")["id"]
    report = send("Confidential", artifact={"id": room})
    owner.done("add_comment", id=report, text="Confidential")
    before = events_of(database, cast, report)
    every = {
        "id": report,
        "query": "Confidential",
        "artifactId": room,
        "before": report,
        "text": "Mine",
        "title": "Mine",
        "status": "closed",
        "assignee": "Owner",
        "commit": COMMIT,
        "images": True,
        "archived": True,
    }
    takes = TOOLS[tool].input_schema().get("properties", {})
    answer = outsider.post_call(tool, {name: value for name, value in every.items() if name in takes})
    assert answer.status_code == 200
    assert "Confidential" not in answer.text
    assert cast.owner.project.id not in answer.text
    assert cast.owner.project.project_key not in answer.text
    assert events_of(database, cast, report) == before


def test_an_outsider_sees_nothing_else_either(owner: Agent, outsider: Agent, cast: Cast) -> None:
    room = owner.done("create_room", title="Ours")
    assert [each["slug"] for each in outsider.done("list_projects")["projects"]] == ["elsewhere"]
    assert outsider.done("create_room", title="Ours")["id"] != room["id"]
    assert outsider.done("list_reports", artifactId=room["id"])["reports"] == []


def test_resources_and_prompts(owner: Agent, outsider: Agent, send: Send) -> None:
    report = send("As a resource")
    uri = f"backroom://report/{report}"
    listed = owner.run(lambda client: client.list_resources()).resources
    assert uri in [resource.uri for resource in listed]
    read = owner.run(lambda client: client.read_resource(uri)).contents[0]
    assert isinstance(read, types.TextResourceContents)
    assert read.text == text_of(owner.call("get_report", id=report))
    templates = owner.run(lambda client: client.list_resource_templates()).resource_templates
    assert [template.uri_template for template in templates] == ["backroom://report/{id}"]
    for other in ("backroom://report/x", f"backroom://report/{'0' * 24}", "file:///etc/passwd"):
        assert owner.post("resources/read", {"uri": other}).json()["error"]["message"] == "There is no such report."
    assert outsider.post("resources/read", {"uri": uri}).json()["error"]["message"] == "There is no such report."
    prompts = {prompt.name: prompt for prompt in owner.run(lambda client: client.list_prompts()).prompts}
    assert prompts.keys() == {"triage-the-inbox", "fix-this-report"}
    fix = owner.run(lambda client: client.get_prompt("fix-this-report", {"id": report}))
    assert "## Report — As a resource" in fix.messages[0].content.text  # type: ignore[union-attr]
    triage = owner.run(lambda client: client.get_prompt("triage-the-inbox", {"limit": "3"}))
    assert "at most 3" in triage.messages[0].content.text  # type: ignore[union-attr]
    assert "error" in owner.post("prompts/get", {"name": "fix-this-report", "arguments": {}}).json()
    assert "error" in owner.post("prompts/get", {"name": "nope"}).json()
