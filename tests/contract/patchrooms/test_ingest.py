"""Patchrooms, Ingest (B) and Widget: what is taken, how it is kept, what a retry answers."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backroom.access import Role, operator, person
from backroom.clock import now_ms
from backroom.projects.commands import update_project
from backroom.reports.queries import get_report
from backroom.reports.slices import change_slice
from backroom.reports.undo import Move
from backroom.store.database import Database
from tests.contract.patchrooms.api import UNKNOWN_ID, Api, audio, failure, report, screenshot, text
from tests.contract.patchrooms.conftest import NewRoom
from tests.harness.cast import Cast

UUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"


def _title(database: Database, room: Api, sent: dict[str, Any]) -> str:
    id_ = room.sent(sent)["id"]
    return database.read_now(get_report, [room.project], id_).title


def test_a_new_report_is_201_with_where_it_went(owner: Api) -> None:
    """→ 201 `{id, channelKey, status}`."""
    answer = owner.send(report())
    assert answer.status_code == 201
    body = answer.json()
    assert owner.get(f"/feedback/{body['id']}")["status"] == "open"
    assert body == {"id": body["id"], "channelKey": "bug", "status": "open", "receiptUrl": body["receiptUrl"]}


def test_a_retry_answers_the_first_result(new_room: NewRoom) -> None:
    """`clientId` makes a retry return the first answer, 200, also in other letters and with other words."""
    room = new_room()
    first = report(channelKey="feature")
    answer = room.send(first)
    again = room.send(first | {"clientId": first["clientId"].upper(), "channelKey": "bug", "blocks": [text("other")]})
    assert (again.status_code, again.json()) == (200, answer.json())
    assert [item["blocks"] for item in room.get("/feedback")["items"]] == [first["blocks"]]


def test_a_retry_answers_the_first_result_whatever_became_of_the_report(
    new_room: NewRoom, cast: Cast, database: Database
) -> None:
    """`clientId` makes a retry return the first answer, also once a team has moved and resolved the report."""
    room = new_room()
    owner = person(cast.owner.id, "Owner", cast.owner.workspace, Role.OWNER)
    sent = report(channelKey="feature")
    answer = room.send(sent)
    for channel in ("bug", "alpha-feedback"):
        database.write_now(change_slice, owner, Move(channel), [answer.json()["id"]], now_ms())
    room.call("PATCH", f"/feedback/{answer.json()['id']}", json={"status": "resolved"})
    again = room.send(sent)
    assert (again.status_code, again.json()) == (200, answer.json())


def test_retries_at_once_make_one_report(new_room: NewRoom) -> None:
    """`clientId`: however many come in the same moment."""
    room = new_room()
    sent = report()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: room.send(sent), range(48)))
    assert sorted(answer.status_code for answer in answers) == [200] * 47 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert len(room.get("/feedback")["items"]) == 1


def test_the_same_client_id_in_two_projects_is_two_reports(new_room: NewRoom) -> None:
    sent = report()
    ids = {new_room().sent(sent)["id"], new_room().sent(sent)["id"]}
    assert len(ids) == 2


@pytest.mark.parametrize("client", ["", "x", UUID[:-1], UUID + "0", UUID.replace("-", ""), f"{{{UUID}}}"])
def test_client_id_must_be_a_uuid(owner: Api, client: str) -> None:
    """`clientId` (a UUID)."""
    answer = owner.send(report(clientId=client))
    assert failure(answer) == (400, "BAD_REQUEST")
    assert "clientId" in answer.json()["error"]


@pytest.mark.parametrize(
    "key", ["pr_" + "x" * 24, "pr_", "x", "%00" * 27, "pr_%00" + "x" * 23, "pr_" + "x" * 300, UNKNOWN_ID]
)
def test_an_unknown_key_is_404(owner: Api, key: str) -> None:
    """Unknown key 404."""
    answer = owner.http.post(f"/api/v1/ingest/{key}", json=report())
    assert failure(answer) == (404, "NOT_FOUND")


def test_a_secret_key_is_no_project_key(owner: Api) -> None:
    answer = owner.http.post(f"/api/v1/ingest/{owner.key}", json=report())
    assert failure(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize("key", ["nowhere", "Bug", "", "a\0b", "x" * 1000])
def test_an_unknown_channel_is_as_none(new_room: NewRoom, key: str) -> None:
    """Channels, matching: only an explicit, live channel wins; a report is never lost for its channel."""
    room = new_room()
    if "\0" in key:
        assert failure(room.send(report(channelKey=key))) == (400, "BAD_REQUEST")
    else:
        assert room.sent(report(channelKey=key))["channelKey"] == "bug"


def test_a_paused_project_takes_nothing(new_room: NewRoom) -> None:
    """One store, two dialects: a PAUSED project takes no feedback and stays readable."""
    room = new_room(status="PAUSED")
    assert failure(room.send(report())) == (403, "FORBIDDEN")
    assert room.get("/feedback")["items"] == []


def test_what_is_not_known_is_ignored(owner: Api) -> None:
    """Ingest ignores unknown fields, so that newer widgets can send to older servers."""
    sent = report({"type": "text", "text": "x", "mood": "angry"}, mood={"a": 1}, identity={"userId": "u", "email": "e"})
    stored = owner.stored(owner.send(sent))
    assert stored["blocks"] == [text("x")]
    assert stored["identity"] == {"userId": "u", "verified": False}


def test_blocks_and_context_are_kept_as_sent(owner: Api) -> None:
    """Widget: text, selection with quote, selector, url; context with all its fields and `extra`."""
    blocks = [
        text("one\ntwo"),
        {"type": "selection", "quote": "Pay now", "selector": "#pay > b", "url": "https://shop.example/pay"},
        {"type": "selection", "quote": "only a quote"},
        {"type": "selection", "quote": "", "selector": "input#coupon-code"},
    ]
    context = {
        "url": "https://shop.example/pay?x=1#top",
        "pathname": "/pay",
        "host": "shop.example",
        "userAgent": "Mozilla/5.0",
        "language": "ru",
        "viewport": {"width": 1280, "height": 720},
        "device": "desktop",
        "timestamp": "2026-06-03T09:14:22.000Z",
        "consoleErrors": ["TypeError: x is not a function", "ошибка"],
        "extra": {"plan": "pro", "n": 1.5e300, "big": 2**63, "none": None, "ok": True, "deep": [[[{"a": {}}]]]},
    }
    stored = owner.stored(owner.send(report(*blocks, context=context)))
    assert stored["blocks"] == blocks
    assert stored["context"] == context


def test_context_may_be_left_out(owner: Api) -> None:
    sent = report()
    del sent["context"]
    assert owner.stored(owner.send(sent))["context"] == {}


@pytest.mark.parametrize(
    "blocks",
    [
        [text("x")] * 50,
        [text("x" * 10_000)],
        [text("😀" * 10_000)],
        [{"type": "selection", "quote": "q" * 10_000, "selector": "s" * 1_000}],
    ],
    ids=["50 blocks", "long text", "long emoji", "long selection"],
)
def test_the_limits_themselves_are_taken(owner: Api, blocks: list[dict[str, Any]]) -> None:
    """Widget: at most 50 blocks, text up to 10,000 characters."""
    assert owner.stored(owner.send(report(*blocks)))["blocks"] == blocks


def test_a_context_has_a_limit_to_the_byte(owner: Api) -> None:
    """Widget: a context of at most 64 KB."""
    for length, status in ((65_536, 201), (65_537, 400)):
        context = '{"a":"%s"}' % ("x" * (length - 8))
        body = json.dumps(report(context="here")).replace('"here"', context)
        assert owner.send(body.encode()).status_code == status


@pytest.mark.parametrize("character", ["ä", "😀"])
def test_the_longest_report_is_taken_however_it_is_escaped(owner: Api, character: str) -> None:
    """Widget: 50 blocks of 10,000 characters each, of which JSON's escapes make up to 12 bytes."""
    sent = report(*[text(character * 10_000)] * 50)
    body = json.dumps(sent).encode()
    assert len(body) > 500_000 * len(json.dumps(character)[1:-1])
    assert owner.stored(owner.send(body))["blocks"] == sent["blocks"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"blocks": []}, "blocks"),
        ({"blocks": [text("x")] * 51}, "blocks"),
        ({"blocks": None}, "blocks"),
        ({"blocks": [text("")]}, "text"),
        ({"blocks": [text("x" * 10_001)]}, "text"),
        ({"blocks": [{"type": "text"}]}, "text"),
        ({"blocks": [{"text": "x"}]}, "type"),
        ({"blocks": [{"type": "video", "text": "x"}]}, "type"),
        ({"blocks": [{"type": "selection", "quote": "q" * 10_001}]}, "quote"),
        ({"blocks": [{"type": "selection", "quote": "q", "selector": "s" * 1_001}]}, "selector"),
        ({"blocks": [{"type": "selection"}]}, "quote"),
        ({"context": None}, "context"),
        ({"context": []}, "context"),
        ({"context": "x"}, "context"),
        ({"context": {"x": "y" * 65_536}}, "context"),
        ({"context": {"x": "a\0b"}}, "NUL"),
        ({"context": {"a\0b": 1}}, "NUL"),
        ({"blocks": [text("a\0b")]}, "NUL"),
        ({"identity": {"userId": "a\0b"}}, "NUL"),
        ({"artifact": {"id": "a\0b"}}, "NUL"),
        ({"identity": {"userId": 7}}, "userId"),
        ({"identity": {"userId": "u" * 201}}, "userId"),
        ({"identity": "u"}, "identity"),
        ({"artifact": {"title": "no id"}}, "id"),
        ({"artifact": {"id": ""}}, "id"),
        ({"artifact": {"id": "a", "constraints": {"a": 1}}}, "constraints"),
        ({"channelKey": 7}, "channelKey"),
        ({"clientId": None}, "clientId"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:50],
)
def test_what_can_not_be_taken_is_400_and_says_why(new_room: NewRoom, change: dict[str, Any], named: str) -> None:
    """Ingest, Widget: the limits; the sentence names the field."""
    room = new_room()
    answer = room.send(report() | change)
    assert failure(answer) == (400, "BAD_REQUEST")
    assert named in answer.json()["error"]
    assert room.get("/feedback")["items"] == []


