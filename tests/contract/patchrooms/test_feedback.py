"""Patchrooms, REST: reports listed, shown and triaged."""

import json
import re
from typing import Any

import pytest

from backroom.access import Role, person
from backroom.clock import now_ms
from backroom.reports.slices import change_slice
from backroom.reports.undo import Delete
from backroom.store.database import Database
from tests.contract.patchrooms.api import UNKNOWN_ID, Api, failure, report, text
from tests.contract.patchrooms.conftest import NewRoom
from tests.harness.cast import Cast

REPORT_FIELDS = {"id", "channelKey", "status", "blocks", "context", "identity", "createdAt"}


def _ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


def test_a_report_has_the_documented_fields(new_room: NewRoom) -> None:
    """REST, Report: exactly these fields, `identity` null where there is none, times with milliseconds."""
    room = new_room()
    id_ = room.sent(
        report(text('Ä \u2028 😀 "quoted"'), context={"url": "https://x.example/", "extra": {"a": [1, None]}})
    )["id"]
    found = room.get(f"/feedback/{id_}")
    assert found.keys() == REPORT_FIELDS
    assert re.fullmatch(r"[0-9a-f]{24}", found["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("createdAt"))
    assert found == {
        "id": id_,
        "channelKey": "bug",
        "status": "open",
        "blocks": [{"type": "text", "text": 'Ä \u2028 😀 "quoted"'}],
        "context": {"url": "https://x.example/", "extra": {"a": [1, None]}},
        "identity": None,
    }
    listed = room.get("/feedback")["items"][0]
    assert listed | {"createdAt": None} == found | {"createdAt": None}


def test_list_is_newest_first_with_20_by_default_and_100_at_most(new_room: NewRoom) -> None:
    """REST: newest first; `limit` is 20, capped at 100; B: above the cap it is clamped."""
    room = new_room()
    assert room.get("/feedback") == {"items": [], "nextCursor": None}
    sent = [room.sent(report())["id"] for _ in range(103)][::-1]
    assert _ids(room.get("/feedback")) == sent[:20]
    assert _ids(room.get("/feedback", limit=3)) == sent[:3]
    for limit in ("100", "101", "00000000000000000000000000000000000000000200", "9" * 5000, "1" + "0" * 18, "1" * 40):
        assert _ids(room.get("/feedback", limit=limit)) == sent[:100]
    assert _ids(room.get("/feedback", limit="0" * 30 + "3")) == sent[:3]


def test_next_cursor_leads_through_all_pages_and_ends_with_null(new_room: NewRoom) -> None:
    """REST: `nextCursor` is passed back as `before`; on the last page it is null, also when that is full."""
    room = new_room()
    sent = [room.sent(report())["id"] for _ in range(6)][::-1]
    seen: list[str] = []
    page = room.get("/feedback", limit=3)
    while page["nextCursor"]:
        assert page["nextCursor"] == page["items"][-1]["id"]
        seen += _ids(page)
        page = room.get("/feedback", limit=3, before=page["nextCursor"])
    assert seen + _ids(page) == sent
    assert len(page["items"]) == 3
    assert _ids(room.get("/feedback", before=sent[2])) == sent[3:]
    assert room.get("/feedback", before=sent[-1]) == {"items": [], "nextCursor": None}


def test_list_filters_by_channel_and_status(new_room: NewRoom) -> None:
    """REST: `channelKey` and `status` filter, together and with a cursor; B: an alias is its status."""
    room = new_room()
    bugs = [room.sent(report())["id"] for _ in range(4)][::-1]
    ideas = [room.sent(report(channelKey="feature"))["id"] for _ in range(4)][::-1]
    for id_ in (bugs[0], ideas[0], ideas[1]):
        assert room.call("PATCH", f"/feedback/{id_}", json={"status": "in-progress"}).status_code == 200
    assert _ids(room.get("/feedback", channelKey="feature")) == ideas
    assert _ids(room.get("/feedback", status="in-progress")) == [*ideas[:2], bugs[0]]
    assert _ids(room.get("/feedback", status="in_progress")) == [*ideas[:2], bugs[0]]
    assert _ids(room.get("/feedback", status="triaged")) == []
    assert _ids(room.get("/feedback", status="new")) == [*ideas[2:], *bugs[1:]]
    assert _ids(room.get("/feedback", status="open", channelKey="bug")) == bugs[1:]
    page = room.get("/feedback", status="open", channelKey="bug", limit=2)
    assert (_ids(page), page["nextCursor"]) == (bugs[1:3], bugs[2])
    assert _ids(room.get("/feedback", status="open", channelKey="bug", before=bugs[2])) == bugs[3:]
    assert _ids(room.get("/feedback", channelKey="no-such-channel")) == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=1.5", "limit=", "limit=ten", "limit=%D9%A1", "limit=+1", "limit=1e2", "limit=%00",
        "limit=" + "0" * 40, "limit=1_0", "limit=%201", "limit=1%0A", "limit=%EF%BC%91", "limit=%C2%B2",
        "status=", "status=done", "status=OPEN", "status=open%00", "status=%ED%A0%80",
        "before=", "before=x", f"before={UNKNOWN_ID}", "before=" + "f" * 23 + "%00",
        "channelKey=", "channelKey=Bug", "channelKey=a%00b", "channelKey=" + "a" * 65, "channelKey=%FF",
        "limit=1&limit=0",
    ],
)  # fmt: skip
def test_invalid_queries_are_400(owner: Api, query: str) -> None:
    """REST, B: a limit that is no positive whole number, a `before` that is no id of this project, any other
    status, are 400."""
    assert failure(owner.call("GET", f"/feedback?{query}")) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "query", ["x=1", "limit=5&page=%00", "&&&", "=", "%FF=%FF", "limit=0&limit=5", "a=" + "b" * 5000]
)
def test_unknown_and_odd_queries_are_ignored(owner: Api, query: str) -> None:
    assert owner.call("GET", f"/feedback?{query}").status_code == 200


