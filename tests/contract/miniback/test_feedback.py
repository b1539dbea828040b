"""Reading, changing and deleting feedback (Miniback, "Routes")."""

from itertools import pairwise

import pytest

from backroom.clock import iso, now_ms
from tests.contract.miniback.room import NOBODY, WIDGET, Room
from tests.harness.processes import wait_until

STATUS_INVALID = "Invalid status. Must be NEW, REVIEWED or RESOLVED"
FIELDS = ["id", "message", "context", "status", "source", "createdAt", "updatedAt", "project"]
CONTEXT = {"url": "https://example.com/a", "screen": {"width": 1, "height": 2.5}, "tags": ["ä", None, True]}


def test_feedback_has_these_fields(room: Room) -> None:
    """D: `id, message, context, status, source, createdAt, updatedAt, project:{id,name,slug}`."""
    sent = room.send("Hello", CONTEXT)
    found = room.get(f"/feedback/{sent['id']}")["data"]
    assert list(found) == FIELDS
    assert found == sent | {
        "source": "API",
        "updatedAt": sent["createdAt"],
        "project": {"id": room.project, "name": "Room", "slug": room.slug},
    }
    assert room.get("/feedback")["data"] == [found]


def test_list_of_all_feedback_is_paged(room: Room) -> None:
    """D: newest first; `page` (1), `pageSize` (10, max 100); B: with `pagination`."""
    sent = [room.send(f"number {number}")["message"] for number in range(25)][::-1]
    first = room.get("/feedback")
    assert [item["message"] for item in first["data"]] == sent[:10]
    assert first["pagination"] == {"total": 25, "page": 1, "pageSize": 10, "totalPages": 3, "hasMore": True}
    last = room.get("/feedback", page=3)
    assert [item["message"] for item in last["data"]] == sent[20:]
    assert last["pagination"] == {"total": 25, "page": 3, "pageSize": 10, "totalPages": 3, "hasMore": False}
    exact = room.get("/feedback", page=5, pageSize=5)
    assert [item["message"] for item in exact["data"]] == sent[20:]
    assert exact["pagination"]["hasMore"] is False
    beyond = room.get("/feedback", page=1_000_000_000, pageSize=100)
    assert (beyond["data"], beyond["pagination"]["total"]) == ([], 25)
    for size in ("101", "1000000000", "1" + "0" * 18, "9" * 5_000):
        clamped = room.get("/feedback", pageSize=size)
        assert (len(clamped["data"]), clamped["pagination"]["pageSize"]) == (25, 100)
    for page in ("1" + "0" * 18, "9" * 5_000):
        beyond = room.get("/feedback", page=page, pageSize="9" * 30)
        assert (beyond["data"], beyond["pagination"]["hasMore"]) == ([], False)
    padded = room.get("/feedback", page="00000000001", pageSize="0" * 30 + "5")
    assert (len(padded["data"]), padded["pagination"]["page"]) == (5, 1)


def test_list_of_a_project_is_windowed(room: Room) -> None:
    """D: `limit` (50, max 100), `offset` (0) → `{data:[{id,message,context,status,createdAt}], pagination:{…}}`."""
    sent = [room.send(f"number {number}", {"n": number}) for number in range(55)][::-1]
    path = f"/projects/{room.project}/feedback"
    first = room.get(path)
    assert first["data"] == sent[:50]
    assert list(first["data"][0]) == ["id", "message", "context", "status", "createdAt"]
    assert first["pagination"] == {"total": 55, "limit": 50, "offset": 0, "hasMore": True}
    rest = room.get(path, offset=50, limit=5)
    assert rest["data"] == sent[50:]
    assert rest["pagination"] == {"total": 55, "limit": 5, "offset": 50, "hasMore": False}
    assert room.get(path, limit=101)["pagination"]["limit"] == 100
    for offset in ("1000000000", "1" + "0" * 18, "9" * 5_000):
        beyond = room.get(path, offset=offset)
        assert (beyond["data"], beyond["pagination"]["hasMore"]) == ([], False)
        assert room.get(path, limit=offset)["pagination"]["limit"] == 100
    padded = room.get(path, offset="0" * 30, limit="00000000001")["pagination"]
    assert (padded["offset"], padded["limit"]) == (0, 1)