def test_an_escaped_backslash_before_u0000_is_no_nul(owner: Api) -> None:
    assert owner.stored(owner.send(report(text("\\u0000"))))["blocks"] == [text("\\u0000")]


@pytest.mark.parametrize("block", [screenshot(), audio()], ids=["screenshot", "audio"])
def test_blocks_with_files_need_a_form(owner: Api, block: dict[str, Any]) -> None:
    """Ingest: `multipart/form-data` with one part per file."""
    answer = owner.send(report(text("see"), block))
    assert failure(answer) == (400, "BAD_REQUEST")
    assert "multipart/form-data" in answer.json()["error"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("application/vnd.report+json", 201),
        ("text/plain", 201),
        ("text/plain;charset=UTF-8", 201),
        ("application/x-www-form-urlencoded", 415),
        ("text/html", 415),
        ("application/octet-stream", 415),
        ("image/png", 415),
        ("multipart/mixed; boundary=x", 415),
        ("nonsense", 415),
        ("", 415),
    ],
)
def test_content_types(owner: Api, kind: str, status: int) -> None:
    """Ingest: application/json, or as `navigator.sendBeacon` sends it text/plain; wrong type 415."""
    answer = owner.send(report(), Content_Type=kind)
    assert answer.status_code == status
    if status == 415:
        assert failure(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_without_a_content_type_it_is_json(owner: Api) -> None:
    request = owner.http.build_request("POST", f"/api/v1/ingest/{owner.project_key}", content=json.dumps(report()))
    request.headers.pop("content-type", None)
    assert owner.http.send(request).status_code == 201


@pytest.mark.parametrize(
    ("blocks", "title"),
    [
        ([text("  First line  \nsecond")], "First line"),
        ([text("\n\n  \nafter blank lines")], "after blank lines"),
        ([text("x" * 100)], "x" * 80),
        ([{"type": "selection", "quote": "Quoted"}, text("Words")], "Words"),
        ([{"type": "selection", "quote": " Quoted\nmore"}], "Quoted"),
        ([text("   "), {"type": "selection", "quote": "Quoted"}], "Quoted"),
        ([{"type": "selection", "quote": "", "selector": "b"}], "Untitled report"),
        ([text(" \n ")], "Untitled report"),
    ],
)
def test_titles(owner: Api, database: Database, blocks: list[dict[str, Any]], title: str) -> None:
    """MCP, Title: first line of the first text block, else the quote, else `Untitled report`; 80 characters."""
    assert _title(database, owner, report(*blocks)) == title


def _signature(secret: str, user: str) -> str:
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


def test_identity_is_verified_by_its_signature(new_room: NewRoom) -> None:
    """Identity: lowercase hex HMAC-SHA256(secret, userId); a missing or wrong one is kept with `verified:false`."""
    room = new_room(identity_secret="s3cret")
    right = _signature("s3cret", "ü-1")
    for signature, verified in (
        (right, True),
        (None, False),
        ("", False),
        (right.upper(), False),
        (right[:-1], False),
        (_signature("other", "ü-1"), False),
        (_signature("s3cret", "u-2"), False),
        ("ü", False),
    ):
        identity = {"userId": "ü-1"} | ({} if signature is None else {"signature": signature})
        stored = room.stored(room.send(report(identity=identity)))
        assert stored["identity"] == {"userId": "ü-1", "verified": verified}, signature


def test_identity_without_a_secret_is_never_verified(new_room: NewRoom) -> None:
    """Identity: without a secret there is nothing that a signature could be right by."""
    room = new_room()
    stored = room.stored(room.send(report(identity={"userId": "u", "signature": _signature("", "u")})))
    assert stored["identity"] == {"userId": "u", "verified": False}


@pytest.mark.parametrize("identity", [None, {}, {"userId": None}, {"userId": ""}, {"signature": "x"}])
def test_identity_without_user_is_null(owner: Api, identity: Any) -> None:
    """Identity: no userId → `null`."""
    assert owner.stored(owner.send(report(identity=identity)))["identity"] is None


def test_a_new_secret_counts_at_once(new_room: NewRoom, database: Database) -> None:
    """Identity: judged by the project's secret as it is when the report is stored."""
    room = new_room(identity_secret="old")
    room.sent(report())
    database.write_now(update_project, operator(), room.project, {"identity_secret": "new"}, now_ms())
    for secret, verified in (("old", False), ("new", True)):
        identity = {"userId": "u", "signature": _signature(secret, "u")}
        assert room.stored(room.send(report(identity=identity)))["identity"]["verified"] is verified


@pytest.mark.parametrize(
    "artifact",
    [
        {"id": "room-1"},
        {
            "id": "room-1",
            "title": "Checkout",
            "tool": "claude-code",
            "goal": "less friction",
            "constraints": "one column",
        },
        {"id": "a" * 200, "constraints": ["one column", "no new colours"]},
    ],
)
def test_the_artifact_is_kept(owner: Api, database: Database, artifact: dict[str, Any]) -> None:
    """Widget: `artifact {id,title,tool,goal,constraints}`: what is being reviewed; `id` names the room."""
    answer = owner.send(report(artifact=artifact))
    assert owner.stored(answer)["artifact"] == artifact
    assert owner.get("/feedback", limit=1)["items"][0]["artifact"] == artifact
    stored = database.read_now(get_report, [owner.project], answer.json()["id"])
    assert stored.artifact_id == artifact["id"]


def test_the_page_s_address_is_kept_for_lists(owner: Api, database: Database) -> None:
    for url, kept in (("https://x.example/", "https://x.example/"), (7, None), (None, None)):
        id_ = owner.sent(report(context={"url": url}))["id"]
        assert database.read_now(get_report, [owner.project], id_).url == kept
