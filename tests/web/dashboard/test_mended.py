"""What a stranger stumbled over once: each of these failed before."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest
from sqlalchemy import Connection, event

from backroom.access import Actor, Role, operator, person
from backroom.accounts.sessions import Session
from backroom.accounts.throttle import RATES, Bucket
from backroom.clock import HOUR, now_ms
from backroom.projects.channels import create_channel, list_channels
from backroom.projects.commands import create_project
from backroom.projects.queries import Waiting, get_by_slug, get_project
from backroom.projects.rules import Channel
from backroom.reports.filters import parse_filter
from backroom.reports.inbox import list_inbox
from backroom.reports.places import UNKNOWN
from backroom.reports.views import create_view, list_views
from backroom.web.dashboard.frame.charts import OTHERS, Series, greatest
from backroom.web.dashboard.frame.shell import MOST_SHOWN, first_of, read_shell
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.insights import MOST_NAMED, MOST_SERIES
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.harness.server import Server
from tests.store.fixtures import NOW, Room, core_store, db, migrated, room, spares
from tests.web.dashboard.coming import Browsers
from tests.web.dashboard.making import new_project
from tests.web.dashboard.past import Past, send_past

__all__ = ["core_store", "db", "migrated", "room", "spares"]

People = dict[str, Member]
StartServer = Callable[..., Server]


def visit_of(room: Room) -> Visit:
    me = room.actor
    session = Session("s", me.id, me.name, "me@example.com", me.workspace, "Ours", Role.OWNER, True, False, False, 0, 0)
    return Visit({}, session, me, NOW)


def questions(room: Room) -> int:
    """How many statements the shell of a project's page takes."""
    asked: list[str] = []

    def look(conn: Connection) -> None:
        event.listen(conn, "before_cursor_execute", lambda *given: asked.append(given[2]))
        read_shell(conn, visit_of(room), get_project(conn, room.actor, room.id))
        assert read_shell(conn, visit_of(room), None).workspace == "Room's people"

    room.db.read_now(look)
    return len(asked)


def test_the_shell_asks_as_much_of_many_projects_as_of_one(room: Room) -> None:
    of_one = questions(room)
    for number in range(20):
        room.db.write_now(create_project, operator(room.workspace), f"Project {number}", None, NOW)
    assert questions(room) == of_one


def test_the_shell_counts_what_waits(room: Room) -> None:
    for channel in ("bug", "bug", "feature"):
        room.submit(channel=channel)
    other = room.db.write_now(create_project, operator(room.workspace), "Other", None, NOW)

    def look(conn: Connection, project: str | None) -> tuple[int, int, dict[str, int], dict[str, int]]:
        opened = None if project is None else get_project(conn, room.actor, project)
        found = read_shell(conn, visit_of(room), opened)
        places = {place.name: place.open for place in found.projects}
        return found.waiting, found.open, places, {channel.key: n for channel, n in found.channels}

    places = {"Room": 3, "Other": 0}
    assert room.db.read_now(look, None) == (3, 3, places, {})
    assert room.db.read_now(look, room.id) == (3, 3, places, {"bug": 2, "feature": 1, "alpha-feedback": 0})
    assert room.db.read_now(look, other) == (3, 0, places, {"bug": 0, "feature": 0, "alpha-feedback": 0})


def test_the_navigation_shows_some_projects_and_always_the_opened_one() -> None:
    places = [Waiting(str(number), f"P{number}", f"p{number}", 0) for number in range(20)]
    assert first_of(places, None) == places[:MOST_SHOWN]
    assert first_of(places, "3") == places[:MOST_SHOWN]
    assert first_of(places, "17") == [*places[: MOST_SHOWN - 1], places[17]]
    assert first_of(places[:2], "1") == places[:2]