def test_pages_join_without_gap_or_repeat(room: Room) -> None:
    """D: newest first, through both paginations."""
    sent = [room.send(f"number {number}")["id"] for number in range(12)][::-1]
    for path, asks in (
        ("/feedback", [{"page": page, "pageSize": 5} for page in (1, 2, 3)]),
        (f"/projects/{room.project}/feedback", [{"offset": offset, "limit": 5} for offset in (0, 5, 10)]),
    ):
        pages = [room.get(path, **ask) for ask in asks]
        assert [item["id"] for page in pages for item in page["data"]] == sent
        assert [page["pagination"]["hasMore"] for page in pages] == [True, True, False]


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "1.5", "1e3", "+1", " 1", "1_0", "٣"])
def test_what_is_no_whole_number_in_range(room: Room, value: str) -> None:
    """B: a value that is no whole number in range is 400."""
    for path, name in (
        ("/feedback", "page"),
        ("/feedback", "pageSize"),
        (f"/projects/{room.project}/feedback", "limit"),
        (f"/projects/{room.project}/feedback", "offset"),
    ):
        if (name, value) == ("offset", "0"):
            continue
        answer = room.ask("GET", path, params={name: value})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"{name} must be a whole number")


def test_status_filter_and_change(room: Room) -> None:
    """D: PUT /api/feedback/{id} `{status}` → `{data:Feedback}`; lists take `status`."""
    ids = {status: room.send(status.lower())["id"] for status in ("NEW", "REVIEWED", "RESOLVED")}
    for status, feedback in ids.items():
        answer = room.ask("PUT", f"/feedback/{feedback}", {"status": status})
        assert answer.status_code == 200
        assert answer.json() == room.get(f"/feedback/{feedback}")
        assert answer.json()["data"]["status"] == status
    for status in ids:
        for path in ("/feedback", f"/projects/{room.project}/feedback"):
            found = room.get(path, status=status)
            assert [item["message"] for item in found["data"]] == [status.lower()]
            assert found["pagination"]["total"] == 1
    assert room.ask("PUT", f"/feedback/{ids['RESOLVED']}", {"status": "NEW"}).json()["data"]["status"] == "NEW"
    assert room.messages(status="NEW") == ["resolved", "new"]


def test_change_moves_the_time_of_update(room: Room) -> None:
    """D: Feedback has `updatedAt`; B: where the status stays nothing changes."""
    sent = room.send("m")
    path = f"/feedback/{sent['id']}"
    assert room.ask("PUT", path, {"status": "NEW"}).json()["data"]["updatedAt"] == sent["createdAt"]
    wait_until(lambda: iso(now_ms()) > sent["createdAt"], "the next millisecond", every=0.001)
    changed = room.ask("PUT", path, {"status": "REVIEWED"}).json()["data"]
    assert changed["updatedAt"] > changed["createdAt"] == sent["createdAt"]
    assert room.ask("PUT", path, {"status": "REVIEWED"}).json()["data"] == changed


