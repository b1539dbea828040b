"""Blocks other than pictures: quotes, picked elements, voice notes, and the order in which they were stacked."""

from __future__ import annotations

from tests.browser.widget.conftest import SPOKEN, Room, Visit
from tests.harness.processes import wait_until


def test_an_element_is_picked_by_the_keyboard_alone(visit: Visit, room: Room) -> None:
    body = """<main id="m" style="width:100%;height:780px"><section id="s">
<button id="pay">Pay now</button><input value="secret"></section></main>"""
    shop = visit(body + room.loader)
    page = shop.page
    page.wait_for_selector(".launcher")
    for key in ("Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(".write textarea:focus")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('[data-backroom]').shadowRoot.activeElement.ariaLabel") == (
        "Point at an element"
    )
    page.keyboard.press("Enter")
    page.wait_for_selector(".pick-bar")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(".b.selection")
    page.keyboard.type("It does nothing")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".receipt")
    selection, text = room.only()["blocks"]
    assert selection["quote"] == "Pay now"
    assert page.evaluate("selector => document.querySelector(selector).id", selection["selector"]) == "pay"
    assert text == {"type": "text", "text": "It does nothing"}
    page.keyboard.press("Escape")
    page.wait_for_selector(".launcher:focus")


def test_esc_leaves_the_picker_and_no_click_reaches_the_page(visit: Visit, room: Room) -> None:
    shop = visit(f'<button id="pay" onclick="document.title = \'clicked\'">Pay now</button>{room.loader}')
    page = shop.page
    shop.enter()
    page.click('[aria-label="Point at an element"]')
    page.wait_for_selector(".pick-bar")
    page.keyboard.press("Escape")
    page.wait_for_selector(".pick-bar", state="detached")
    page.click('[aria-label="Point at an element"]')
    page.wait_for_selector(".pick-bar")
    page.click("#pay")
    page.wait_for_selector(".b.selection")
    assert page.title() == "Shop"


def test_selectors_find_the_element_again_also_in_a_shadow_root(visit: Visit, room: Room) -> None:
    script = """<script>
const s = document.querySelector('#host').attachShadow({mode: 'open'});
s.innerHTML = '<div class="inner"><button style="width:200px;height:100px">Inside</button></div>';
</script>"""
    shop = visit(f'<div id="host"></div>{script}{room.loader}')
    shop.enter()
    shop.page.click('[aria-label="Point at an element"]')
    shop.page.wait_for_selector(".pick-bar")
    shop.page.mouse.click(100, 60)
    shop.page.wait_for_selector(".b.selection")
    shop.sent()
    (block,) = room.only()["blocks"]
    host, inner = block["selector"].split(" >>> ")
    found = shop.page.evaluate(
        "([host, inner]) => document.querySelector(host).shadowRoot.querySelector(inner).textContent", [host, inner]
    )
    assert (found, block["quote"]) == ("Inside", "Inside")


def test_selected_text_is_quoted_but_nothing_private(visit: Visit, room: Room) -> None:
    shop = visit(f'<p id="a">A sentence to quote.</p><p id="b" data-private><b id="c">Secret.</b></p>{room.loader}')
    shop.enter()
    select = "id => getSelection().selectAllChildren(document.getElementById(id))"
    for private in ("b", "c"):
        shop.page.evaluate(select, private)
        shop.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert shop.page.query_selector(".quote") is None
    shop.page.evaluate(select, "a")
    shop.page.click(".quote")
    shop.write("This is odd.")
    shop.sent()
    quote, text = room.only()["blocks"]
    assert quote["quote"] == "A sentence to quote."
    assert "selector" not in quote
    assert text["text"] == "This is odd."


def test_a_voice_note_is_recorded_and_stored(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    shop.page.click('[aria-label="Voice note"]')
    shop.page.wait_for_selector(SPOKEN)
    wait_until(
        lambda: shop.page.evaluate(
            "document.querySelector('[data-backroom]').shadowRoot.querySelector('meter').value > 0"
        ),
        "the meter to move",
    )
    shop.page.click(".voice >> text=Stop")
    shop.page.wait_for_selector(".b.audio")
    shop.sent()
    (block,) = room.only()["blocks"]
    assert block["type"] == "audio"
    assert 500 <= block["durationMs"] < 5 * 60_000
    assert room.file(block)[:4] == b"\x1a\x45\xdf\xa3"


def test_blocks_arrive_in_the_order_in_which_they_were_stacked(visit: Visit, room: Room) -> None:
    shop = visit(f'<p id="a">A sentence to quote.</p>{room.loader}')
    shop.enter()
    shop.write("First")
    shop.page.evaluate("getSelection().selectAllChildren(document.getElementById('a'))")
    shop.page.click(".quote")
    shop.write("Third")
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")
    shop.write("Fifth")
    wait_until(lambda: any(len(draft["blocks"]) == 4 for draft in shop.kept("drafts")), "the blocks to be kept")
    shop.page.reload()
    shop.enter()
    shop.page.wait_for_selector(".b.screenshot")
    shop.sent()
    blocks = room.only()["blocks"]
    assert [block["type"] for block in blocks] == ["text", "selection", "text", "screenshot", "text"]
    assert [block["text"] for block in blocks if block["type"] == "text"] == ["First", "Third", "Fifth"]


def test_a_voice_note_ends_at_five_minutes_by_itself(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.page.clock.install()
    shop.enter()
    shop.page.click('[aria-label="Voice note"]')
    shop.page.wait_for_selector(SPOKEN)
    shop.page.clock.fast_forward(5 * 60_000)
    shop.page.wait_for_selector(".b.audio >> text=5:00")
    shop.page.wait_for_selector(".voice", state="detached")
    shop.sent()
    assert room.only()["blocks"][0]["durationMs"] == 5 * 60_000


def test_a_microphone_that_is_not_allowed_is_told_plainly(visit: Visit, room: Room) -> None:
    refuse = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') }"
    shop = visit(f"<script>{refuse}</script>{room.loader}")
    shop.enter()
    shop.page.click('[aria-label="Voice note"]')
    shop.page.wait_for_selector(".notice >> text=Microphone access is blocked.")
    assert shop.errors == []
