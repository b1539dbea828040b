"""`GET /api/feedback` by the cookie of somebody who is signed in (Miniback, "Routes")."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import Connection

from backroom.access import Role
from backroom.accounts.commands import add_member, add_person
from backroom.accounts.rules import Kind, Plan
from backroom.accounts.sessions import start_session
from backroom.clock import now_ms
from tests.contract.miniback.conftest import NewRoom
from tests.contract.miniback.room import Room

REQUIRED = "API key is required. Provide it via 'x-api-key' header or 'api_key' query parameter."
PAID_PLANS = (
    "GET requests are available on paid plans only. FREE plan users can only POST feedback. "
    "Upgrade to STARTER or PRO for full API access."
)


def sign_in(room: Room, role: Role | None = Role.VIEWER, *, confirmed: bool = True) -> dict[str, str]:
    """The headers of a new person's browser, who has that role in the room's workspace, or belongs to none."""

    def add(tx: Connection) -> str:
        now = now_ms()
        user = add_person(tx, f"{uuid4()}@example.com", "Somebody", "no hash at all", now)[0]
        if role is not None:
            add_member(tx, room.workspace, user, role, now)
        workspace = room.workspace if role else ""
        return start_session(tx, user, workspace, "", "", confirmed, now)

    return {"cookie": f"other=a b c; backroom={room.db.write_now(add)}"}


def test_a_session_reads_its_own_workspace(room: Room, outsider: Room) -> None:
    """D: session cookie or key; the cookie counts for the workspace that the person is in."""
    room.send("In the room")
    outsider.send("Elsewhere")
    answer = room.ask("GET", "/feedback", key=None, headers=sign_in(room))
    assert answer.status_code == 200
    assert [item["message"] for item in answer.json()["data"]] == ["In the room"]
    assert answer.headers["cache-control"] == "private, no-store"
    other = room.ask("GET", f"/feedback?projectSlug={outsider.slug}", key=None, headers=sign_in(room))
    assert other.status_code == 403


def test_pages_of_other_sites_cannot_read_it(room: Room) -> None:
    answer = room.ask("GET", "/feedback", key=None, headers=sign_in(room) | {"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_session_opens_nothing_else(room: Room) -> None:
    """D: the other routes take a key."""
    cookie = sign_in(room, Role.OWNER)
    for method, path in (("GET", "/projects"), ("GET", f"/projects/{room.project}/feedback"), ("POST", "/projects")):
        answer = room.ask(method, path, key=None, headers=cookie)
        assert (answer.status_code, answer.json()) == (401, {"error": REQUIRED})


def test_a_key_goes_before_the_session(room: Room, outsider: Room) -> None:
    outsider.send("Elsewhere")
    answer = outsider.ask("GET", "/feedback", headers=sign_in(room))
    assert [item["message"] for item in answer.json()["data"]] == ["Elsewhere"]
    wrong = room.ask("GET", "/feedback", key="mbk_wrong", headers=sign_in(room))
    assert wrong.status_code == 403


def test_who_is_not_wholly_signed_in_is_nobody(room: Room) -> None:
    for headers in (sign_in(room, confirmed=False), {"cookie": "backroom=nonsense"}, {"cookie": "backroom="}):
        answer = room.ask("GET", "/feedback", key=None, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": REQUIRED})
    assert room.ask("GET", "/feedback", key=None, headers=sign_in(room, None)).status_code == 403


def test_reading_by_session_is_no_api_call(make_room: NewRoom) -> None:
    """B: counted are requests with an `mbk_` key."""
    starter = make_room(Plan.STARTER)
    assert starter.ask("GET", "/feedback", key=None, headers=sign_in(starter)).status_code == 200
    assert starter.used(Kind.API_CALLS) == 0


def test_the_plan_free_does_not_read_by_session_either(free: Room) -> None:
    """D: everything but POST feedback needs STARTER or PRO."""
    answer = free.ask("GET", "/feedback", key=None, headers=sign_in(free))
    assert (answer.status_code, answer.json()) == (401, {"error": PAID_PLANS})