@pytest.mark.parametrize("status", ["", "new", "open", "CLOSED", 1, None, ["NEW"]])
def test_invalid_status(room: Room, status: object) -> None:
    """B: 400, text to the letter."""
    path = f"/feedback/{room.send('m')['id']}"
    answers = [room.ask("PUT", path, {"status": status}), room.ask("PUT", path, {}), room.ask("PUT", path, [])]
    if isinstance(status, str):
        answers += [
            room.ask("GET", "/feedback", params={"status": status}),
            room.ask("GET", f"/projects/{room.project}/feedback", params={"status": status}),
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (400, {"error": STATUS_INVALID})


def test_source_filter(room: Room) -> None:
    """D: `source` (`WIDGET`, `API`)."""
    room.send("from the API")
    body = {"message": "from a widget", "projectSlug": room.slug}
    assert room.ask("POST", "/feedback", body, key=None, headers=WIDGET).status_code == 201
    assert room.messages(source="API") == ["from the API"]
    assert room.messages(source="WIDGET") == ["from a widget"]
    assert room.get("/feedback", source="WIDGET")["pagination"]["total"] == 1
    for source in ("", "widget", "SDK"):
        answer = room.ask("GET", "/feedback", params={"source": source})
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid source. Must be WIDGET or API"})


def test_search_in_messages(room: Room, outsider: Room) -> None:
    """D: `search` (in messages)."""
    for message in ("The login button is broken", "LOGIN failed", "100% sure_thing", "nothing here", 'say "hi"'):
        room.send(message, {"note": "login"})
    outsider.send("login elsewhere")
    assert room.messages(search="login") == ["LOGIN failed", "The login button is broken"]
    assert room.messages(search="0% sure_t") == ["100% sure_thing"]
    assert room.messages(search="%") == ["100% sure_thing"]
    assert room.messages(search='"hi') == ['say "hi"']
    assert room.messages(search="login' OR 1=1 --") == []
    assert len(room.messages(search="")) == 5
    page = room.get("/feedback", search="login", pageSize=1, page=2)
    assert [item["message"] for item in page["data"]] == ["The login button is broken"]
    assert page["pagination"] == {"total": 2, "page": 2, "pageSize": 1, "totalPages": 2, "hasMore": False}
    assert room.messages(search="login", status="RESOLVED") == []


def test_start_and_end(room: Room) -> None:
    """D: `start`, `end` (ISO dates); B: dates or times, both inclusive."""
    moments = [room.send(str(number))["createdAt"] for number in range(3)]
    at_once = [str(number) for number in (2, 1, 0) if moments[number] == moments[1]]
    assert room.messages(start=moments[1], end=moments[1]) == at_once
    assert room.messages(start=moments[0], end=moments[2]) == ["2", "1", "0"]
    assert room.messages(start=moments[0][:10], end=moments[2][:10]) == ["2", "1", "0"]
    assert room.messages(start="2100-01-01") == []
    assert room.messages(end="1999-12-31T23:59:59.999Z") == []
    assert room.messages(start="0001-01-01", end="9999-12-31T23:59:59-12:00") == ["2", "1", "0"]
    assert room.get("/feedback", start="2100-01-01")["pagination"]["total"] == 0


def test_offset_whose_plus_became_a_space(room: Room) -> None:
    """B: `start` and `end` take times with an offset, also one whose plus sign a query turns into a space."""
    room.send("m")
    for offset in ("+02:00", "%2B02:00", "-02:00", "Z", "+0200", "+02"):
        answer = room.ask("GET", f"/feedback?start=2020-01-01T00:00:00{offset}&end=2099-01-01T10:00:00.5{offset}")
        assert (answer.status_code, answer.json()["pagination"]["total"]) == (200, 1), answer.text
    assert room.messages(start="2020-01-01 10:00") == ["m"]


@pytest.mark.parametrize("value", ["", "yesterday", "2026-13-01", "2026-02-30", "20", "1700000000", "2026-01-01T25:00"])
def test_dates_that_are_none(room: Room, value: str) -> None:
    """B: 400 with a clear text."""
    for name in ("start", "end"):
        answer = room.ask("GET", "/feedback", params={name: value})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"{name} must be an ISO 8601 date or time")


def test_project_filters(room: Room, outsider: Room) -> None:
    """D: `project` or `projectSlug`; B: another workspace's is 403, an unknown one 404."""
    other, slug = room.another_project("Second")
    room.send("first")
    room.ask("POST", f"/projects/{other}/feedback", {"message": "second"})
    assert room.messages(project=room.project) == ["first"]
    assert room.messages(projectSlug=slug) == ["second"]
    assert room.messages(project=other, projectSlug=slug) == ["second"]
    assert room.messages(project=room.project, projectSlug=slug) == []
    for name, own, unknown in (("project", outsider.project, NOBODY), ("projectSlug", outsider.slug, "nowhere")):
        denied = room.ask("GET", "/feedback", params={name: own})
        assert (denied.status_code, denied.json()) == (403, {"error": "Invalid API key or project not found"})
        for value in (unknown, "", "nul\0"):
            missing = room.ask("GET", "/feedback", params={name: value})
            assert (missing.status_code, missing.json()) == (404, {"error": "Project not found"})


