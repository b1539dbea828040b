"""Keys: made, shown once, revoked; and what the workspace uses of its plan."""

from __future__ import annotations

import re

import httpx

from backroom.accounts.commands import set_plan
from backroom.accounts.rules import Plan
from backroom.clock import DAY
from backroom.projects.rules import Dialect
from backroom.projects.usage import DAYS_SHOWN, KeyCalls
from backroom.web.dashboard.frame.charts import HEIGHT, TICKS, Series, chart_of
from backroom.web.dashboard.frame.formats import day
from backroom.web.dashboard.workspace.usage import chart_of_calls
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.harness.processes import wait_until
from tests.harness.server import Server
from tests.web.dashboard.making import ADMINS, copied, new_project, require_reading, require_refusals, words

People = dict[str, Member]


def new_key(page: httpx.Response, kind: str) -> str:
    """The key that a page shows this once."""
    assert page.status_code == 200, page.text
    found = [text for text in copied(page) if re.fullmatch(rf"{kind}[A-Za-z0-9]{{40}}", text)]
    assert len(found) == 1
    return found[0]


def miniback(server: Server, key: str) -> int:
    return httpx.get(f"{server.url}/api/projects", headers={"x-api-key": key}).status_code


def patchrooms(server: Server, project: str, key: str, what: str = "/feedback") -> int:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.get(f"{server.url}/api/v1/projects/{project}{what}", headers=headers).status_code


def project_id(page: httpx.Response) -> str:
    found = re.search(r"Project id</dt><dd><code>([0-9a-f]{24})", page.text)
    assert found is not None
    return found[1]


def test_api_access_key_is_shown_once_and_replaced_on_confirmation(people: People, server: Server) -> None:
    admin = people["admin"]
    at = f"/p/{new_project(people['owner'], 'Access')}/integrations"
    assert "This project has no key yet." in words(admin.get(at))
    made = admin.post(f"{at}/api-access")
    key = new_key(made, "mbk_")
    assert made.headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in made.headers
    assert miniback(server, key) == 200
    again = admin.get(at)
    assert key not in again.text
    assert f"{key[:10]}…" in words(again)
    unsure = admin.post(f"{at}/api-access", {"sure": ""})
    assert unsure.status_code == 400
    assert "Confirm this first" in words(unsure)
    assert miniback(server, key) == 200
    second = new_key(admin.post(f"{at}/api-access", {"sure": "yes"}), "mbk_")
    assert second != key
    assert miniback(server, second) == 200
    assert miniback(server, key) == 403


def test_secret_key_has_its_scopes_and_can_be_revoked(people: People, server: Server) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Keys')}/integrations"
    made = owner.post(f"{at}/keys", {"name": "Nightly <export>", "scope": ["feedback:read", "odd:scope"]})
    key = new_key(made, "pr_sk_")
    assert made.headers["cache-control"] == "private, no-store"
    page = owner.get(at)
    assert key not in page.text
    said = words(page)
    assert f"Nightly <export> {key[:10]}…" in said
    assert "by Owner, now never used" in said
    project = project_id(page)
    assert patchrooms(server, project, key) == 200
    assert patchrooms(server, project, key, "/channels") == 403
    revoke = re.search(rf'action="({at}/keys/[0-9a-f]{{24}}/revoke)"', page.text)
    assert revoke is not None
    require_refusals(people, revoke[1], {}, ADMINS)
    elsewhere = revoke[1].replace(at, f"/p/{new_project(owner, 'Other keys')}/integrations")
    assert owner.post(elsewhere).status_code == 404, "a key of another project"
    assert patchrooms(server, project, key) == 200
    assert "The key Nightly <export> was revoked." in words(owner.follow(owner.post(revoke[1])))
    assert patchrooms(server, project, key) == 401
    assert "1 revoked" in words(owner.get(at))


