"""A report from the first word to the stored bytes, whatever happens on the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.commands import update_project
from backroom.projects.rules import ProjectStatus
from backroom.store.database import Database
from tests.browser.widget.conftest import NewRoom, Room, Visit
from tests.browser.widget.site import Fault, Site
from tests.harness.processes import wait_until

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def test_a_text_arrives_with_its_context_and_leads_to_its_receipt(visit: Visit, room: Room, site: Site) -> None:
    shop = visit(room.loader, path="/shop?token=abc123secret&page=2")
    shop.report("The coupon box covers the button.")
    stored = room.only()
    assert stored["blocks"] == [{"type": "text", "text": "The coupon box covers the button."}]
    context = stored["context"]
    assert context["url"] == f"{site.url}/shop?token=[cut]&page=2"
    assert (context["pathname"], context["host"]) == ("/shop", site.url.removeprefix("http://"))
    assert context["viewport"] == {"width": 1280, "height": 800}
    assert (context["device"], context["language"], context["consoleErrors"]) == ("desktop", "en-US", [])
    assert (stored["channelKey"], stored["identity"]) == ("bug", None)
    header = shop.page.text_content(".room header") or ""
    assert "Thank you" in header
    assert stored["id"][-4:] in header
    address = shop.page.get_attribute(".receipt a", "href") or ""
    assert address.startswith(f"{room.server}/s/")
    page = shop.context.new_page()
    page.goto(address)
    assert page.text_content(".state b") == "Received"
    assert page.text_content("h1") == "The coupon box covers the button."
    assert shop.errors == []


def test_what_is_typed_survives_closing_the_room_and_reloading(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    shop.write("half a thought")
    shop.page.keyboard.press("Escape")
    shop.page.wait_for_selector(".launcher:visible")
    shop.page.reload()
    shop.enter()
    assert shop.page.input_value(".write textarea") == "half a thought"
    assert room.stored() == []


def test_offline_it_is_kept_and_goes_out_when_the_network_is_back(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    shop.write("from a tunnel")
    shop.context.set_offline(True)
    shop.send()
    shop.page.wait_for_selector("text=You are offline")
    shop.context.set_offline(False)
    shop.page.wait_for_selector(".receipt")
    assert room.only()["blocks"][0]["text"] == "from a tunnel"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500),
        Fault(429, headers={"retry-after": "120"}),
        Fault(503, b"<html>Bad gateway</html>"),
        Fault(200, b"<html>A hotel's page</html>"),
        Fault(None),
    ],
    ids=["500", "429", "503", "somebody else's 200", "nothing"],
)
def test_a_server_that_fails_gets_it_at_the_next_visit(visit: Visit, room: Room, site: Site, fault: Fault) -> None:
    """Reload in the middle: the report is in the browser until the server has said that it has it."""
    site.fault = lambda _: fault
    shop = visit(room.through_site())
    shop.enter()
    shop.write("try me again")
    shop.send()
    shop.page.wait_for_selector(".outcome")
    wait_until(lambda: site.sent >= 1, "the first attempt")
    assert room.stored() == []
    site.fault = lambda _: None
    shop.page.reload()
    wait_until(lambda: len(room.stored()) == 1, "the report to arrive")
    assert room.only()["blocks"][0]["text"] == "try me again"


def test_an_answer_that_was_lost_makes_no_second_report(visit: Visit, room: Room, site: Site) -> None:
    """The server has stored it, the answer never came: the clientId makes the retry harmless."""
    shop = visit(room.through_site())
    bodies: list[str] = []
    shop.page.on(
        "request", lambda request: bodies.append(request.post_data or "") if request.method == "POST" else None
    )

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    shop.page.route("**/api/v1/ingest/**", lose, times=1)
    shop.enter()
    shop.write("once")
    shop.send()
    shop.page.wait_for_selector(".receipt")
    assert len(room.stored()) == 1
    assert site.sent == 2
    ids = [UUID7.findall(body) for body in bodies]
    assert ids[0]
    assert ids[0] == ids[1]


def test_it_asks_again_by_itself_and_after_what_the_server_says(visit: Visit, room: Room, site: Site) -> None:
    site.fault = lambda number: Fault(503, headers={"retry-after": "1"}) if number < 3 else None
    shop = visit(room.through_site())
    shop.enter()
    shop.write("patience")
    shop.send()
    shop.page.wait_for_selector(".receipt")
    assert site.sent == 3
    assert len(room.stored()) == 1


def test_a_refusal_is_told_plainly_and_the_text_can_be_edited_again(visit: Visit, room: Room, site: Site) -> None:
    site.fault = lambda _: Fault(413, b'{"error":"Too large","code":"PAYLOAD_TOO_LARGE"}')
    shop = visit(room.through_site())
    shop.enter()
    shop.write("too much")
    shop.send()
    shop.page.wait_for_selector("text=The report is too large")
    site.fault = lambda _: None
    shop.page.reload()
    shop.enter()
    assert site.sent == 1, "what will never be taken isn't tried again"
    shop.page.click(".others .link")
    shop.page.click("text=Edit again")
    assert shop.page.input_value(".b.text textarea") == "too much"
    shop.sent()
    assert room.only()["blocks"][0]["text"] == "too much"


def test_two_tabs_send_a_report_once(visit: Visit, room: Room, site: Site) -> None:
    shop = visit(room.through_site())
    shop.enter()
    shop.write("only once")
    shop.context.set_offline(True)
    shop.send()
    shop.page.wait_for_selector("text=Saved in this browser")
    second = shop.context.new_page()
    shop.context.set_offline(False)
    second.goto(f"{site.url}/")
    shop.page.wait_for_selector(".receipt")
    second.wait_for_function("localStorage.getItem('backroom:waiting') === null")
    assert site.sent == 1
    assert len(room.stored()) == 1


def test_a_tab_hears_that_another_one_has_sent_its_report(visit: Visit, room: Room, site: Site) -> None:
    site.fault = lambda _: Fault(500, headers={"retry-after": "3600"})
    shop = visit(room.through_site())
    shop.enter()
    shop.write("sent next door")
    shop.send()
    shop.page.wait_for_selector("text=Try again now")
    site.fault = lambda _: None
    second = shop.context.new_page()
    second.goto(f"{site.url}/")
    second.wait_for_function("localStorage.getItem('backroom:waiting') === null")
    assert site.sent == 2
    shop.page.click("text=Try again now")
    shop.page.wait_for_selector(".receipt")
    assert site.sent == 2, "it was there already"
    assert len(room.stored()) == 1


def test_a_paused_project_says_so_before_anybody_writes(visit: Visit, new_room: NewRoom) -> None:
    shop = visit(new_room(status=ProjectStatus.PAUSED).loader)
    shop.enter()
    assert shop.page.text_content(".notice") == "This project isn't accepting reports right now."
    shop.write("anyway")
    expect(shop.page.locator(".write .send")).to_be_disabled()


REFUSED = "This site isn't allowed to send reports here. Your text is kept below."


@pytest.mark.parametrize("with_picture", [False, True], ids=["text", "picture"])
def test_a_page_that_may_not_send_keeps_the_report_to_be_copied(
    visit: Visit, new_room: NewRoom, with_picture: bool
) -> None:
    """It is told so once, and asks no more; the console names the setting."""
    room = new_room(allowed_origins=["https://shop.example"])
    shop = visit(room.loader, permissions=["clipboard-read", "clipboard-write"])
    sent: list[str] = []
    shop.page.on("request", lambda request: sent.append(request.method) if "/ingest/" in request.url else None)
    shop.enter()
    if with_picture:
        shop.page.click('[aria-label="Screenshot"]')
        shop.page.wait_for_selector(".b.screenshot")
    shop.write("from elsewhere")
    shop.send()
    shop.page.wait_for_selector(f"text={REFUSED}")
    shop.page.wait_for_selector("text=The server answered: This origin isn't among the project's allowed origins.")
    shop.page.click("text=Copy as text")
    shop.page.wait_for_selector("text=Copied")
    assert "from elsewhere\n\nhttp://127.0.0.1" in shop.page.evaluate("navigator.clipboard.readText()")
    assert [line for line in shop.said if "allowed origins" in line] == [
        f"[Patchrooms] {room.site.url} may not send. Is it in the project's allowed origins?"
    ]
    shop.page.reload()
    shop.enter()
    shop.page.wait_for_selector(".others")
    assert sent == ["POST"], "neither asked first nor tried again"
    assert room.stored() == []


def test_a_page_that_may_send_is_not_asked_first(visit: Visit, new_room: NewRoom, site: Site) -> None:
    """Once it is listed, the report that was refused can be sent: one request, without a preflight."""
    room = new_room(allowed_origins=["https://shop.example", site.url])
    shop = visit(room.loader)
    sent: list[str] = []
    shop.page.on("request", lambda request: sent.append(request.method) if "/ingest/" in request.url else None)
    shop.report("from a listed page")
    assert sent == ["POST"]
    assert room.only()["blocks"] == [{"type": "text", "text": "from a listed page"}]


def test_a_page_of_the_simplest_dress_that_may_not_send_is_told_too(visit: Visit, new_room: NewRoom) -> None:
    room = new_room(allowed_origins=["https://shop.example"])
    shop = visit(f'<script src="{room.server}/widget.js" data-project="{room.project.slug}" async></script>')
    shop.enter()
    shop.write("from elsewhere")
    shop.send()
    shop.page.wait_for_selector(f"text={REFUSED}")
    assert room.stored() == []


def test_a_project_paused_meanwhile_says_so_and_keeps_the_text(
    visit: Visit, new_room: NewRoom, database: Database
) -> None:
    room = new_room()
    shop = visit(room.loader)
    shop.enter()
    shop.write("too late")
    database.write_now(update_project, operator(), room.project.id, {"status": ProjectStatus.PAUSED}, now_ms())
    shop.send()
    shop.page.wait_for_selector("text=This project isn't accepting reports right now.")
    assert "too late" in (shop.page.text_content(".outcome pre") or "")


def test_a_key_that_is_gone_is_told_and_not_tried_again(visit: Visit, room: Room, site: Site) -> None:
    site.fault = lambda _: Fault(404, b'{"error":"There is no project with this key.","code":"NOT_FOUND"}')
    shop = visit(room.through_site())
    shop.enter()
    shop.write("to nobody")
    shop.send()
    shop.page.wait_for_selector("text=The server answered: There is no project with this key.")
    shop.page.reload()
    shop.enter()
    shop.page.wait_for_selector(".others")
    assert site.sent == 1