def test_the_others_are_one_link_away(people: People) -> None:
    owner = people["owner"]
    while len(re.findall(r'class="nav-link" href="/p/[^"?/]+"', owner.get("/inbox").text)) < MOST_SHOWN:
        new_project(owner, "One of many")
    for _ in range(2):
        new_project(owner, "One of many")
    page = owner.get("/p/room/channels").text
    nav = page[page.index("<nav") : page.index("</nav>")]
    shown = re.findall(r'<a class="nav-link" href="/p/([a-z0-9-]+)"( aria-current="true")?><', nav)
    switch = nav[nav.index('<details class="nav-more">') :]
    assert len(re.findall(r'href="/p/[a-z0-9-]+"', switch)) == MOST_SHOWN
    assert ("room", ' aria-current="true"') in shown, "the oldest one, which is open"
    assert re.search(r'href="/projects">.*?<span>\d+ more</span>', switch)


def test_the_menu_of_a_phone_works_without_scripts(people: People) -> None:
    """Its links follow a `details`, by which the style sheet shows and hides them."""
    page = people["viewer"].get("/p/room/channels").text
    assert re.search(
        r'<details class="nav-toggle"><summary[^>]*>.*?</summary></details>\s*<div class="nav-links"', page
    )
    style = people["viewer"].get(re.findall(r'href="([^"]+\.css[^"]*)"', page)[0]).text
    assert re.search(r"\.nav-toggle:not\(\[open\]\) ?~ ?\.nav-links", style)
    assert "html:not(.js) .nav" not in style


def test_a_page_keeps_its_address_when_its_project_is_called_otherwise(people: People, cast: Cast) -> None:
    owner, slug = people["owner"], new_project(people["owner"], "Before")
    found = in_store(cast.store, get_by_slug, operator(cast.owner.workspace), slug)
    rename(owner, slug, "Before", "after")
    moved = owner.get("/p/before/insights?since=2026-06-03&x=%C3%BC")
    assert (moved.status_code, moved.headers["location"]) == (303, "/p/after/insights?since=2026-06-03&x=%C3%BC")
    assert people["viewer"].follow(people["viewer"].get("/p/before")).status_code == 200
    assert people["outsider"].get("/p/before").status_code == 404
    assert owner.get("/p/before", {"backroom-part": "true"}).status_code == 404, "a script isn't sent elsewhere"
    assert owner.post("/p/before/settings/name", {"name": "X"}).status_code == 404
    rename(owner, "after", "Before", "before")
    assert owner.get("/p/before").status_code == 200
    assert owner.get("/p/after").headers["location"] == "/p/before"
    assert in_store(cast.store, get_by_slug, operator(cast.owner.workspace), "before").id == found.id


def rename(owner: Member, slug: str, name: str, new: str) -> None:
    answer = owner.post(f"/p/{slug}/settings/name", {"name": name, "slug": new})
    assert answer.status_code == 303, answer.text


