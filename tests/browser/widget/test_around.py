"""The page around the widget: policies, hostile styles and prototypes, dialogs, frames, storage that is blocked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request

from tests.browser.widget import site as sites
from tests.browser.widget.conftest import NewRoom, Room, Visit
from tests.browser.widget.site import Site


def test_what_a_policy_stops_is_told_with_the_directive_to_add(visit: Visit, room: Room) -> None:
    policy = f"default-src 'none'; script-src {room.server}"
    shop = visit(room.loader, headers={"content-security-policy": policy})
    shop.enter()
    shop.write("blocked")
    shop.send()
    shop.page.wait_for_selector("text=This page or your browser")
    shop.page.wait_for_selector("text=Copy as text")
    assert any(f"Add to it: connect-src {room.server}" in line for line in shop.said), shop.said


def test_a_room_that_can_not_load_names_the_directive(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    shop.page.route("**/v1/parts/**", lambda route: route.abort())
    shop.page.click(".launcher")
    shop.page.wait_for_selector("text=Not loaded. Retry?")
    with shop.page.expect_console_message(lambda message: "script-src" in message.text):
        shop.page.click(".launcher")
    assert shop.errors == []


def test_hostile_styles_change_nothing(visit: Visit, room: Room) -> None:
    hostile = """<style>
*{display:none!important;color:lime!important;font-size:70px!important;all:unset!important;transform:scale(3)!important}
div,textarea,button{position:static!important;opacity:0!important;visibility:hidden!important}
html,body{display:block!important}:root{--br-0:red;--br-1:red;--br-2:red;--br-3:red}</style>"""
    shop = visit(room.loader, head=hostile)
    shop.enter()
    size = shop.page.locator(".write textarea").evaluate("area => getComputedStyle(area).fontSize")
    assert size == "14px"
    shop.write("still here")
    shop.sent()
    assert room.only()["blocks"][0]["text"] == "still here"


def test_nothing_leaks_out(visit: Visit, room: Room) -> None:
    """The page's own styles, globals and listeners are as they were; destroy takes everything away."""
    shop = visit("<p>Text</p>")
    page = shop.page
    before = page.evaluate("[...Object.getOwnPropertyNames(window)]")
    style = """JSON.stringify(((style) => [...style].map(name => style.getPropertyValue(name)))(
        getComputedStyle(document.querySelector('p'))))"""
    looks = page.evaluate(style)
    page.add_script_tag(url=f"{room.server}/v1/patchrooms/{room.project.project_key}.js")
    shop.enter()
    assert set(page.evaluate("[...Object.getOwnPropertyNames(window)]")) - set(before) <= {"Patchrooms", "__pw"} | {
        name for name in page.evaluate("Object.keys(window)") if name.startswith("__playwright")
    }
    assert page.evaluate(style) == looks
    assert page.evaluate("document.styleSheets.length + document.adoptedStyleSheets.length") == 0
    page.evaluate("Patchrooms.destroy()")
    assert page.query_selector("[data-backroom]") is None
    assert page.evaluate("/native code/.test(console.error.toString())") is True


def test_a_polluted_prototype_changes_nothing(visit: Visit, room: Room) -> None:
    pollution = """<script>
Object.prototype.storage = 'local'; Object.prototype.projectKey = 'evil'; Object.prototype.mascot = 'panda';
Object.prototype.signal = 'x'; Object.prototype.body = 'x'; Object.prototype.unknown = true;
Object.prototype.paused = true;
Object.prototype.ref = 'x'; Object.prototype.onclick = () => { throw new Error('polluted') };
Object.prototype.foo = function () {}; Array.prototype.bar = 1;
</script>"""
    shop = visit(pollution + room.loader)
    shop.enter()
    shop.write("still here")
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")
    shop.sent()
    assert [block["type"] for block in room.only()["blocks"]] == ["text", "screenshot"]
    assert shop.errors == []