def test_an_unchanged_list_is_304(new_room: NewRoom) -> None:
    room = new_room()
    room.sent(report())
    tag = room.call("GET", "/feedback").headers["etag"]
    again = room.call("GET", "/feedback", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert room.call("GET", "/feedback", headers={"If-None-Match": f'W/{tag}, "x"'}).status_code == 304
    room.sent(report())
    changed = room.call("GET", "/feedback", headers={"If-None-Match": tag})
    assert len(changed.json()["items"]) == 2
    assert room.call("GET", "/feedback", headers={"If-None-Match": "*"}).status_code == 304


@pytest.mark.parametrize("query", ["limit=abc", "status=bogus", "before=zzz", "channelKey=!!"])
@pytest.mark.parametrize("named", ["tag", "*"])
def test_an_invalid_query_is_400_whatever_the_client_has(new_room: NewRoom, query: str, named: str) -> None:
    """REST, B: 400; the ETag is that of another query."""
    room = new_room()
    tag = room.call("GET", "/feedback").headers["etag"]
    asked = {"If-None-Match": tag if named == "tag" else "*"}
    assert failure(room.call("GET", f"/feedback?{query}", headers=asked)) == (400, "BAD_REQUEST")


def test_a_cursor_outlives_its_report_s_way_into_the_trash(new_room: NewRoom, cast: Cast, database: Database) -> None:
    """REST: `nextCursor` is passed back as `before`; somebody may delete that very report meanwhile."""
    room = new_room()
    sent = [room.sent(report())["id"] for _ in range(4)][::-1]
    cursor = room.get("/feedback", limit=2)["nextCursor"]
    owner = person(cast.owner.id, "Owner", cast.owner.workspace, Role.OWNER)
    database.write_now(change_slice, owner, Delete(), [cursor], now_ms())
    assert _ids(room.get("/feedback", limit=2, before=cursor)) == sent[2:]
    assert failure(new_room().call("GET", f"/feedback?before={cursor}")) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("id_", [UNKNOWN_ID, "x", "%00" * 24, UNKNOWN_ID.upper(), UNKNOWN_ID + "0"])
def test_a_report_that_is_not_there_is_404(owner: Api, id_: str) -> None:
    """REST: 404 if not in this project."""
    assert failure(owner.call("GET", f"/feedback/{id_}")) == (404, "NOT_FOUND")
    assert failure(owner.call("PATCH", f"/feedback/{id_}", json={"status": "closed"})) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("open", "open"),
        ("triaged", "triaged"),
        ("in-progress", "in-progress"),
        ("resolved", "resolved"),
        ("closed", "closed"),
        ("new", "open"),
        ("in_progress", "in-progress"),
    ],
)
def test_status_is_set(owner: Api, sent: str, kept: str) -> None:
    """REST: PATCH answers `{"id","status"}`; B: the statuses and their aliases."""
    id_ = owner.sent(report())["id"]
    for _ in range(2):
        answer = owner.call("PATCH", f"/feedback/{id_}", json={"status": sent})
        assert (answer.status_code, answer.json()) == (200, {"id": id_, "status": kept})
    assert owner.get(f"/feedback/{id_}")["status"] == kept


@pytest.mark.parametrize(
    "body",
    [
        '{"status":"done"}', '{"status":"Open"}', '{"status":""}', '{"status":null}', '{"status":1}', "{}",
        "[]", "null",
        '{"status":"closed","note":"x"}', '{"status":"closed"', "", '{"status":"\\ud800"}', '{"status":"\\u0000"}',
        "[" * 100_000, '{"status":"closed"}{}', "\ufeff{}", '{"status":NaN}',
    ],
)  # fmt: skip
def test_invalid_bodies_are_400_and_change_nothing(owner: Api, body: str) -> None:
    """REST: an invalid status is 400; B: so are unknown fields."""
    id_ = owner.sent(report())["id"]
    assert failure(owner.call("PATCH", f"/feedback/{id_}", content=body.encode())) == (400, "BAD_REQUEST")
    assert owner.get(f"/feedback/{id_}")["status"] == "open"


def test_an_unknown_field_is_named(owner: Api) -> None:
    id_ = owner.sent(report())["id"]
    answer = owner.call("PATCH", f"/feedback/{id_}", json={"status": "closed", "note": "x"})
    assert "note" in answer.json()["error"]


def test_bodies_that_are_not_json_are_415_and_too_large_ones_413(owner: Api) -> None:
    """REST, B: 413 and 415 wear the error shape."""
    path = f"/feedback/{owner.sent(report())['id']}"
    form = owner.call("PATCH", path, content=b"status=closed", headers={"Content-Type": "text/plain"})
    assert failure(form) == (415, "UNSUPPORTED_MEDIA_TYPE")
    large = json.dumps({"status": "x" * (8 * 1024 * 1024)}).encode()
    assert failure(owner.call("PATCH", path, content=large)) == (413, "PAYLOAD_TOO_LARGE")