def test_forms_without_tls_are_foreign_to_a_server_with_it(cast: Cast, start_server: StartServer) -> None:
    def send(server: Server, scheme: str) -> int:
        origin = f"{scheme}://127.0.0.1:{server.port}"
        answer = httpx.post(f"{server.url}/sign-in", data={"email": "x"}, headers={"origin": origin})
        return answer.status_code

    public = start_server(cast.store, BACKROOM_PUBLIC_URL="https://feedback.example.com")
    assert send(public, "http") == 403
    assert send(public, "https") == 400
    public.stop()
    unknown = start_server(cast.store)
    assert (send(unknown, "http"), send(unknown, "https"), send(unknown, "ftp")) == (400, 400, 403)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_guesser_at_ones_address_doesnt_lock_out_a_known_browser(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    server = start_server(fresh_cast.store, BACKROOM_RATE_LIMITS="on")
    owner, guesser = stranger.signed_in(server, fresh_cast.owner), stranger(server)
    owner.post("/sign-out")
    fields = {"email": fresh_cast.owner.email, "password": fresh_cast.owner.password}
    burst, tried = RATES[Bucket.ADDRESS_ACCOUNT].burst, list[int]()
    # One more is granted each half minute, of which a slow machine may need several.
    while 429 not in tried and len(tried) < 4 * burst:
        tried.append(guesser.post("/sign-in", fields | {"password": "a guess"}).status_code)
    assert tried[-1] == 429, "nobody knows this browser"
    assert owner.post("/sign-in", fields).status_code == 303


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_too_many_tries_of_ones_own_password_say_when_to_come_back(
    fresh_cast: Cast, start_server: StartServer, stranger: Browsers
) -> None:
    server = start_server(fresh_cast.store, BACKROOM_RATE_LIMITS="on")
    owner = stranger.signed_in(server, fresh_cast.owner)
    fields = {"current": "a guess", "new": "the newest password"}
    answer = owner.post("/account/password", fields)
    for _ in range(4 * RATES[Bucket.DEVICE].burst):
        if answer.status_code != 400:
            break
        answer = owner.post("/account/password", fields)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= RATES[Bucket.DEVICE].seconds


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_form_that_cant_be_taken_is_a_400_however_right_its_fields_are(server: Server, stranger: Browsers) -> None:
    browser = stranger(server)
    assert browser.post("/reset-password", {"email": "nobody@example.com"}).status_code == 400, "no mail server"
    account = {"token": "too old", "name": "Nobody", "email": "nobody@example.com", "password": "a long password"}
    assert browser.post("/setup", account).status_code == 400, "set up already"


def test_more_channels_than_colours_are_drawn_as_one() -> None:
    series = [Series(f"c{n}", f"C{n}", "#000000", [n, 1]) for n in range(12, 0, -1)]
    shown, others = greatest(series, 8)
    assert [one.key for one in shown] == [*(f"c{n}" for n in range(12, 4, -1)), OTHERS]
    assert (shown[-1].name, shown[-1].values) == ("4 others", [4 + 3 + 2 + 1, 4])
    assert others == ["c4", "c3", "c2", "c1"]
    assert greatest(series[:8], 8) == (series[:8], [])


def test_the_others_lead_to_their_reports(people: People, cast: Cast) -> None:
    owner, slug = people["owner"], new_project(people["owner"], "Channels")
    found = in_store(cast.store, get_by_slug, operator(cast.owner.workspace), slug)
    send_to_channels(cast, found.id, MOST_SERIES + 4)
    page = owner.get(f"/p/{slug}/insights").text
    links = re.findall(r'4 others <a href="([^"]+)"', page)
    assert len(links) == 1
    assert len(set(re.findall(r'class="row"[^>]* data-id="([0-9a-f]{24})"', owner.get(unescape(links[0])).text))) == 4
    send_to_channels(cast, found.id, MOST_SERIES + MOST_NAMED + 1)
    page = owner.get(f"/p/{slug}/insights").text
    assert re.search(rf'{MOST_NAMED + 1} others <span class="n">', page), "an address of so many channels is too long"


def send_to_channels(cast: Cast, project: str, many: int) -> None:
    """Reports to so many channels, which are made where they aren't there yet."""
    boss = operator(cast.owner.workspace)

    def make(tx: Connection) -> list[str]:
        there = [channel.key for channel in list_channels(tx, boss, project, archived=True)]
        made = [f"channel-{number}" for number in range(len(there), many)]
        for key in made:
            create_channel(tx, boss, project, Channel("", key, key, "#0b7285", "fox", 1.0, False), now_ms())
        return [*there, *made]

    keys = in_store(cast.store, make)
    send_past(cast, project, [Past(key, now_ms() - HOUR, key) for key in keys])


def test_reports_without_an_agent_are_found_as_unknown(room: Room) -> None:
    bare = room.submit().id
    room.submit(agent="Firefox/Linux/desktop")
    for name in ("browser", "system", "device"):
        wanted = parse_filter([(name, UNKNOWN)], (room.id,))
        assert [row.id for row in room.db.read_now(list_inbox, wanted, None, None, 10).rows] == [bare]


def test_every_view_is_listed_with_its_place(room: Room) -> None:
    other = room.db.write_now(create_project, operator(room.workspace), "Other", None, NOW)
    me, you = room.actor, person("you", "You", room.workspace, Role.MEMBER)
    for name, project, shared in (("b", room.id, True), ("a", "", False), ("c", other, False)):
        room.db.write_now(create_view, me, name, "", project, shared, NOW)

    def seen(actor: Actor) -> list[tuple[str, str]]:
        return [(view.name, view.project) for view in room.db.read_now(list_views, actor, None)]

    assert seen(me) == [("a", ""), ("b", room.id), ("c", other)]
    assert seen(you) == [("b", room.id)]
    assert seen(person("x", "X", "elsewhere", Role.OWNER)) == []