@pytest.mark.parametrize(
    "blocked",
    [
        "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError') }})",
        "Object.defineProperty(window, 'indexedDB', {value: undefined})",
        "indexedDB.open = () => { throw new DOMException('no', 'InvalidStateError') }",
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})",
        "Object.defineProperty(navigator, 'locks', {value: undefined})",
    ],
    ids=["IndexedDB throws", "no IndexedDB", "private mode", "no localStorage", "no locks"],
)
def test_blocked_storage_stops_nothing(visit: Visit, room: Room, blocked: str) -> None:
    shop = visit(f"<script>{blocked}</script>{room.loader}")
    shop.report("no storage")
    assert room.only()["blocks"][0]["text"] == "no storage"
    assert shop.errors == []


def test_a_sandboxed_frame_with_no_origin_of_its_own(visit: Visit, room: Room, site: Site) -> None:
    site.pages["/inner"] = sites.Page(f"<!doctype html>{room.loader}".encode())
    frame = '<iframe sandbox="allow-scripts" src="/inner" style="width:900px;height:700px"></iframe>'
    shop = visit(frame)
    inner = shop.page.frame_locator("iframe")
    inner.locator(".launcher").click()
    inner.locator(".write textarea").fill("from a sandbox")
    inner.locator(".write .send").click()
    inner.locator(".receipt").wait_for()
    assert room.only()["blocks"][0]["text"] == "from a sandbox"


def test_it_stays_usable_beside_a_modal_dialog_and_comes_back(visit: Visit, room: Room) -> None:
    shop = visit(f'<dialog id="d"><p>Modal</p><button id="x">x</button></dialog>{room.loader}')
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("document.getElementById('d').showModal()")
    shop.enter()
    shop.write("from above")
    shop.page.evaluate("document.getElementById('d').close()")
    shop.page.wait_for_function("document.querySelector('[data-backroom]').parentNode === document.documentElement")
    assert shop.page.input_value(".write textarea") == "from above"
    shop.sent()


def test_it_is_there_in_fullscreen(visit: Visit, room: Room) -> None:
    button = "<button id='full' onclick='this.parentNode.requestFullscreen()'>Full</button>"
    shop = visit(f"<div id='stage' style='background:#fff'>{button}</div>{room.loader}")
    shop.page.wait_for_selector(".launcher")
    shop.page.click("#full")
    shop.page.wait_for_function("document.fullscreenElement !== null")
    shop.report("from fullscreen")
    assert room.only()["blocks"][0]["text"] == "from fullscreen"


def test_frameworks_that_replace_the_body_leave_it(visit: Visit, room: Room) -> None:
    shop = visit(f"<main>One</main>{room.loader}")
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("document.body.replaceChildren()")
    shop.page.evaluate("document.documentElement.replaceChildren(document.head, document.body)")
    shop.report("after the router")


def test_the_pages_shortcuts_stay_silent_while_somebody_types(visit: Visit, room: Room) -> None:
    shop = visit(f"<script>addEventListener('keydown', () => (document.title = 'heard'))</script>{room.loader}")
    shop.enter()
    shop.page.keyboard.type("ship it")
    assert shop.page.title() == "Shop"


def test_it_works_from_another_origin_without_cookies(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    requests: list[Request] = []
    shop.context.add_cookies([{"name": "backroom", "value": "secret", "url": room.server}])
    shop.page.on("request", lambda request: requests.append(request) if "/api/" in request.url else None)
    shop.report("from afar")
    # Asked for afterwards: in the handler it would wait for the browser, and the test would go on meanwhile.
    headers = [request.all_headers() for request in requests]
    assert headers
    assert all("cookie" not in each and "referer" not in each for each in headers)
    assert shop.errors == []


def test_loading_blocks_no_rendering_and_costs_little(visit: Visit, new_room: NewRoom) -> None:
    """One request before the room is opened, which doesn't hold the page up."""
    room = new_room()
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    asked = shop.page.evaluate(
        "performance.getEntriesByType('resource').map(entry => [entry.name, entry.renderBlockingStatus])"
    )
    assert asked == [[f"{room.server}/v1/patchrooms/{room.project.project_key}.js", "non-blocking"]]