def test_no_feedback_at_all(room: Room) -> None:
    """B: `{data:[Feedback], pagination:{total,page,pageSize,totalPages,hasMore}}`, of nothing too."""
    pages = {"total": 0, "page": 1, "pageSize": 10, "totalPages": 0, "hasMore": False}
    assert room.get("/feedback") == {"data": [], "pagination": pages}


def test_delete_feedback(room: Room) -> None:
    """D: DELETE /api/feedback/{id}; B: 200 `{data:{id}}`."""
    kept, gone = room.send("kept"), room.send("gone")
    answer = room.ask("DELETE", f"/feedback/{gone['id']}")
    assert (answer.status_code, answer.json()) == (200, {"data": {"id": gone["id"]}})
    for method, body in (("GET", None), ("PUT", {"status": "NEW"}), ("DELETE", None)):
        again = room.ask(method, f"/feedback/{gone['id']}", body)
        assert (again.status_code, again.json()) == (404, {"error": "Feedback not found"})
    assert room.messages() == ["kept"]
    assert room.get(f"/projects/{room.project}/feedback")["data"] == [kept]
    assert room.get(f"/projects/{room.project}/feedback")["pagination"]["total"] == 1
    assert room.messages(search="gone") == []


def test_feedback_of_nobody_and_of_somebody_else(room: Room, outsider: Room) -> None:
    """D: 404 `Feedback not found`; B: for another workspace's as well."""
    theirs = outsider.send("theirs")["id"]
    for feedback in (theirs, NOBODY, "nonsense", theirs.upper() + "0", "%00"):
        for method, body in (("GET", None), ("PUT", {"status": "RESOLVED"}), ("DELETE", None)):
            answer = room.ask(method, f"/feedback/{feedback}", body)
            assert (answer.status_code, answer.json()) == (404, {"error": "Feedback not found"})
    assert outsider.get(f"/feedback/{theirs}")["data"]["status"] == "NEW"


def test_unchanged_list_is_304(room: Room) -> None:
    """B: a project's list has an ETag that changes with its feedback, and differs from page to page."""
    path = f"/projects/{room.project}/feedback"
    sent = room.send("m")["id"]
    pages = [{}, {"limit": 1}, {"offset": 1}, {"status": "NEW"}]
    tags = [room.ask("GET", path, params=page).headers["etag"] for page in pages]
    assert len(set(tags)) == len(pages)
    for page, tag in zip(pages, tags, strict=True):
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer = room.ask("GET", path, params=page, headers={"if-none-match": known})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert room.ask("GET", path, params={"limit": 1}, headers={"if-none-match": tags[0]}).status_code == 200
    changes = [("PUT", f"/feedback/{sent}", {"status": "RESOLVED"}), ("POST", path, {"message": "n"})]
    seen = [tags[0]]
    for method, changed, body in [*changes, ("DELETE", f"/feedback/{sent}", None)]:
        assert room.ask(method, changed, body).status_code in (200, 201)
        answer = room.ask("GET", path, headers={"if-none-match": seen[-1]})
        assert answer.status_code == 200
        seen.append(answer.headers["etag"])
    assert all(earlier != later for earlier, later in pairwise(seen))


def test_context_is_kept_as_sent(room: Room) -> None:
    """D: context is free-form JSON, kept as sent."""
    raw = b'{ "b":1.50, "a" : [1e2,-0.0,123456789012345678901234567890], "\\u00e9":"\\u00e9\\ud83d\\ude00", "a":{} }'
    path = f"/projects/{room.project}/feedback"
    body = b'{"message":"m","context":%b}' % raw
    answer = room.ask("POST", path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 201
    for kept in (answer, room.ask("GET", path), room.ask("GET", "/feedback")):
        assert raw in kept.content
    assert raw in room.ask("GET", f"/feedback/{answer.json()['data']['id']}").content


def test_head_answers_as_get_without_a_body(room: Room) -> None:
    """B: HEAD works where GET does."""
    feedback = room.send("m")["id"]
    for path in ("/projects", f"/projects/{room.project}", "/feedback", f"/feedback/{feedback}"):
        get, head = room.ask("GET", path), room.ask("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(get.content))