def test_wrong_keys_come_back_with_what_was_typed(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Wrong keys')}/integrations"
    nothing = owner.post(f"{at}/keys", {"name": "Kept & typed"})
    assert nothing.status_code == 400
    assert "Select at least one permission." in words(nothing)
    assert 'value="Kept &amp; typed"' in nothing.text
    unnamed = owner.post(f"{at}/keys", {"name": "", "scope": ["channel:write"]})
    assert unnamed.status_code == 400
    assert "The key's name must have" in words(unnamed)
    assert 'value="channel:write" checked' in unnamed.text
    assert 'value="feedback:read" checked' not in unnamed.text
    assert "No keys yet." in words(owner.get(at))


def test_roles_and_other_sites(people: People) -> None:
    at = f"/p/{new_project(people['owner'], 'Key roles')}/integrations"
    require_reading(people, at)
    require_refusals(people, f"{at}/api-access", {"sure": "yes"}, ADMINS)
    require_refusals(people, f"{at}/keys", {"name": "Sneaked", "scope": "feedback:read"}, ADMINS)
    page = people["member"].get(at)
    assert "<form" not in page.text
    assert "Only admins can create and revoke keys." in words(page)
    assert re.fullmatch(r"pr_[A-Za-z0-9]{24}", copied(page)[0]), "the public key is for everybody"
    owner = words(people["owner"].get(at))
    assert "This project has no key yet." in owner
    assert "Sneaked" not in owner


def test_usage_tells_the_plan_in_words_and_the_calls_as_a_table(people: People, cast: Cast, server: Server) -> None:
    headers = {"x-api-key": cast.owner.miniback_key}
    for _ in range(3):
        assert httpx.get(f"{server.url}/api/projects", headers=headers).status_code == 200
    viewer = people["viewer"]
    # The calls and those of each key are written apart, some time after the answers.
    told = (r"API calls [3-9] this month, no limit", r"API Access, Room")
    wait_until(lambda: all(re.search(each, words(viewer.get("/usage"))) for each in told), "the calls to be noted")
    page = viewer.get("/usage")
    assert "PRO plan" in words(page)
    assert '<th scope="col" class="num">API Access, Room</th>' in page.text
    assert re.search(r'<div class="chart-box"[^>]*role="group" aria-label="[^"]+"', page.text)
    assert page.text.count("<tr>") == 1 + DAYS_SHOWN + 1
    assert "style=" not in page.text


def test_usage_of_a_plan_with_limits(people: People, cast: Cast) -> None:
    outsider = people["outsider"]
    in_store(cast.store, set_plan, cast.outsider.workspace, Plan.STARTER)
    page = outsider.get("/usage")
    assert "Projects 1 of 10 now 9 left" in words(page)
    assert "API calls 0 of 10,000 this month 10,000 left" in words(page)
    assert "No API calls yet" in words(page)
    in_store(cast.store, set_plan, cast.outsider.workspace, Plan.FREE)
    assert "Projects 1 of 1 now Limit reached" in words(outsider.get("/usage"))
    in_store(cast.store, set_plan, cast.outsider.workspace, Plan.PRO)


def calls(number: int, days: list[int]) -> KeyCalls:
    return KeyCalls(str(number), f"Key {number}", Dialect.PATCHROOMS, False, "Room", days, sum(days))


def test_chart_stacks_days_and_draws_the_sixth_key_with_the_rest() -> None:
    days = [0] * (DAYS_SHOWN - 1) + [10]
    chart = chart_of_calls([calls(number, days) for number in range(8)], 20_000)
    assert [series.name for series, _ in chart.legend] == [*(f"Key {n}, Room" for n in range(5)), "3 others"]
    last = chart.rows[-1]
    assert (last.all.n, last.label, chart.steps[-1].n) == (80, day((20_000 + DAYS_SHOWN - 1) * DAY), 150)
    assert [piece.height for piece in chart.pieces] == [round(n / 150 * HEIGHT, 1) for n in (10, 10, 10, 10, 10, 30)]
    assert chart.pieces[0].y == HEIGHT - chart.pieces[0].height
    assert chart.pieces[-1].y == HEIGHT - 80 / 150 * HEIGHT
    assert len({piece.x for piece in chart.pieces}) == 1, "all on the last day"
    assert {piece.href for piece in chart.pieces} == {""}


def test_chart_ends_at_a_round_number() -> None:
    tops = [chart_of([Series("a", "A", "#000000", [n])], 0).steps[-1].n for n in (1, 3, 4, 10, 11, 100, 101, 4_999)]
    assert tops == [TICKS * step for step in (1, 1, 2, 5, 5, 50, 50, 2_000)]
