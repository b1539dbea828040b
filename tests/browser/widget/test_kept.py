"""What is kept in the browser and for how long: drafts by tab, receipts, full stores, parts that can't be loaded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget.conftest import SPOKEN, Room, Visit, Visitor, js
from tests.browser.widget.site import Fault, Site
from tests.harness.processes import wait_until

SLOW_MICROPHONE = """<script>
window.tracks = []; window.asked = 0;
const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices);
const allowed = new Promise((resolve) => { window.allow = resolve; });
devices.getUserMedia = async (wish) => {
  window.asked++; await allowed;
  const stream = await real(wish);
  tracks.push(...stream.getTracks());
  return stream;
};
</script>"""
OLD_DRAFTS = """([name, drafts]) => new Promise((resolve) => {
  const asked = indexedDB.open('backroom');
  asked.onsuccess = () => {
    const change = asked.result.transaction('drafts', 'readwrite');
    for (const [key, draft] of drafts) change.objectStore('drafts').put({...draft, key}, key);
    change.oncomplete = () => { asked.result.close(); resolve(); };
  };
})"""
LOCKS = "navigator.locks.query().then(({held}) => held.length)"


def second_tab(shop: Visitor, site: Site) -> Page:
    """The same page in another tab of the same browser, its room open."""
    page = shop.context.new_page()
    page.goto(f"{site.url}/")
    page.click(".launcher")
    page.wait_for_selector(".write textarea")
    return page


def text_of(page: Page) -> str:
    """What stands in the writing box once the room is open."""
    page.click(".launcher")
    page.wait_for_selector(".write textarea")
    return page.input_value(".write>textarea")


def test_each_tab_keeps_its_own_draft(visit: Visit, room: Room, site: Site) -> None:
    shop = visit(room.loader)
    shop.enter()
    other = second_tab(shop, site)
    shop.write("text of the first tab")
    other.fill(".write textarea", "text of the second tab")
    shop.page.reload()
    assert text_of(shop.page) == "text of the first tab"
    other.reload()
    assert text_of(other) == "text of the second tab"
    shop.sent()
    other.reload()
    assert text_of(other) == "text of the second tab"


def test_the_draft_of_a_tab_that_is_gone_is_there_at_the_next_visit(visit: Visit, room: Room, site: Site) -> None:
    shop = visit(room.loader)
    shop.enter()
    other = second_tab(shop, site)
    other.click('[aria-label="Screenshot"]')
    other.wait_for_selector(".b.screenshot")
    other.click(".b.screenshot >> text=Edit")
    other.wait_for_selector(".stage canvas[width='1280']")
    other.click(".editor >> text=Done")
    other.wait_for_selector(".editor", state="detached")
    other.close()
    # A draft is its tab's until the browser has let go of the tab's lock.
    wait_until(lambda: shop.page.evaluate(LOCKS) == 1, "the tab's lock to go with it")
    third = second_tab(shop, site)
    third.wait_for_selector(".b.screenshot")


def test_a_report_that_is_sent_leaves_no_draft_behind(visit: Visit, room: Room) -> None:
    """Not even on a page that reloads as soon as it hears of it."""
    script = "<script>document.addEventListener('patchrooms:queued', () => location.reload())</script>"
    shop = visit(script + room.loader)
    shop.enter()
    shop.write("only once")
    with shop.page.expect_navigation():
        shop.send()
    assert text_of(shop.page) == ""
    shop.page.wait_for_selector(".others a")
    assert len(room.stored()) == 1


def test_a_redaction_is_kept_before_the_editor_closes(visit: Visit, room: Room) -> None:
    shop = visit(room.loader, head="<style>body{background:#0f0}</style>")
    shop.enter()
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")
    shop.page.click(".b.screenshot >> text=Edit")
    shop.drawn()
    shop.page.focus(".stage canvas")
    shop.page.keyboard.press("Enter")
    with shop.page.expect_navigation():
        shop.page.evaluate(
            """() => {
                const shadow = document.querySelector('[data-backroom]').shadowRoot;
                const gone = () => shadow.querySelector('.editor') || location.reload();
                new MutationObserver(gone).observe(shadow, {childList: true, subtree: true});
                shadow.querySelector('.editor .send').click();
            }"""
        )
    shop.enter()
    shop.page.wait_for_selector(".b.screenshot")
    shop.sent()
    picture = room.picture(room.only()["blocks"][0])
    assert picture.getpixel((640, 400)) == (31, 27, 22)


def test_a_sent_report_leaves_only_its_receipt(visit: Visit, room: Room) -> None:
    shop = visit(room.through_site("data-user-id='customer-7'"))
    shop.enter()
    shop.page.click(".who summary")
    shop.page.fill("input[type=email]", "ann@example.org")
    shop.write("my diagnosis")
    shop.sent()
    kept = json.dumps(shop.kept("parcels"))
    assert "receiptUrl" in kept
    for word in ("diagnosis", "ann@example.org", "customer-7", "userAgent"):
        assert word not in kept


def test_what_was_sent_at_a_later_visit_shows_its_receipt_once(visit: Visit, room: Room, site: Site) -> None:
    site.fault = lambda _: Fault(500)
    shop = visit(room.through_site())
    shop.enter()
    shop.write("sent later")
    shop.send()
    shop.page.wait_for_selector("text=Try again now")
    site.fault = lambda _: None
    shop.page.reload()
    shop.page.wait_for_function("localStorage.getItem('backroom:waiting') === null")
    shop.enter()
    line = shop.page.locator(".others p")
    expect(line).to_contain_text("Thank you. We received your report.")
    assert (line.locator("a").get_attribute("href") or "").startswith(f"{site.url}/s/")
    shop.page.keyboard.press("Escape")
    shop.page.wait_for_selector(".launcher:visible")
    shop.enter()
    expect(line).to_have_count(0)


def full_draft() -> dict[str, Any]:
    blocks = [{"id": f"b{n}", "type": "text", "text": f"Block {n}"} for n in range(50)]
    return {"blocks": blocks, "text": "", "channel": None, "name": "", "mail": "", "left": []}


def test_the_fifty_first_block_is_refused_before_anything_is_lost(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    name = f"backroom:draft:patchrooms:{room.project.project_key}"
    key = f"{name}:00000000-0000-7000-8000-000000000000"
    shop.page.evaluate(OLD_DRAFTS, [name, [[key, full_draft()]]])
    shop.page.reload()
    shop.enter()
    expect(shop.page.locator(".thread>li")).to_have_count(50)
    shop.write("the fifty-first")
    shop.send()
    shop.page.wait_for_selector(".notice >> text=A report can have 50 parts.")
    assert shop.page.input_value(".write>textarea") == "the fifty-first"
    shop.page.locator(".thread>li .tool").first.click()
    shop.sent()
    assert room.only()["blocks"][-1]["text"] == "the fifty-first"


def test_a_full_store_is_told_and_promises_nothing(visit: Visit, room: Room, site: Site) -> None:
    site.fault = lambda _: Fault(500)
    refuse = "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }"
    shop = visit(f"<script>{refuse}</script>{room.through_site()}")
    shop.enter()
    shop.write("too much")
    shop.send()
    shop.page.wait_for_selector("text=keep this page open")
    assert "next visit" not in (shop.page.text_content(".outcome") or "")


def test_local_mode_says_when_nothing_was_saved(visit: Visit, room: Room) -> None:
    options = js({"storage": "local", "artifact": {"id": "a1"}})
    plain = f'<script src="{room.server}/v1/patchrooms.js"></script><script>Patchrooms.init({options})</script>'
    shop = visit(plain)
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("for (let n = 2 ** 22; n; n >>= 1) try { localStorage['x' + n] = 'y'.repeat(n) } catch {}")
    shop.page.evaluate("try { localStorage.z = 'y'.repeat(100) } catch {}")
    shop.enter()
    shop.write("kept? " * 20)
    shop.send()
    shop.page.wait_for_selector(".notice >> text=Not saved")
    assert shop.page.input_value(".write>textarea") == "kept? " * 20
    shop.page.evaluate("localStorage.clear()")
    shop.send()
    shop.page.wait_for_selector("text=1 saved here")
    assert len(json.loads(shop.page.evaluate("JSON.stringify(Patchrooms.getReports())"))) == 1


@pytest.mark.parametrize("why", ["offline", "gone"])
def test_a_launcher_whose_room_can_not_be_loaded_says_so_and_tries_again(visit: Visit, room: Room, why: str) -> None:
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    if why == "offline":
        shop.context.set_offline(True)
    else:
        shop.page.route("**/v1/parts/**", lambda route: route.fulfill(status=404, body="{}"))
    shop.page.click(".launcher")
    shop.page.wait_for_selector("[aria-live=polite] >> text=Not loaded. Retry?")
    shop.context.set_offline(False)
    shop.page.unroute("**/v1/parts/**")
    shop.enter()
    shop.page.keyboard.press("Escape")
    expect(shop.page.locator(".launcher")).to_have_text("Feedback")


def test_nobody_listens_once_the_room_is_closed(visit: Visit, room: Room) -> None:
    """The browser asks for the microphone once; what comes after the reporter has left is ended at once."""
    shop = visit(SLOW_MICROPHONE + room.loader)
    shop.enter()
    voice = shop.page.locator('[aria-label="Voice note"]')
    voice.click()
    shop.page.wait_for_function("asked === 1")
    voice.dispatch_event("click")
    shop.page.keyboard.press("Escape")
    shop.page.wait_for_selector(".launcher:visible")
    shop.page.evaluate("allow()")
    shop.page.wait_for_function("tracks.length > 0 && tracks.every((track) => track.readyState === 'ended')")
    assert shop.page.evaluate("asked") == 1
    shop.enter()
    assert shop.page.query_selector(".voice") is None


def test_a_note_that_is_being_spoken_is_not_left_behind(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    shop.write("before the note")
    shop.page.click('[aria-label="Voice note"]')
    shop.page.wait_for_selector(SPOKEN)
    shop.page.keyboard.press("Control+Enter")
    shop.page.click(".voice >> text=Stop")
    shop.page.wait_for_selector(".b.audio")
    shop.sent()
    assert [block["type"] for block in room.only()["blocks"]] == ["text", "audio"]


def test_an_error_that_was_unticked_stays_here_whatever_comes_after(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("for (let n = 0; n < 10; n++) console.error('error number ' + n)")
    shop.enter()
    shop.write("unticked")
    shop.page.click(".goes .link")
    shop.page.locator(".along label", has_text="error number 5").locator("input").uncheck()
    shop.page.click(".along .send")
    shop.page.evaluate("console.error('one more')")
    shop.sent()
    errors = room.only()["context"]["consoleErrors"]
    assert errors == [f"error number {n}" for n in (1, 2, 3, 4, 6, 7, 8, 9)] + ["one more"]
