"""Patchrooms, Keys and hosts, and REST: who may do what."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from backroom.access import KeyScope, operator
from backroom.clock import now_ms
from backroom.projects.commands import revoke_key
from backroom.store.database import Database
from backroom.store.tables import api_keys
from tests.contract.patchrooms.api import UNKNOWN_ID, Api, failure, report
from tests.contract.patchrooms.conftest import NewKeyOf, NewRoom
from tests.harness.cast import Cast
from tests.harness.processes import wait_until

ROUTES = [
    ("GET", "", "project:read"),
    ("GET", "/feedback", "feedback:read"),
    ("GET", f"/feedback/{UNKNOWN_ID}", "feedback:read"),
    ("PATCH", f"/feedback/{UNKNOWN_ID}", "feedback:write"),
    ("GET", f"/files/{UNKNOWN_ID}", "feedback:read"),
    ("GET", "/channels", "channel:read"),
    ("POST", "/channels", "channel:write"),
    ("PATCH", "/channels/bug", "channel:write"),
    ("POST", "/hints", "channel:write"),
]
BODIES = {
    ("PATCH", f"/feedback/{UNKNOWN_ID}"): {"status": "closed"},
    ("POST", "/channels"): {"key": "taken-over", "name": "Taken over"},
    ("PATCH", "/channels/bug"): {"name": "Taken over"},
    ("POST", "/hints"): {"channelKey": "feature", "weight": "max"},
}
every_route = pytest.mark.parametrize(("method", "path", "scope"), ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES])


@every_route
@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer", "Basic cHI6c2s=", "Bearer pr_sk_" + "x" * 40, "Bearer mbk_" + "x" * 40, "Bearer pr_sk_\xff"],
)
def test_missing_and_wrong_keys_are_401(
    owner: Api, method: str, path: str, scope: str, authorization: str | None
) -> None:
    """REST, Errors: 401 for a missing or invalid key, before anything else is looked at."""
    headers = {} if authorization is None else {b"Authorization": authorization.encode("latin-1")}
    for project in (owner.project, UNKNOWN_ID, "malformed"):
        answer = owner.http.request(
            method,
            f"/api/v1/projects/{project}{path}",
            headers=headers,
            content=b"{broken",
        )
        assert failure(answer) == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == "Bearer"


@every_route
def test_the_public_key_and_the_other_dialect_s_key_are_401(
    owner: Api, cast: Cast, method: str, path: str, scope: str
) -> None:
    """Keys and hosts: only `pr_sk_` keys open the REST routes."""
    for key in (owner.project_key, cast.owner.miniback_key):
        assert failure(owner.call(method, path, key=key)) == (401, "UNAUTHORIZED")


@every_route
def test_the_outsider_is_403_whether_or_not_the_id_exists(
    owner: Api, outsider: Api, method: str, path: str, scope: str
) -> None:
    """REST, B: a key of another project gets 403 whether or not the id exists; a malformed id is 404."""
    body = BODIES.get((method, path))
    for project, expected in (
        (owner.project, (403, "FORBIDDEN")),
        (UNKNOWN_ID, (403, "FORBIDDEN")),
        ("malformed", (404, "NOT_FOUND")),
        (owner.project.upper(), (404, "NOT_FOUND") if owner.project.upper() != owner.project else (403, "FORBIDDEN")),
    ):
        there = replace(outsider, project=project)
        assert failure(there.call(method, path, json=body)) == expected
    assert {channel["name"] for channel in owner.get("/channels")["items"]} == {"Bugs", "Ideas", "Alpha feedback"}


def test_the_outsider_s_ids_are_not_found_in_the_own_project(owner: Api, outsider: Api) -> None:
    """REST, Errors: 404 for what isn't in this project."""
    theirs = owner.sent(report())["id"]
    assert failure(outsider.call("GET", f"/feedback/{theirs}")) == (404, "NOT_FOUND")
    assert failure(outsider.call("PATCH", f"/feedback/{theirs}", json={"status": "closed"})) == (404, "NOT_FOUND")
    assert failure(outsider.call("GET", f"/feedback?before={theirs}")) == (400, "BAD_REQUEST")
    assert owner.get(f"/feedback/{theirs}")["status"] == "open"


@every_route
def test_a_key_without_the_scope_is_403(
    new_room: NewRoom, new_key: NewKeyOf, method: str, path: str, scope: str
) -> None:
    """REST, Errors: 403 where the key lacks the scope; with only that scope it passes."""
    room = new_room()
    without = new_key(room, *(set(KeyScope) - {scope})).key
    only = new_key(room, scope).key
    body = BODIES.get((method, path))
    assert failure(room.call(method, path, json=body, key=without)) == (403, "FORBIDDEN")
    assert room.call(method, path, json=body, key=only).status_code in (200, 201, 404)


@every_route
def test_a_revoked_key_ends_at_once(
    new_room: NewRoom, new_key: NewKeyOf, database: Database, method: str, path: str, scope: str
) -> None:
    """Keys and hosts: keys are revocable; REST, Errors: a revoked key is 401."""
    room = new_room()
    made = new_key(room, scope)
    body = BODIES.get((method, path))
    assert room.call(method, path, json=body, key=made.key).status_code in (200, 201, 404)
    database.write_now(revoke_key, operator(), made.id, now_ms())
    assert failure(room.call(method, path, json=body, key=made.key)) == (401, "UNAUTHORIZED")


def test_a_key_is_marked_as_used(new_room: NewRoom, database: Database) -> None:
    room = new_room()
    used = select(api_keys.c.last_used_at).where(api_keys.c.project == room.project)
    assert database.read_now(lambda conn: conn.execute(used).scalar()) is None
    room.get()
    wait_until(lambda: database.read_now(lambda conn: conn.execute(used).scalar()), "the mark")


def test_secret_keys_are_kept_as_hashes(new_room: NewRoom, database: Database) -> None:
    """Keys and hosts, B: only a hash and the first 10 characters of a secret key are stored."""
    room = new_room()
    row = database.read_now(
        lambda conn: conn.execute(select(api_keys).where(api_keys.c.project == room.project)).mappings().one()
    )
    assert row["prefix"] == room.key[:10]
    assert not any(room.key[10:] in str(value) for value in row.values())
