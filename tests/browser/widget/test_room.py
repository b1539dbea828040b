"""The room: options, channels, what goes along, languages, accessibility, phones, artifact and local modes."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

import pytest

from backroom.projects.widget import CHOICES
from tests.browser.widget.conftest import NewRoom, Room, Visit, Visitor
from tests.browser.widget.site import Fault, Site
from tests.harness.browser import runs_sideways

ARTIFACT = {
    "id": "a1",
    "title": "Checkout review",
    "tool": "claude-code",
    "goal": "reduce checkout friction",
    "constraints": "keep the layout single-column",
}


def generic(room: Room) -> str:
    """The loader that waits for `init`."""
    return f'<script src="{room.server}/v1/patchrooms.js"></script>'


def init(shop: Visitor, room: Room, **options: Any) -> None:
    """Calls `Patchrooms.init` and waits until the widget stands."""
    options.setdefault("projectKey", room.project.project_key)
    shop.page.evaluate("options => Patchrooms.init(options)", options)


def pick(shop: Visitor, element: str) -> None:
    """Opens a review by pointing at an element; waits for the picture that comes with it."""
    shop.page.click(".launcher")
    shop.page.wait_for_selector(".pick-bar")
    shop.page.click(element)
    shop.page.wait_for_selector(".b.screenshot")


def test_channel_user_extra_name_and_mail_go_along_and_what_is_unticked_stays(visit: Visit, new_room: NewRoom) -> None:
    room = new_room(identity_secret="s3cret")
    signature = hmac.new(b"s3cret", b"u7", hashlib.sha256).hexdigest()
    shop = visit(generic(room))
    init(shop, room, extra={"plan": "pro"}, userId="u7")
    shop.page.evaluate("signature => Patchrooms.setUser({userId: 'u7', signature})", signature)
    shop.page.evaluate("console.error('login failed for ann@example.org token=abcdef123456'); console.error('second')")
    shop.enter()
    shop.page.click("text=Ideas")
    shop.page.click("summary")
    shop.page.fill('input[type="email"]', "ann@example.org")
    shop.write("An idea")
    assert "2 console errors" in (shop.page.text_content(".goes") or "")
    shop.page.click("text=view and choose")
    assert "login failed for [mail] token=[cut]" in (shop.page.text_content(".along") or "")
    shop.page.click(".along li:has-text('second')")
    shop.page.click(".along li:has-text('Mozilla')")
    shop.page.click("text=Done")
    shop.sent()
    stored = room.only()
    assert stored["channelKey"] == "feature"
    assert stored["identity"] == {"userId": "u7", "verified": True}
    context = stored["context"]
    assert context["consoleErrors"] == ["login failed for [mail] token=[cut]"]
    assert context["extra"] == {"plan": "pro"}
    assert context["reporter"] == {"email": "ann@example.org"}
    assert "userAgent" not in context


def test_the_last_ten_console_errors_each_cut_at_2000_characters(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("for (let n = 0; n < 12; n++) console.error(n + ' ' + 'long words '.repeat(300))")
    shop.report("x")
    errors = room.only()["context"]["consoleErrors"]
    assert [error.split()[0] for error in errors] == [str(n) for n in range(2, 12)]
    assert {len(error) for error in errors} == {2_000}


def test_console_errors_are_not_captured_where_the_option_says_so(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    init(shop, room, captureConsoleErrors=False)
    shop.page.evaluate("console.error('not yours')")
    shop.report("x")
    assert room.only()["context"]["consoleErrors"] == []


def test_init_events_and_methods(visit: Visit, room: Room) -> None:
    """init is idempotent: again tears down and rebuilds. Unknown values fall back with a warning."""
    shop = visit(generic(room))
    page = shop.page
    init(shop, room, projectKey="pr_000000000000000000000000")
    assert "[Patchrooms] unknown project key: pr_000000000000000000000000" in shop.said
    assert page.query_selector(".launcher") is None
    page.evaluate(
        """() => { heard = []; for (const name of ['ready', 'open', 'queued', 'sent', 'close'])
           Patchrooms.on(name, () => heard.push(name)) }"""
    )
    init(shop, room, mascot="owl", shape="spaceship")
    init(shop, room, mascot="owl", shape="pill", anchor="bottom-left")
    assert any("unknown shape: spaceship" in line for line in shop.said)
    assert page.locator(".launcher").count() == 1
    box = page.locator(".launcher").bounding_box()
    assert box
    assert box["x"] < 40
    assert box["y"] > 700
    page.evaluate("Patchrooms.openForm()")
    page.wait_for_selector(".room")
    page.evaluate("Patchrooms.setChannel('feature')")
    shop.write("x")
    shop.sent()
    assert room.only()["channelKey"] == "feature"
    page.evaluate("Patchrooms.closeForm()")
    page.wait_for_selector(".room", state="detached")
    assert page.evaluate("heard") == ["ready", "ready", "open", "queued", "sent", "close"]
    page.evaluate("Patchrooms.destroy(), Patchrooms.destroy()")
    assert page.query_selector("[data-backroom]") is None
    assert shop.errors == []


def test_the_loader_of_an_unknown_key_says_so_and_does_nothing(visit: Visit, room: Room) -> None:
    key = "pr_000000000000000000000000"
    shop = visit(f'<script src="{room.server}/v1/patchrooms/{key}.js"></script>')
    shop.page.evaluate("Patchrooms.openForm(), Patchrooms.setUser({userId: 'u1'})")
    shop.page.wait_for_function("window.Patchrooms !== undefined")
    assert shop.said == [f"[Patchrooms] unknown project key: {key}"]
    assert shop.page.query_selector("[data-backroom]") is None
    assert shop.errors == []


@pytest.mark.parametrize("shape", ["bubble", "tab", "pill"])
def test_every_shape_stands_at_every_anchor_within_the_window(visit: Visit, room: Room, shape: str) -> None:
    shop = visit(generic(room))
    for anchor in CHOICES["anchor"]:
        init(shop, room, shape=shape, anchor=anchor)
        box = shop.page.locator(".launcher").bounding_box()
        assert box
        y, x = anchor.split("-")
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert {"left": middle[0] < 300, "center": 500 < middle[0] < 780, "right": middle[0] > 980}[x], (anchor, box)
        assert {"top": middle[1] < 200, "middle": 300 < middle[1] < 500, "bottom": middle[1] > 600}[y], (anchor, box)
        assert shop.page.locator(".launcher").evaluate(
            """button => { const {x, y, width, height} = button.getBoundingClientRect();
               return button.contains(button.getRootNode().elementFromPoint(x + width / 2, y + height / 2)) }"""
        )


def test_every_mascot_has_a_face_of_its_own(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    faces = set()
    for mascot in CHOICES["mascot"]:
        init(shop, room, mascot=mascot)
        faces.add(shop.page.locator(".launcher .face").inner_html())
    assert len(faces) == 6


def test_faces_look_at_the_pointer_unless_motion_is_unwanted(visit: Visit, room: Room) -> None:
    look = """() => { const eyes = document.querySelector('[data-backroom]').shadowRoot.querySelector('.eyes');
        return [eyes.style.translate, getComputedStyle(eyes).animationName] }"""
    for motion, moves in (("no-preference", True), ("reduce", False)):
        shop = visit(room.loader, reduced_motion=motion)
        shop.page.wait_for_selector(".launcher")
        shop.page.mouse.move(200, 100)
        if moves:
            shop.page.wait_for_function(f"({look})()[0]")
        shop.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        translate, animation = shop.page.evaluate(look)
        assert (translate != "", animation != "none") == (moves, moves)


def test_attributes_of_the_script_are_options_too(visit: Visit, new_room: NewRoom) -> None:
    """They go over the project's settings, and `init` over them."""
    room = new_room({"shape": "tab", "mascot": "bear"})
    words = 'data-shape="pill" data-user-id="u9" data-channel="feature" data-color="#0b5c6b" data-theme="light"'
    shop = visit(room.loader.replace("async", words))
    shop.page.wait_for_selector(".launcher[data-shape=pill]")
    shop.enter()
    colour = shop.page.locator(".write .send").evaluate("button => getComputedStyle(button).backgroundColor")
    assert colour == "rgb(11, 92, 107)"
    shop.write("x")
    shop.sent()
    stored = room.only()
    assert stored["identity"] == {"userId": "u9", "verified": False}
    assert stored["channelKey"] == "feature"


