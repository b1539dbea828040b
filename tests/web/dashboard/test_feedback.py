"""The inbox and a report over HTTP: roles, bad input, files, streams, exports."""

from __future__ import annotations

import csv
import io
import json
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from PIL import Image

from backroom.access import Role
from backroom.accounts.commands import add_member
from backroom.accounts.sessions import start_session
from backroom.clock import now_ms
from tests.harness.cast import Cast, Person
from tests.harness.fixtures import StartServer
from tests.harness.member import Member, in_store, members_of
from tests.harness.processes import PATIENCE
from tests.harness.server import Server

People = dict[str, Member]


def png(size: tuple[int, int] = (800, 500)) -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", size, "#7950f2").save(picture, "PNG")
    return picture.getvalue()


def send(server: Server, cast: Cast, text: str, picture: bytes | None = None, **fields: Any) -> str:
    """A report from outside; returns its id."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
    if picture is not None:
        blocks.append({"type": "screenshot", "file": "shot", "width": 800, "height": 500})
    report = {"clientId": str(uuid.uuid4()), "blocks": blocks, "context": {"url": "https://a.example/x"}, **fields}
    parts: dict[str, Any] = {"report": (None, json.dumps(report))}
    if picture is not None:
        parts["shot"] = ("shot.png", picture, "image/png")
    answer = httpx.post(f"{server.url}/api/v1/ingest/{cast.owner.project.project_key}", files=parts)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_turned_photograph_comes_without_its_place_and_measures_what_is_seen(
    cast: Cast, server: Server, people: People
) -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112], exif[0x010F] = 6, "Examplephone 12"
    Image.new("RGB", (400, 200), "#7950f2").save(out, "JPEG", exif=exif)
    report = send(server, cast, "Look", out.getvalue())
    (shot,) = [block for block in people["viewer"].get(f"/r/{report}/raw").json()["blocks"] if "width" in block]
    assert (shot["width"], shot["height"]) == (200, 400)
    kept = people["viewer"].get(f"/r/{report}/files/{shot['url'].rpartition('/')[2]}").content
    assert b"Examplephone" not in kept
    assert Image.open(io.BytesIO(kept)).getexif()[0x0112] == 6


def status_of(people: People, report: str) -> str:
    return str(people["viewer"].get(f"/r/{report}/raw").json()["status"])


@pytest.mark.parametrize("path", ["/apply", "/r/{}/comments"])
def test_a_viewer_reads_and_changes_nothing(cast: Cast, server: Server, people: People, path: str) -> None:
    report = send(server, cast, "Look")
    fields = {"change": "status:closed", "id": report, "text": "Hello"}
    answer = people["viewer"].post(path.format(report), fields)
    assert answer.status_code == 403
    assert status_of(people, report) == "open"
    assert "Hello" not in people["viewer"].get(f"/r/{report}").text


@pytest.mark.parametrize("who", ["member", "admin", "owner"])
def test_members_and_more_triage(cast: Cast, server: Server, people: People, who: str) -> None:
    report = send(server, cast, "Look")
    answer = people[who].post("/apply", {"change": "status:triaged", "id": report, "back": f"/r/{report}"})
    page = people[who].follow(answer)
    assert "1 report changed to Triaged" in page.text
    assert status_of(people, report) == "triaged"


def test_the_outsider_changes_nothing_by_id_or_by_filter(cast: Cast, server: Server, people: People) -> None:
    report = send(server, cast, "Ours")
    outsider = people["outsider"]
    assert outsider.post("/apply", {"change": "status:closed", "id": report}).status_code == 404
    slug = cast.owner.project.slug
    everything = {"change": "delete", "all": "yes", "path": f"/p/{slug}", "query": "status=any"}
    assert outsider.post("/apply", everything).status_code == 404
    outsider.post("/apply", everything | {"path": "/inbox"})
    assert status_of(people, report) == "open"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"change": "status:solved"}, "status must be one of"),
        ({"change": "shout:loud"}, "change must begin with one of"),
        ({"change": "label:" + "x" * 41}, "40"),
        ({"change": "assignee:" + "0" * 24}, "member"),
    ],
)
def test_a_change_that_cannot_be_says_why(
    cast: Cast, server: Server, people: People, fields: dict[str, str], words: str
) -> None:
    report = send(server, cast, "Look")
    answer = people["member"].post("/apply", {**fields, "id": report})
    assert answer.status_code == 400, answer.text
    assert words in answer.text


def test_a_channel_that_is_not_there_moves_nothing(cast: Cast, server: Server, people: People) -> None:
    report = send(server, cast, "Look")
    page = people["member"].follow(people["member"].post("/apply", {"change": "channel:nowhere", "id": report}))
    assert "No reports were moved" in page.text
    assert people["viewer"].get(f"/r/{report}/raw").json()["channelKey"] == "bug"


def test_nothing_selected_and_too_much_selected_are_told(people: People) -> None:
    for ids in ([], ["0" * 23 + "1"] * 1001):
        answer = people["member"].post("/apply", {"change": "status:open", "id": ids})
        assert answer.status_code == 400
        assert "Select 1 to 1,000 reports" in answer.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\nb"])
def test_a_change_leads_back_to_our_own_pages_only(cast: Cast, server: Server, people: People, back: str) -> None:
    report = send(server, cast, "Look")
    answer = people["member"].post("/apply", {"change": "status:triaged", "id": report, "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")


@pytest.mark.parametrize(
    "query",
    ["status=solved", "source=FAX", "since=yesterday", "q=" + "x" * 1001],
)
def test_a_filter_that_cannot_be_read_says_what_is_wrong(cast: Cast, people: People, query: str) -> None:
    answer = people["viewer"].get(f"/p/{cast.owner.project.slug}?{query}")
    assert answer.status_code == 400
    assert "This filter isn&#39;t valid" in answer.text or "This filter isn't valid" in answer.text
    assert 'id="x-since"' in answer.text, "the form to mend it is there"


@pytest.mark.parametrize("before", ["x", "g" * 24])
def test_a_cursor_that_is_none_is_refused(cast: Cast, people: People, before: str) -> None:
    answer = people["viewer"].get(f"/p/{cast.owner.project.slug}?before={before}")
    assert answer.status_code == 400


def test_a_comment_needs_words(cast: Cast, server: Server, people: People) -> None:
    report = send(server, cast, "Look")
    for text in ("", "   ", "x" * 10_001):
        answer = people["member"].post(f"/r/{report}/comments", {"text": text, "kind": "reply"})
        assert answer.status_code == 400
        assert 'id="comment-wrong"' in answer.text
        assert f">{text}</textarea>" in answer.text, "what was typed is still there"
        assert 'value="reply" checked' in answer.text


def test_a_page_drawn_for_another_workspace_changes_nothing(cast: Cast, server: Server, people: People) -> None:
    report = send(server, cast, "Look")
    fields = {"change": "status:closed", "id": report, "workspace": cast.outsider.workspace}
    assert people["member"].post("/apply", fields).status_code == 409
    slug = cast.owner.project.slug
    path = f"/p/{slug}?part=list&workspace={cast.outsider.workspace}"
    assert people["member"].get(path).status_code == 409
    assert status_of(people, report) == "open"


@pytest.mark.parametrize("fields", [{}, {"path": "/views"}, {"path": "/inbox", "query": "q=%FF"}, {"path": ""}])
def test_all_that_match_needs_the_filter_that_is_meant(people: People, fields: dict[str, str]) -> None:
    answer = people["member"].post("/apply", {"change": "delete", "all": "yes", **fields})
    assert answer.status_code == 400


def test_a_viewer_is_offered_no_changes(cast: Cast, server: Server, people: People) -> None:
    send(server, cast, "Look")
    page = people["viewer"].get(f"/p/{cast.owner.project.slug}").text
    assert 'name="id"' not in page
    assert 'id="bulk-bar"' not in page


def test_files_are_for_those_who_reach_the_report(cast: Cast, server: Server, people: People) -> None:
    picture = png()
    report = send(server, cast, "Look", picture)
    other = send(server, cast, "Another")
    file = people["viewer"].get(f"/r/{report}/raw").json()["blocks"][1]["url"].rpartition("/")[2]
    shown = people["viewer"].get(f"/r/{report}/files/{file}")
    assert (shown.status_code, shown.content) == (200, picture)
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    part = people["viewer"].get(f"/r/{report}/files/{file}", {"range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, picture[:10])
    behind = people["viewer"].get(f"/r/{report}/files/{file}", {"range": f"bytes={len(picture) + 5}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{len(picture)}")
    assert people["viewer"].get(f"/r/{other}/files/{file}").status_code == 404
    assert people["outsider"].get(f"/r/{report}/files/{file}").status_code == 404
    thumb = people["viewer"].get(f"/r/{report}/thumb")
    with Image.open(io.BytesIO(thumb.content)) as small:
        assert (small.format, small.size) == ("WEBP", (156, 108))
    assert people["viewer"].get(f"/r/{other}/thumb").status_code == 404
    assert people["outsider"].get(f"/r/{report}/thumb").status_code == 404


def test_exports_hold_what_the_filter_matches(cast: Cast, server: Server, people: People) -> None:
    slug = cast.owner.project.slug
    word = f"export{uuid.uuid4().hex[:8]}"
    ids = {send(server, cast, f"{word} =1+1 {number}", png() if number == 0 else None) for number in range(3)}
    send(server, cast, "Not this one")
    viewer = people["viewer"]
    lines = viewer.get(f"/p/{slug}/export?as=jsonl&q={word}").text.splitlines()
    assert {json.loads(line)["id"] for line in lines} == ids
    table = list(csv.DictReader(io.StringIO(viewer.get(f"/p/{slug}/export?as=csv&q={word}").text)))
    assert {row["id"] for row in table} == ids
    with zipfile.ZipFile(io.BytesIO(viewer.get(f"/p/{slug}/export?as=zip&q={word}").content)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert "index.md" in names
    assert len([name for name in names if name.startswith("reports/")]) == 3
    assert len([name for name in names if name.startswith("blob/scr_")]) == 1
    assert viewer.get("/inbox/export?as=pdf").status_code == 400
    assert people["outsider"].get(f"/p/{slug}/export?as=csv").status_code == 404
    assert word not in people["outsider"].get("/inbox/export?as=jsonl&status=any").text


def events(member: Member, url: str, path: str) -> Iterator[str]:
    with (
        httpx.Client(base_url=url, cookies={"backroom": member.token}) as client,
        client.stream("GET", path) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        yield from answer.iter_lines()


def test_a_change_is_told_to_those_who_may_see_it(cast: Cast, server: Server, people: People) -> None:
    heard: dict[str, threading.Event] = {"viewer": threading.Event(), "outsider": threading.Event()}
    listening = threading.Barrier(3)

    def listen(name: str) -> None:
        told = 0
        for line in events(people[name], server.url, "/live"):
            if line != "event: changed":
                continue
            told += 1
            if told == 1:  # comes with the connection, for what nobody heard before
                listening.wait(PATIENCE)
            else:
                heard[name].set()
                return

    threads = [threading.Thread(target=listen, args=(name,), daemon=True) for name in heard]
    for thread in threads:
        thread.start()
    listening.wait(PATIENCE)
    send(server, cast, "Told at once")
    assert heard["viewer"].wait(PATIENCE)
    assert not heard["outsider"].is_set()
    slug = cast.owner.project.slug
    assert people["outsider"].get(f"/live?project={slug}").status_code == 404


def test_a_server_with_open_streams_stops_at_once(fresh_cast: Cast, start_server: StartServer) -> None:
    running = start_server(fresh_cast.store)
    with members_of(fresh_cast, running) as people:
        opened = threading.Event()

        def listen() -> None:
            for _ in events(people["viewer"], running.url, "/live"):
                opened.set()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        assert opened.wait(PATIENCE)
        assert running.stop() == 0
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_link_into_another_of_ones_workspaces_leads_there(cast: Cast, server: Server, people: People) -> None:
    report = send(server, cast, "Elsewhere")
    slug = cast.owner.project.slug
    in_store(cast.store, add_member, cast.owner.workspace, cast.teammate.id, Role.VIEWER, now_ms())
    with member_of(cast, server, cast.teammate) as both:
        assert both.get("/projects").status_code == 200
        assert f"/p/{slug}" not in both.get("/projects").text
        for path in (f"/r/{report}?status=any", f"/p/{slug}/insights"):
            page = both.follow(both.get(path)) if path.startswith("/r/") else both.get(path)
            assert page.status_code == 200
        assert f"/p/{slug}" in both.get("/projects").text
    assert people["outsider"].get(f"/r/{report}").status_code == 404


@contextmanager
def member_of(cast: Cast, server: Server, somebody: Person) -> Iterator[Member]:
    """Somebody signed in to the workspace of their own."""
    token = in_store(cast.store, start_session, somebody.id, somebody.workspace, "", "test", True, now_ms())
    with Member(server.url, somebody.id, token) as signed_in:
        yield signed_in
