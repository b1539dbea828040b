"""Every page, whoever made it: nothing for axe to find, nothing that runs sideways, nothing stretched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from backroom.access import operator
from backroom.clock import DAY, HOUR, now_ms
from backroom.reports.rooms import open_room
from backroom.reports.rules import Status
from backroom.web.dashboard.routes import OPERATIONS
from tests.browser.dashboard.conftest import NewRoom, Room, Visit
from tests.harness.browser import DESK, PHONE, Visitor, assert_for_everybody, runs_sideways
from tests.harness.member import in_store
from tests.harness.server import Cli
from tests.web.dashboard.past import AGENTS, Past, send_past

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

NO_PAGES = {
    "/",
    "/static/{version}/{name}",
    "/static/{version}/{folder}/{name}",
    "/live",
    "/inbox/export",
    "/p/{slug}/export",
    "/r/{report}/raw",
    "/r/{report}/markdown",
    "/r/{report}/thumb",
    "/r/{report}/files/{file}",
}
MORE = (
    "/p/{slug}?status=any",
    "/p/{slug}?q=nothing+like+it&channel=bug",
    "/p/{slug}/start?way=python",
    "/p/{slug}/channels?edit=feature&add=yes&user=ann&channel=bug#tester",
    "/p/{slug}/insights?since=2020-01-01&until=2020-01-31",
    "/p/{slug}/settings?address=https://elsewhere.example/",
    "/p/{slug}/settings/labels?edit=checkout",
    "/projects?q=nothing+like+it",
    "/no/such/page",
)
"""Pages again, as they look with something else on them."""
PATHS = sorted({each.path for each in OPERATIONS if each.method == "GET"} - NO_PAGES) + list(MORE)
PUBLIC = {each.path for each in OPERATIONS if each.public}

ZOOMED = (640, 430)
"""A window of 1280 at 200 %."""
SMALL = (320, 640)
WIDE = (2560, 1440)
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
STRETCHED = """() => {
  const range = document.createRange();
  const words = each => { range.selectNodeContents(each); return range; };
  const width = each => (each.matches("p") ? words(each) : each).getBoundingClientRect().width;
  const most = each => each.matches(".page-body") ? 1600 : 1100;
  return [...document.querySelectorAll("main :is(p, textarea, input, .page-body, .report, .list)")]
    .filter(each => each.checkVisibility() && width(each) > most(each))
    .map(each => `${Math.round(width(each))}: ${each.outerHTML.slice(0, 100)}`);
}"""


@dataclass
class House:
    """A workspace in which something has happened, with two windows that stay open."""

    values: dict[str, str]
    owner: Visitor
    stranger: Visitor

    def go(self, path: str) -> Page:
        """Opens that page: public ones as a stranger sees them."""
        visitor = self.stranger if path in PUBLIC else self.owner
        return visitor.go(re.sub(r"\{(\w+)\}", lambda match: self.values[match[1]], path) + self.values.get(path, ""))


@pytest.fixture(scope="module")
def house(browser: Browser, new_room: NewRoom) -> Iterator[House]:
    """Reports of every kind over some days, keys, hints, views, an archived channel, an invitation, a link to reset."""
    room = new_room()
    values = furnish(room)
    with ExitStack() as kept:
        # What moves is looked at as it stands in the end.
        tokens = (room.people["owner"].token, "")
        owner, stranger = (Visitor(browser, room.server.url, each, reduced_motion="reduce") for each in tokens)
        kept.callback(owner.close)
        kept.callback(stranger.close)
        yield House(values, owner, stranger)
        assert [each for each in owner.problems + stranger.problems if "status of 404" not in each] == []


def furnish(room: Room) -> dict[str, str]:
    """Fills the project; returns what stands in for parameters, and by path what its query has to have."""
    now, owner, agents = now_ms(), room.people["owner"], list(AGENTS)
    told = [
        Past(
            f"Report number {n} of those days",
            now - n * DAY // 3 - HOUR,
            ("bug", "feature")[n % 2],
            agent=agents[n % 3],
        )
        for n in range(12)
    ]
    told[3].moves = [(Status.TRIAGED, now - DAY // 2), (Status.RESOLVED, now - DAY // 3)]
    send_past(room.cast, room.project.id, told)
    report = room.send.with_picture("With a picture and a rather long title that has to be cut somewhere in the list")
    room.send("Unbroken" + "word" * 40, identity={"userId": "somebody@" + "long" * 20 + ".example"})
    for change in ("label:checkout", "assignee:me"):
        owner.post("/apply", {"change": change, "id": report})
    owner.post(f"/r/{report}/comments", {"text": "A note to ourselves\n\nwith two paragraphs", "kind": "note"})
    owner.post(f"{room.path}/channels/alpha-feedback", {"change": "archive"})
    for name in ("Revoked", "Kept"):
        made = owner.post(f"{room.path}/integrations/keys", {"name": name, "scope": ["feedback:read", "channel:read"]})
        if name == "Revoked":
            key = re.search(r"/integrations/keys/([0-9a-f]{24})/revoke", made.text)
            assert key is not None
            owner.post(f"{room.path}/integrations/keys/{key[1]}/revoke")
    owner.post(f"{room.path}/settings/addresses", {"url_patterns": "https://app.example.com/*"})
    for project in (room.project.slug, ""):
        owner.post("/views", {"name": "Ours", "query": "status=open", "project": project, "shared": "yes"})
    link = re.search(r"/invitation(\?token=[\w-]+)", owner.post("/workspace/invitations", {"role": "member"}).text)
    assert link is not None
    actor = operator(room.cast.owner.workspace)
    about = ("The slow checkout", "Find out what is slow", ["Only the checkout"], "a script")
    opened, _ = in_store(room.cast.store, open_room, actor, room.project.id, *about, now)
    reset = Cli(room.cast.store)("user", "reset-password", room.cast.teammate.email)["path"]
    return {
        "slug": room.project.slug,
        "report": report,
        "room": opened.id,
        "user": room.people["member"].user,
        "/invitation": link[1],
        "/reset-password": "?" + reset.partition("?")[2],
    }


@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_use_every_page(house: House, path: str) -> None:
    """Light and dark, on a desk, on a phone, on the smallest, at 200 %, with everything opened; sane when very wide."""
    page = house.go(path)
    page.evaluate(OPEN_ALL)
    assert_for_everybody(page, DESK, PHONE)
    for width, height in (SMALL, ZOOMED, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        assert not runs_sideways(page), width
    assert page.evaluate(STRETCHED) == []


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_for_those_who_asked_for_that(room: Room, visit: Visit, motion: str) -> None:
    visitor = visit("member", reduced_motion=motion)
    fox = visitor.go(f"{room.path}/start").locator(".waiting > svg")
    style = fox.evaluate(
        "node => { const s = getComputedStyle(node); return [s.animationDuration, s.animationIterationCount]; }"
    )
    assert style == (["1e-05s", "1"] if motion == "reduce" else ["2.4s", "infinite"])
    for number in range(30):
        room.send(f"Report {number}")
    page = visitor.go(room.path)
    page.locator("#list").evaluate("list => list.scrollTo({ top: 400, behavior: 'instant' })")
    room.send("The newest")
    expect(page.locator("#live-bar")).to_have_text("1 new report")
    jumped = page.evaluate(
        """() => {
            document.querySelector("#live-bar button").click();
            return document.querySelector("#list").scrollTop;
        }"""
    )
    assert (jumped == 0) == (motion == "reduce")