def test_settings_of_the_project_are_worn_until_the_page_says_otherwise(visit: Visit, new_room: NewRoom) -> None:
    room = new_room({"shape": "pill", "theme": "dark", "color": "#0b5c6b", "texts": {"launcher": "Tell us"}})
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher[data-shape=pill]")
    assert (shop.page.text_content(".launcher") or "").strip() == "Tell us"
    assert shop.page.get_attribute(".layer", "data-theme") == "dark"
    init(shop, room, shape="tab", theme="light")
    shop.page.wait_for_selector(".launcher[data-shape=tab]")
    assert shop.page.get_attribute(".layer", "data-theme") == "light"


def test_url_patterns_decide_where_it_mounts_also_when_the_address_changes(visit: Visit, new_room: NewRoom) -> None:
    room = new_room(url_patterns=["*/shop/*"])
    shop = visit(room.loader)
    shop.page.wait_for_function("window.Patchrooms && document.querySelector('[data-backroom]')")
    assert shop.page.query_selector(".launcher") is None
    shop.page.evaluate("history.pushState(null, '', '/shop/1')")
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("history.pushState(null, '', '/')")
    shop.page.wait_for_selector(".launcher", state="detached")


def test_a_hidden_trigger_opens_by_the_page_alone(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    init(shop, room, trigger="hidden")
    assert shop.page.query_selector(".launcher") is None
    shop.page.evaluate("Patchrooms.openForm()")
    shop.page.wait_for_selector(".room")


def test_artifact_review_in_local_mode_sends_nothing(visit: Visit, room: Room, site: Site) -> None:
    """Pick, comment, save, Markdown to the letter; not one request but for the widget's own parts."""
    body = f'<input id="coupon-code">{generic(room)}'
    shop = visit(body)
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    init(shop, room, projectKey=None, storage="local", mode="artifact-review", artifact=ARTIFACT)
    pick(shop, "#coupon-code")
    shop.write("Remove the coupon field; almost no one uses it.")
    shop.send()
    shop.page.wait_for_selector("text=1 saved here")
    assert re.fullmatch(
        r"## Report — Checkout review\n\*\*Tool:\*\* claude-code   \*\*Goal:\*\* reduce checkout friction\n"
        r"\*\*Constraint:\*\* keep the layout single-column\n\n- \*\*Element:\*\* `#coupon-code`\n"
        r"- \*\*Screenshot:\*\* blob/scr_\w+\.png\n"
        r"- \*\*Comment:\*\* Remove the coupon field; almost no one uses it\.\n\n"
        r"- \*\*Page:\*\* `http.+`\n- \*\*Browser:\*\* `.+`\n- \*\*Viewport:\*\* \d+ x \d+\n"
        r"- \*\*Language:\*\* `.+`\n- \*\*Report:\*\* [0-9a-f]{24}, open, [-:.\dTZ]+\n",
        shop.page.evaluate("Patchrooms.exportMarkdown()"),
    )
    (saved,) = shop.page.evaluate("Patchrooms.getReports()")
    assert saved["artifact"]["id"] == "a1"
    assert saved["blocks"][1]["url"].startswith("data:image/png")
    assert [url for url in asked if not url.startswith((f"{room.server}/v1/parts/", "data:", "blob:"))] == []
    with shop.page.expect_download() as download:
        shop.page.click("text=Download .md")
    assert download.value.suggested_filename == "a1.md"
    shop.page.reload()
    init(shop, room, projectKey=None, storage="local", artifact=ARTIFACT)
    assert len(shop.page.evaluate("Patchrooms.getReports()")) == 1, "it stays in the browser"
    shop.page.evaluate("Patchrooms.clear()")
    assert shop.page.evaluate("Patchrooms.getReports()") == []
    assert room.stored() == []


def test_artifact_review_against_the_server(visit: Visit, room: Room) -> None:
    shop = visit(f'<button id="pay">Pay now</button>{generic(room)}')
    init(shop, room, mode="artifact-review", artifact=ARTIFACT)
    pick(shop, "#pay")
    shop.write("Larger, please")
    shop.sent()
    stored = room.only()
    assert stored["artifact"] == ARTIFACT
    assert [block["type"] for block in stored["blocks"]] == ["selection", "screenshot", "text"]


def test_the_miniback_dress(visit: Visit, new_room: NewRoom) -> None:
    """A button and one text field, with its own words and its own way in; the script's attributes win."""
    room = new_room({"texts": {"launcher": "From the server", "placeholder": "Also from the server"}})
    words = 'data-button-text="Say it" data-title="Well?" data-color="#0b7285" data-success-text="Got it."'
    slug = room.project.slug
    shop = visit(f'<script src="{room.server}/widget.js" data-project="{slug}" {words} async></script>')
    shop.page.wait_for_selector(".launcher")
    assert (shop.page.text_content(".launcher") or "").strip() == "Say it"
    shop.enter()
    assert shop.page.text_content("h2") == "Well?"
    assert shop.page.get_attribute(".write textarea", "placeholder") == "Also from the server"
    assert shop.page.locator(".write .tool").count() == 0
    shop.write("Simple words")
    assert shop.violations() == []
    shop.send()
    shop.page.wait_for_selector("text=Got it.")
    assert room.only()["blocks"] == [{"type": "text", "text": "Simple words"}]
    shop.page.evaluate("Miniback.close()")
    shop.page.wait_for_selector(".room", state="detached")
    shop.page.evaluate("Miniback.open()")
    shop.page.wait_for_selector(".room")
    assert shop.errors == []


def test_axe_finds_nothing_in_any_state(visit: Visit, room: Room) -> None:
    shop = visit(f"<main><h1>Shop</h1><p>Text</p></main>{room.loader}", reduced_motion="reduce")
    shop.page.wait_for_selector(".launcher")
    assert shop.violations() == []
    shop.enter()
    shop.write("Some words")
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")
    assert shop.violations() == []
    shop.page.click("text=view and choose")
    assert shop.violations() == []
    shop.page.click("text=Done")
    shop.page.click(".b.screenshot >> text=Edit")
    shop.page.wait_for_selector(".editor")
    assert shop.violations() == []
    shop.page.keyboard.press("Escape")
    shop.page.click('[aria-label="Voice note"]')
    shop.page.wait_for_selector(".voice")
    assert shop.violations() == []
    shop.page.click(".voice >> text=Stop")
    shop.page.wait_for_selector(".b.audio")
    shop.sent()
    assert shop.violations() == []


def test_every_language_loads_arabic_from_right_to_left_and_the_pages_own_words_win(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    seen = set()
    for locale in ("en", "ru", "de", "fr", "es", "pt", "ja", "zh", "ar"):
        init(shop, room, locale=locale, texts={"send": "GO"})
        shop.enter()
        seen.add(shop.page.text_content("h2"))
        assert (shop.page.text_content(".send") or "").strip() == "GO"
        assert shop.page.get_attribute(".layer", "dir") == ("rtl" if locale == "ar" else "ltr")
        assert shop.page.get_attribute(".layer", "lang") == locale
    assert len(seen) == 9


def test_from_right_to_left_the_room_is_mirrored(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    init(shop, room, locale="ar")
    shop.enter()
    close = shop.page.locator(".room header .tool").bounding_box()
    box = shop.page.locator(".room").bounding_box()
    assert close
    assert box
    assert close["x"] < box["x"] + box["width"] / 2
    assert shop.violations() == []


def test_the_browsers_language_is_spoken(visit: Visit, room: Room) -> None:
    shop = visit(room.loader, locale="ru-RU")
    shop.page.wait_for_selector(".launcher")
    assert (shop.page.text_content(".launcher") or "").strip() == "Отзыв"


@pytest.mark.parametrize("width", [320, 390])
def test_phones_from_320_pixels(visit: Visit, room: Room, width: int) -> None:
    """Nothing is cut off, targets are large, nothing scrolls sideways."""
    phone = {"viewport": {"width": width, "height": 640}, "has_touch": True, "is_mobile": True}
    shop = visit(room.loader, **phone, device_scale_factor=2)
    shop.page.tap(".launcher")
    shop.page.wait_for_selector(".room")
    box = shop.page.locator(".room").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 640
    small = shop.page.locator(".room button:visible").evaluate_all(
        """all => all.filter(b => b.className !== 'link' && (b.offsetWidth < 44 || b.offsetHeight < 44))
                  .map(b => b.outerHTML)"""
    )
    assert small == []
    assert shop.page.locator(".room").evaluate("room => room.scrollWidth > room.clientWidth") is False
    assert not runs_sideways(shop.page)
    shop.page.fill(".write textarea", "from a phone")
    shop.page.tap(".write .send")
    shop.page.wait_for_selector(".receipt")
    assert room.only()["context"]["viewport"]["width"] == width


def test_everything_is_reached_by_the_keyboard(visit: Visit, room: Room) -> None:
    """Open, write, choose a channel, look at what goes along, send, close; focus is always somewhere sensible."""
    shop = visit(f'<a href="#x">before</a>{room.loader}')
    page = shop.page
    page.wait_for_selector(".launcher")
    focused = "document.querySelector('[data-backroom]').shadowRoot.activeElement?.className"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "launcher"
    page.keyboard.press("Enter")
    page.wait_for_selector(".write textarea:focus")
    page.keyboard.type("Only keys")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".chan label:nth-of-type(2)[data-on]")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "link":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".along")
    page.keyboard.press("Escape")
    page.wait_for_selector(".write textarea")
    page.focus(".write textarea")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".receipt")
    assert page.evaluate("document.querySelector('[data-backroom]').shadowRoot.activeElement.id") == "br-title"
    page.keyboard.press("Escape")
    page.wait_for_selector(".launcher:focus")
    assert room.only()["channelKey"] == "feature"


