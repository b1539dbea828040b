"""Focus, what is read out, what the page hears, and displays that are set otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.widget.conftest import SPOKEN, Room, Visit, Visitor
from tests.browser.widget.test_room import generic, init

PAGE = '<p id="p">Some text to quote</p><input id="i"><button id="b">Page</button>'
ACTIVE = """() => { let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at.id || at.getAttribute('aria-label') || at.textContent || at.localName }"""
LISTEN = """() => { said = []; const root = document.querySelector('[data-backroom]').shadowRoot;
    new MutationObserver(() => said.push(...[...root.querySelectorAll('[role=status]')].map(e => e.textContent)))
        .observe(root, {subtree: true, childList: true, characterData: true}) }"""
SELECT = "getSelection().selectAllChildren(document.getElementById('p'))"


def active(shop: Visitor) -> str:
    """The name of what has the focus, in the room or in the page."""
    name: str = shop.page.evaluate(ACTIVE)
    return name.strip()


def press(shop: Visitor, selector: str) -> None:
    """Uses a button by the keyboard."""
    shop.page.locator(selector).first.focus()
    shop.page.keyboard.press("Enter")


def quote(shop: Visitor) -> None:
    shop.page.evaluate(SELECT)
    shop.page.wait_for_selector(".quote")
    press(shop, ".quote")
    shop.page.wait_for_selector(".b.selection")


def remove(shop: Visitor) -> None:
    quote(shop)
    press(shop, '.b [aria-label^="Remove"]')
    shop.page.wait_for_selector(".b", state="detached")


def take(shop: Visitor) -> None:
    press(shop, '[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")


def another(shop: Visitor) -> None:
    shop.write("x")
    press(shop, ".write .send")
    shop.page.wait_for_selector(".receipt")
    assert active(shop) == "br-title"
    press(shop, "text=Send another")


def look(shop: Visitor, leave: Callable[[Visitor], None]) -> None:
    press(shop, ".goes .link")
    shop.page.wait_for_selector(".along")
    assert active(shop) == "br-title"
    leave(shop)
    shop.page.wait_for_selector(".write")


def edit(shop: Visitor, leave: Callable[[Visitor], None]) -> None:
    take(shop)
    press(shop, ".b .link")
    shop.page.wait_for_selector(".editor")
    leave(shop)
    shop.page.wait_for_selector(".editor", state="detached")


def note(shop: Visitor, end: str) -> None:
    press(shop, '[aria-label="Voice note"]')
    shop.page.wait_for_selector(".voice .stop:focus")
    shop.page.wait_for_selector(f".voice >> {SPOKEN}")
    press(shop, end)
    shop.page.wait_for_selector(".voice", state="detached")


def escape(shop: Visitor) -> None:
    shop.page.keyboard.press("Escape")


STEPS: dict[str, tuple[Callable[[Visitor], None], str]] = {
    "quote": (quote, "Message"),
    "remove": (remove, "Message"),
    "screenshot": (take, "Screenshot"),
    "send another": (another, "Message"),
    "done with what goes along": (lambda shop: look(shop, lambda s: press(s, ".along .send")), "Message"),
    "esc in what goes along": (lambda shop: look(shop, escape), "Message"),
    "esc in the editor": (lambda shop: edit(shop, escape), "Edit"),
    "done in the editor": (lambda shop: edit(shop, lambda s: press(s, ".editor .send")), "Edit"),
    "a voice note ended": (lambda shop: note(shop, ".voice .stop"), "Message"),
    "a voice note left": (lambda shop: note(shop, ".voice .link"), "Message"),
}


@pytest.mark.parametrize("step", STEPS)
def test_the_focus_never_falls_out_of_the_room(visit: Visit, room: Room, step: str) -> None:
    act, where = STEPS[step]
    shop = visit(PAGE + room.loader)
    shop.enter()
    act(shop)
    shop.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert active(shop) == where


def test_without_a_button_the_focus_goes_back_to_what_had_it(visit: Visit, room: Room) -> None:
    shop = visit(PAGE + generic(room))
    init(shop, room, trigger="hidden")
    shop.page.focus("#b")
    shop.page.evaluate("Patchrooms.openForm()")
    shop.page.wait_for_selector(".write textarea:focus")
    shop.page.keyboard.press("Escape")
    shop.page.wait_for_selector(".room", state="detached")
    assert active(shop) == "b"


def test_closing_takes_the_focus_from_nobody(visit: Visit, room: Room) -> None:
    shop = visit(PAGE + room.loader)
    shop.enter()
    shop.page.focus("#i")
    shop.page.evaluate("Patchrooms.closeForm()")
    shop.page.wait_for_selector(".room", state="detached")
    assert active(shop) == "i"


@pytest.mark.parametrize(
    "kind", ["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "focusin", "focusout"]
)
def test_the_page_hears_nothing_of_what_is_done_in_the_room(visit: Visit, room: Room, kind: str) -> None:
    shop = visit(PAGE + room.loader)
    shop.enter()
    shop.page.evaluate("kind => { heard = 0; document.addEventListener(kind, () => heard++) }", kind)
    shop.page.keyboard.type("go")
    shop.page.keyboard.press("Control+a")
    shop.page.keyboard.press("Control+c")
    shop.page.keyboard.press("Control+v")
    shop.page.keyboard.press("Tab")
    assert shop.page.evaluate("heard") == 0
    shop.page.focus("#i")
    shop.page.keyboard.press("Control+v")
    shop.page.keyboard.type("go")
    shop.page.focus("#b")
    assert shop.page.evaluate("heard") > 0, "what is done in the page is the page's"


def test_a_page_that_holds_the_focus_lets_people_type(visit: Visit, room: Room) -> None:
    shop = visit(
        f"""{PAGE}<script>document.addEventListener('focusin', ({{target}}) => {{
            if (target.id !== 'i') document.getElementById('i').focus() }})</script>{room.loader}"""
    )
    shop.enter()
    shop.page.keyboard.type("hello")
    assert shop.page.input_value(".write>textarea") == "hello"


def test_what_is_added_pointed_at_and_marked_is_read_out(visit: Visit, room: Room) -> None:
    shop = visit("<h1>Shop</h1>" + PAGE + room.loader)
    page = shop.page
    shop.enter()
    page.evaluate(LISTEN)

    def hears(words: str) -> None:
        page.wait_for_function("words => said.some(line => line.includes(words))", arg=words)

    take(shop)
    hears("Added: Screenshot")
    note(shop, ".voice .stop")
    hears("Added: Voice note")
    press(shop, '[aria-label="Point at an element"]')
    page.wait_for_selector(".pick-bar")
    hears("Arrow keys move")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    hears("Added: Selected element")
    press(shop, ".b.screenshot .link")
    page.wait_for_selector(".editor [role=application][aria-label]")
    shop.drawn()
    page.focus(".stage canvas")
    page.keyboard.press("Enter")
    hears("Redact: 1")
    page.keyboard.press("Control+z")
    hears("Undo: 0")


def test_marks_outlive_esc_in_the_editor(visit: Visit, room: Room) -> None:
    shop = visit("<h1>Shop</h1>" + room.loader)
    shop.enter()
    take(shop)
    press(shop, ".b.screenshot .link")
    shop.drawn()
    shop.page.focus(".stage canvas")
    shop.page.keyboard.press("Enter")
    escape(shop)
    shop.page.wait_for_selector(".editor", state="detached")
    shop.sent()
    picture = room.picture(room.only()["blocks"][0])
    assert picture.size == (1280, 800)
    middle = picture.getpixel((picture.width // 2, picture.height // 2))
    assert max(middle) < 60, "the redaction is in the pixels"  # type: ignore[arg-type]


def test_done_before_the_editor_has_read_the_picture_keeps_it(visit: Visit, room: Room) -> None:
    shop = visit("<h1>Shop</h1>" + room.loader)
    shop.enter()
    take(shop)
    shop.page.evaluate(
        """() => {
            const read = window.createImageBitmap;
            const allowed = new Promise(allow => { window.allow = allow });
            window.createImageBitmap = async (...from) => { await allowed; return read(...from) };
        }"""
    )
    press(shop, ".b.screenshot .link")
    shop.page.wait_for_selector(".stage canvas:not([width])")
    shop.page.focus(".stage canvas")
    shop.page.keyboard.press("Enter")  # nothing to mark yet
    press(shop, ".editor .send")
    shop.page.evaluate("allow()")
    shop.page.wait_for_selector(".editor", state="detached")
    shop.sent()
    picture = room.picture(room.only()["blocks"][0])
    assert picture.size == (1280, 800)
    assert max(picture.getpixel((640, 400))) > 200, "nothing is redacted"  # type: ignore[arg-type]


def test_at_200_percent_everything_is_there(visit: Visit, room: Room) -> None:
    shop = visit(room.loader, viewport={"width": 640, "height": 400})
    shop.enter()
    shop.page.click(".who summary")
    shop.page.fill('input[type="email"]', "ann@example.org")
    shop.write("zoomed")
    shop.sent()
    assert room.only()["context"]["reporter"] == {"email": "ann@example.org"}


def test_the_writing_box_shows_its_focus(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    outline = shop.page.locator(".write>textarea").evaluate("box => getComputedStyle(box).outline")
    assert outline == "rgb(194, 65, 12) solid 2px"


@pytest.mark.parametrize("part", [".write .send", ".editor .send", ".editor canvas", ".pick-bar"])
def test_forced_colours_leave_edges(visit: Visit, room: Room, part: str) -> None:
    shop = visit("<h1>Shop</h1>" + room.loader, forced_colors="active")
    shop.enter()
    if part.startswith(".editor"):
        take(shop)
        press(shop, ".b .link")
    if part == ".pick-bar":
        press(shop, '[aria-label="Point at an element"]')
    shop.page.wait_for_selector(part)
    assert shop.page.locator(part).evaluate("part => getComputedStyle(part).borderTopStyle") == "solid"


def test_nothing_moves_for_ever(visit: Visit, room: Room) -> None:
    """WCAG 2.2.2: what moves by itself ends within five seconds."""
    shop = visit(generic(room))
    ends = """() => document.querySelector('[data-backroom]').shadowRoot.getAnimations()
        .map(({effect}) => effect.getComputedTiming().endTime)"""
    # Asked for as it begins: they come to rest by themselves.
    options = {"projectKey": room.project.project_key}
    moving = shop.page.evaluate(f"options => Patchrooms.init(options).then({ends})", options)
    assert moving
    assert all(end <= 5_000 for end in moving), moving
    shop.page.evaluate("document.querySelector('[data-backroom]').shadowRoot.getAnimations().forEach(a => a.finish())")
    assert shop.page.evaluate(ends) == []
    shop.page.evaluate(
        """() => { winked = false; document.querySelector('[data-backroom]').shadowRoot.addEventListener(
            'animationstart', event => { winked ||= event.animationName === 'br-wink' }) }"""
    )
    shop.page.hover(".launcher")
    shop.page.wait_for_function("winked")  # they blink at whoever comes near


def test_a_dropped_file_that_is_no_picture_is_told(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.enter()
    shop.page.locator(".room").evaluate(
        """panel => { const dataTransfer = new DataTransfer();
           dataTransfer.items.add(new File(['%PDF'], 'a.pdf', {type: 'application/pdf'}));
           panel.dispatchEvent(new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true})) }"""
    )
    shop.page.wait_for_selector(".notice >> text=can't read this image")


def test_the_kind_of_device_is_in_the_readers_language(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    init(shop, room, locale="ru")
    shop.enter()
    shop.page.click(".goes .link")
    shop.page.wait_for_selector(".along >> text=1280 × 800, компьютер")
