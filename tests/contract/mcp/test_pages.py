"""What agents did, in the dashboard: rooms with their reports, a report's timeline, the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import pytest

from tests.contract.mcp.agent import Agent
from tests.contract.mcp.conftest import Send
from tests.harness.cast import Cast
from tests.harness.member import Member, members_of
from tests.harness.server import Server


@pytest.fixture(scope="module")
def people(cast: Cast, server: Server) -> Iterator[dict[str, Member]]:
    with members_of(cast, server) as found:
        yield found


def test_rooms_are_listed_with_their_reports(owner: Agent, people: dict[str, Member], send: Send) -> None:
    viewer = people["viewer"]
    assert "No rooms yet" in viewer.get("/p/room/rooms").text
    room = owner.done("create_room", title="Check<out>", goal="Sell", constraints=["One column"], tool="codex")
    report = send("Too <long>", artifact={"id": room["id"]})
    send("Elsewhere entirely")
    page = viewer.get("/p/room/rooms").text
    assert "Check&lt;out&gt;" in page
    assert "1 open of 1" in page
    path = room["link"].removeprefix(owner.url)
    assert f'href="{path}"' in page
    inside = viewer.get(path).text
    for words in ("Too &lt;long&gt;", f'href="/r/{report}"', "One column", "Sell", "codex", "artifact-review"):
        assert words in inside
    assert "Elsewhere entirely" not in inside
    assert "Too &lt;long&gt;" in viewer.get(f"{path}?status=open").text
    assert "Too &lt;long&gt;" not in viewer.get(f"{path}?status=closed").text
    assert viewer.get(f"{path}?status=nonsense").status_code == 400
    for other in (people["outsider"].get(path), viewer.get("/p/room/rooms/nope")):
        assert other.status_code == 404


def test_a_room_and_the_inbox_lead_to_each_other(owner: Agent, people: dict[str, Member], send: Send) -> None:
    viewer = people["viewer"]
    room = owner.done("create_room", title="There and back")
    inside = send("Seen in the room", artifact={"id": room["id"]})
    odd = send("Seen on a page of its own", artifact={"id": "my/page?&", "title": "My <page>"})
    send("Seen anywhere")
    filtered = f"/p/room?status=any&artifact={room['id']}"
    assert f'href="{escape(filtered)}"' in viewer.get(room["link"].removeprefix(owner.url)).text
    for path in (filtered, f"/inbox?artifact={room['id']}"):
        page = viewer.get(path).text
        assert "Seen in the room" in page
        assert "Seen anywhere" not in page
        assert "Seen on a page of its own" not in page
        assert f'aria-label="Remove the filter artifact {room["id"]}"' in page
    for report, artifact, title, goal in (
        (inside, room["id"], room["id"], f"/p/room/rooms/{room['id']}"),
        (odd, "my%2Fpage%3F%26", "My &lt;page&gt;", "/p/room?status=any&artifact=my%2Fpage%3F%26"),
    ):
        way = f"/p/room/rooms?artifact={artifact}"
        assert f'<a href="{way}">{title}</a>' in viewer.get(f"/r/{report}").text
        answer = viewer.get(way)
        assert (answer.status_code, answer.headers["location"]) == (303, goal)
        assert people["outsider"].get(way).status_code == 404
    assert "Seen on a page of its own" in viewer.get("/p/room?status=any&artifact=my%2Fpage%3F%26").text
    assert 'value="my/page?&amp;"' in viewer.get("/p/room?status=any&artifact=my%2Fpage%3F%26").text


def test_what_an_agent_did_is_told_as_its_own(owner: Agent, people: dict[str, Member], send: Send) -> None:
    report = send("To be fixed")
    url = "https://git.example.com/c/1?a=1&b=2"
    owner.done("link_commit", id=report, commit="abcdef1234567890", url=url, message="Fix <it>")
    owner.done("add_comment", id=report, text="Done & dusted")
    owner.done("set_status", id=report, status="resolved")
    page = people["viewer"].get(f"/r/{report}").text
    for words in (
        "<b>API key (agent)</b>",
        "linked the commit",
        'href="https://git.example.com/c/1?a=1&amp;b=2"',
        "<code>abcdef1234</code>",
        "Fix &lt;it&gt;",
        "Done &amp; dusted",
        "changed the status to resolved",
    ):
        assert words in page
    made = owner.done("create_report", text="Found by an agent")
    assert "created the report" in people["viewer"].get(f"/r/{made['id']}").text
    assert report in people["owner"].get("/audit").text
