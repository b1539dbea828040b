"""The snippets of docs/widget.md for frameworks, and pages that come and go without being loaded anew.

Frameworks only decide when the snippet is called: the function that all of them use is read from the document and
called as they do.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.widget.conftest import NewRoom, Room, Visit, Visitor

DOCUMENT = (Path(__file__).parents[3] / "docs/widget.md").read_text(encoding="utf-8")
HOSTS = "document.querySelectorAll('[data-backroom]').length"
SETTLED = """Promise.all([...document.scripts].map(script => new Promise(done => {
    if (!script.src || performance.getEntriesByName(script.src).length) done();
    script.addEventListener('load', done) })))"""


def snippet(room: Room) -> str:
    """The function `mountFeedback` as it is documented, for this project."""
    found = re.search(r"```js\n// feedback\.js\nexport (function mountFeedback.*?)```", DOCUMENT, re.DOTALL)
    assert found
    return found[1].replace("https://HOST", room.server).replace("pr_xxx", room.project.project_key)


@pytest.fixture
def shop(visit: Visit, room: Room) -> Visitor:
    """A page that has the function, and has called it nowhere."""
    return visit(f"<script>{snippet(room)}</script><main></main>")


def stands_once(shop: Visitor) -> None:
    """Waits for the launcher, and asserts that there is one widget only, which works."""
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate(SETTLED)
    assert shop.page.evaluate(HOSTS) == 1
    shop.enter()
    shop.page.keyboard.press("Escape")
    assert shop.errors == []


def test_the_documented_snippets_use_the_function_and_nothing_else() -> None:
    for framework, call in (
        ("jsx", "useEffect(() => mountFeedback({ userId: user?.id }), [user?.id]);"),
        ("vue", "onMounted(() => (leave = mountFeedback("),
        ("svelte", "onMount(() => mountFeedback("),
    ):
        blocks = re.findall(rf"```{framework}\n(.*?)```", DOCUMENT, re.DOTALL)
        assert any(call in block for block in blocks), framework


def test_mounted_and_unmounted(shop: Visitor, room: Room) -> None:
    """As Vue and Svelte do; what was typed is there again."""
    shop.page.evaluate("void (leave = mountFeedback({ userId: 'u1' }))")
    shop.enter()
    shop.write("half a thought")
    shop.page.evaluate("leave()")
    assert shop.page.evaluate(HOSTS) == 0
    shop.page.evaluate("void (leave = mountFeedback({ userId: 'u2' }))")
    shop.enter()
    assert shop.page.input_value(".write textarea") == "half a thought"
    shop.sent()
    assert room.only()["identity"] == {"userId": "u2", "verified": False}
    assert shop.errors == []


def test_mounted_twice_as_in_strict_mode(shop: Visitor) -> None:
    """React mounts, unmounts and mounts again at once, before the script has come."""
    shop.page.evaluate("mountFeedback({})(), void (leave = mountFeedback({}))")
    stands_once(shop)


def test_unmounted_before_the_script_has_come(shop: Visitor) -> None:
    shop.page.evaluate("mountFeedback({})()")
    shop.page.wait_for_function("window.Patchrooms !== undefined")
    assert shop.page.evaluate(HOSTS) == 0
    shop.page.evaluate("void (leave = mountFeedback({}))")
    stands_once(shop)


def test_an_effect_that_runs_again_changes_the_user(shop: Visitor, room: Room) -> None:
    """React runs the effect again when what it depends on has changed."""
    for user in ("u1", "u2", "u3"):
        shop.page.evaluate("user => { window.leave?.(); leave = mountFeedback({ userId: user }) }", user)
    shop.report("x")
    assert room.only()["identity"] == {"userId": "u3", "verified": False}
    assert shop.page.evaluate(HOSTS) == 1


def test_the_one_line_added_twice_stands_once(visit: Visit, room: Room) -> None:
    """A tag manager beside the theme, or a layout that a router renders again."""
    shop = visit(room.loader + room.loader)
    stands_once(shop)


def test_the_one_line_removed_and_added_again(visit: Visit, room: Room) -> None:
    shop = visit(room.loader)
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate(
        """() => new Promise(done => { const old = document.querySelector('script[src]'); old.remove();
           const script = document.createElement('script'); script.src = old.src; script.onload = () => done();
           document.head.append(script) })"""
    )
    stands_once(shop)


def test_the_one_line_and_the_plain_loader(visit: Visit, room: Room) -> None:
    """The plain loader alone starts nothing, so it takes nothing away either."""
    shop = visit(f'{room.loader.replace(" async", "")}<script src="{room.server}/v1/patchrooms.js"></script>')
    stands_once(shop)


def test_init_destroy_and_init_in_any_order(visit: Visit, room: Room) -> None:
    shop = visit(f'<script src="{room.server}/v1/patchrooms.js"></script>')
    options = f"{{ projectKey: '{room.project.project_key}' }}"
    shop.page.evaluate(f"Patchrooms.init({options}), Patchrooms.init({options})")
    stands_once(shop)
    shop.page.evaluate(f"Patchrooms.init({options}), Patchrooms.destroy()")
    shop.page.evaluate("new Promise(done => setTimeout(done))")
    assert shop.page.evaluate(HOSTS) == 0
    shop.page.evaluate(f"Patchrooms.destroy(), Patchrooms.init({options})")
    stands_once(shop)


def test_without_a_navigation_api_a_changed_address_is_seen_too(visit: Visit, new_room: NewRoom) -> None:
    """Older Firefox and Safari tell nobody of `pushState`."""
    room = new_room(url_patterns=["*/shop/*"])
    shop = visit(f"<script>Object.defineProperty(window, 'navigation', {{value: undefined}})</script>{room.loader}")
    shop.page.wait_for_function("window.Patchrooms && document.querySelector('[data-backroom]')")
    shop.page.evaluate("history.pushState(null, '', '/shop/1')")
    shop.page.wait_for_selector(".launcher")
    shop.page.evaluate("history.back()")
    shop.page.wait_for_selector(".launcher", state="detached")


def test_an_open_room_and_its_draft_outlive_a_navigation(visit: Visit, new_room: NewRoom) -> None:
    """The button goes where no pattern matches; what somebody is writing doesn't."""
    room = new_room(url_patterns=["*/shop/*"])
    shop = visit(room.loader, path="/shop/1")
    shop.enter()
    shop.write("while the page changes")
    shop.page.evaluate("history.pushState(null, '', '/elsewhere'), document.body.replaceChildren()")
    assert shop.page.input_value(".write textarea") == "while the page changes"
    shop.sent()
    assert room.only()["context"]["pathname"] == "/elsewhere"