def test_the_demo_shop_shows_options_live(visit: Visit, room: Room) -> None:
    shop = visit("")
    page = shop.page
    page.goto(f"{room.server}/demo?key={room.project.project_key}")
    page.wait_for_selector(".launcher[data-shape=bubble]")
    page.select_option("select[name=shape]", "pill")
    page.select_option("select[name=locale]", "ru")
    page.wait_for_selector(".launcher[data-shape=pill]")
    assert (page.text_content(".launcher") or "").strip() == "Отзыв"
    assert '"shape": "pill"' in (page.text_content("#code") or "")
    page.click("[data-method=openForm]")
    page.wait_for_selector(".write textarea")
    page.click(".write .tool >> nth=0")
    page.wait_for_selector(".b.screenshot")
    page.click(".write .send")
    page.wait_for_selector(".receipt")
    assert room.only()["blocks"][0]["type"] == "screenshot"
    assert shop.errors == []
    assert [line for line in shop.said if "Content Security" in line or "Trusted" in line] == []


def test_a_language_is_loaded_on_demand_and_no_other(visit: Visit, room: Room) -> None:
    shop = visit("")
    parts: list[str] = []
    shop.page.on(
        "request",
        lambda asked: parts.append(asked.url.split("/")[-1].split("-")[0]) if "/parts/" in asked.url else None,
    )
    shop.page.add_script_tag(url=f"{room.server}/v1/patchrooms.js")
    init(shop, room, locale="ru")
    assert parts == []
    shop.enter()
    assert sorted(parts) == ["room", "ru"]


def test_without_its_language_the_room_speaks_english(visit: Visit, room: Room) -> None:
    shop = visit(generic(room))
    shop.page.route("**/v1/parts/ru-*", lambda route: route.fulfill(status=404, body=""))
    init(shop, room, locale="ru")
    shop.enter()
    assert shop.page.text_content("h2") == "What's on your mind?"


def test_what_happens_is_told_to_screen_readers(visit: Visit, room: Room, site: Site) -> None:
    """One live region says that a picture is taken and added, that a report is kept, and that it has arrived."""
    site.fault = lambda number: Fault(503, headers={"retry-after": "1"}) if number == 1 else None
    shop = visit(room.through_site())
    shop.page.wait_for_selector(".launcher")
    shop.enter()
    shop.page.evaluate(
        """() => { heard = []; const status = document.querySelector('[data-backroom]').shadowRoot
            .querySelector('[role=status][aria-live=polite]');
           new MutationObserver(() => heard.push(status.textContent)).observe(status,
             {childList: true, characterData: true, subtree: true}) }"""
    )
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")
    shop.sent()
    heard = [said for said in shop.page.evaluate("heard") if said]
    assert heard == [
        "Taking the screenshot …",
        "Added: Screenshot",
        "Saved in this browser",
        "Thank you. We received your report.",
    ]
