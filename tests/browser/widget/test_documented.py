"""Every option, method and event that docs/widget.md lists does what it says; nothing is tried that isn't listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.widget.conftest import NewRoom, Room, Visit, Visitor
from tests.browser.widget.site import Fault, Site

DOCUMENT = (Path(__file__).parents[3] / "docs/widget.md").read_text(encoding="utf-8")
Check = Callable[["Trial"], None]
ARTIFACT = {"id": "a1", "title": "Checkout review", "tool": "claude-code", "goal": "less friction"}


def documented(heading: str, name: str) -> list[str]:
    """The names in the first column of the table below a heading."""
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [found for cell in cells for found in re.findall(name, cell)]


class Trial:
    """A page with the loader that waits for `init`, and a project of its own."""

    def __init__(self, visit: Visit, room: Room, site: Site) -> None:
        self.visit, self.room, self.site = visit, room, site
        self.shop: Visitor = visit(f'<p id="p" class="card">A page.</p>{self.script}')
        self.page = self.shop.page

    @property
    def script(self) -> str:
        """The element that loads the plain loader."""
        return f'<script src="{self.room.server}/v1/patchrooms.js"></script>'

    def init(self, **options: Any) -> None:
        """Starts the widget with these options."""
        given = {"projectKey": self.room.project.project_key} | options
        self.page.evaluate("options => Patchrooms.init(options)", given)

    def reported(self, **options: Any) -> dict[str, Any]:
        """What is stored of a report that was written with these options."""
        self.init(**options)
        self.shop.report("x")
        return self.room.only()

    def style(self, selector: str, name: str) -> str:
        """A computed style of one of the widget's elements."""
        found: str = self.page.locator(selector).evaluate("(element, name) => getComputedStyle(element)[name]", name)
        return found


OPTIONS: dict[str, Check] = {}
METHODS: dict[str, Check] = {}
EVENTS: dict[str, Check] = {}


def checks(table: dict[str, Check], name: str) -> Callable[[Check], Check]:
    """Puts the function into the table under the name of what it checks."""

    def keep(check: Check) -> Check:
        table[name] = check
        return check

    return keep


@pytest.fixture
def trial(visit: Visit, room: Room, site: Site) -> Trial:
    return Trial(visit, room, site)


@pytest.mark.parametrize("name", documented("Options", r"`(\w+)`"))
def test_option(trial: Trial, name: str) -> None:
    OPTIONS[name](trial)
    assert trial.shop.errors == []


@pytest.mark.parametrize("name", documented("Methods", r"`(\w+)\("))
def test_method(trial: Trial, name: str) -> None:
    METHODS[name](trial)
    assert trial.shop.errors == []


@pytest.mark.parametrize("name", documented("Events", r"`(\w+)`"))
def test_event(trial: Trial, name: str) -> None:
    """Heard by `on`, and on the document with the same detail."""
    trial.page.evaluate(
        """name => { heard = []; Patchrooms.on(name, detail => heard.push(detail ?? null));
           document.addEventListener('patchrooms:' + name, event => heard.push(event.detail)) }""",
        name,
    )
    EVENTS[name](trial)
    trial.page.wait_for_function("heard.length >= 2")
    first, second = trial.page.evaluate("heard.slice(0, 2)")
    assert first == second
    assert sorted(first or {}) == EVENT_DETAILS[name]


def test_nothing_is_tried_that_is_not_documented() -> None:
    assert sorted(OPTIONS) == sorted(documented("Options", r"`(\w+)`"))
    assert sorted(METHODS) == sorted(documented("Methods", r"`(\w+)\("))
    assert sorted(EVENTS) == sorted(EVENT_DETAILS) == sorted(documented("Events", r"`(\w+)`"))


def test_the_documented_details_are_those_that_are_told() -> None:
    section = DOCUMENT.split("\n## Events\n")[1].split("\n## ")[0]
    for name, words in re.findall(r"^\| `(\w+)` \| `\{([\w, ]+)\}`", section, re.MULTILINE):
        assert sorted(words.split(", ")) == EVENT_DETAILS[name]


def test_no_method_throws_whatever_it_is_given_and_whenever(trial: Trial) -> None:
    """Before there is a widget, with one, and after it has gone."""
    call_all = """names => { for (const name of names) for (const given of [undefined, null, 7, 'x', [], {}, () => {}])
        Patchrooms[name](given, given) }"""
    names = sorted(METHODS)
    trial.page.evaluate(call_all, names)
    trial.init()
    trial.page.evaluate(call_all, names)
    trial.page.evaluate("Patchrooms.destroy()")
    trial.page.evaluate(call_all, names)
    assert trial.shop.errors == []


def test_methods_work_without_their_object(trial: Trial) -> None:
    trial.init()
    trial.page.evaluate("(({openForm}) => openForm())(Patchrooms)")
    trial.page.wait_for_selector(".room")


# Options


@checks(OPTIONS, "projectKey")
def _project_key(trial: Trial) -> None:
    trial.page.evaluate("Patchrooms.init({})")
    trial.page.wait_for_function("true")
    assert "[Patchrooms] init needs a projectKey" in trial.shop.said
    assert trial.reported()["blocks"] == [{"type": "text", "text": "x"}]


@checks(OPTIONS, "locale")
def _locale(trial: Trial) -> None:
    trial.init(locale="de")
    trial.shop.enter()
    assert trial.page.get_attribute(".layer", "lang") == "de"
    assert (trial.page.text_content(".write .send") or "").strip() == "Senden"


@checks(OPTIONS, "apiUrl")
def _api_url(trial: Trial) -> None:
    assert trial.reported(apiUrl=f"{trial.site.url}/")["blocks"] == [{"type": "text", "text": "x"}]
    assert trial.site.sent == 1
    assert (trial.page.get_attribute(".receipt a", "href") or "").startswith(f"{trial.site.url}/s/")


@checks(OPTIONS, "userId")
def _user_id(trial: Trial) -> None:
    assert trial.reported(userId="u7")["identity"] == {"userId": "u7", "verified": False}


@checks(OPTIONS, "identity")
def _identity(trial: Trial) -> None:
    given = {"userId": "u8", "signature": "0" * 64}
    assert trial.reported(identity=given)["identity"] == {"userId": "u8", "verified": False}


@checks(OPTIONS, "extra")
def _extra(trial: Trial) -> None:
    extra = {"plan": "pro", "cart": [1, 2], "deep": {"er": None}}
    assert trial.reported(extra=extra)["context"]["extra"] == extra


@checks(OPTIONS, "captureConsoleErrors")
def _capture(trial: Trial) -> None:
    trial.init()
    trial.page.evaluate("console.error('first')")
    trial.init(captureConsoleErrors=False)
    trial.page.evaluate("console.error('second')")
    trial.shop.report("x")
    assert trial.room.only()["context"]["consoleErrors"] == []
    trial.init()
    trial.page.evaluate("console.error('third')")
    trial.shop.report("y")
    assert trial.room.stored()[0]["context"]["consoleErrors"] == ["third"]


@checks(OPTIONS, "mascot")
def _mascot(trial: Trial) -> None:
    trial.init()
    fox = trial.page.locator(".launcher .face").inner_html()
    trial.init(mascot="panda")
    assert trial.page.locator(".launcher .face").inner_html() != fox


@checks(OPTIONS, "shape")
def _shape(trial: Trial) -> None:
    trial.init(shape="pill")
    assert trial.page.get_attribute(".launcher", "data-shape") == "pill"


@checks(OPTIONS, "anchor")
def _anchor(trial: Trial) -> None:
    """Where the launcher stands the room opens."""
    trial.init(anchor="top-left")
    trial.shop.enter()
    box = trial.page.locator(".room").bounding_box()
    assert box
    assert box["x"] == 20
    assert 20 <= box["y"] <= 26, "it comes in from a few pixels below"


@checks(OPTIONS, "channel")
def _channel(trial: Trial) -> None:
    assert trial.reported(channel="feature")["channelKey"] == "feature"


@checks(OPTIONS, "trigger")
def _trigger(trial: Trial) -> None:
    trial.init(trigger="hidden")
    assert trial.page.query_selector(".launcher") is None
    trial.page.evaluate("Patchrooms.openForm()")
    trial.page.wait_for_selector(".room")


@checks(OPTIONS, "theme")
def _theme(trial: Trial) -> None:
    colours = []
    for theme in ("light", "dark"):
        trial.init(theme=theme)
        trial.shop.enter()
        colours.append(trial.style(".room", "backgroundColor"))
    assert colours == ["rgb(255, 254, 252)", "rgb(30, 27, 24)"]


@checks(OPTIONS, "color")
def _color(trial: Trial) -> None:
    """Words on it stay legible."""
    for color, words in (("#0b5c6b", "rgb(255, 255, 255)"), ("#ffe066", "rgb(31, 27, 22)")):
        trial.init(color=color)
        trial.shop.enter()
        rgb = ", ".join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5))
        assert trial.style(".write .send", "backgroundColor") == f"rgb({rgb})"
        assert trial.style(".write .send", "color") == words


@checks(OPTIONS, "mask")
def _mask(trial: Trial) -> None:
    trial.init(mask=[".card"])
    trial.shop.enter()
    trial.page.click('[aria-label="Screenshot"]')
    trial.page.wait_for_selector("text=1 masked")


@checks(OPTIONS, "texts")
def _texts(trial: Trial) -> None:
    trial.init(texts={"launcher": "Tell us", "title": "What now?", "send": "Go"})
    assert (trial.page.text_content(".launcher") or "").strip() == "Tell us"
    trial.shop.enter()
    assert trial.page.text_content("h2") == "What now?"
    assert (trial.page.text_content(".write .send") or "").strip() == "Go"


@checks(OPTIONS, "mode")
def _mode(trial: Trial) -> None:
    trial.init(mode="artifact-review")
    trial.page.click(".launcher")
    trial.page.wait_for_selector(".pick-bar")


@checks(OPTIONS, "artifact")
def _artifact(trial: Trial) -> None:
    assert trial.reported(artifact=ARTIFACT)["artifact"] == ARTIFACT


@checks(OPTIONS, "storage")
def _storage(trial: Trial) -> None:
    _save_locally(trial)
    trial.page.wait_for_selector("text=1 saved here")
    assert trial.room.stored() == []


# Methods


@checks(METHODS, "init")
def _init(trial: Trial) -> None:
    """It resolves once the widget stands; again it takes the old one down."""
    trial.init(shape="tab")
    assert trial.page.locator(".launcher[data-shape=tab]").count() == 1
    trial.init(shape="pill")
    assert trial.page.locator(".launcher").count() == 1
    assert trial.page.locator("[data-backroom]").count() == 1


@checks(METHODS, "openForm")
def _open_form(trial: Trial) -> None:
    trial.init()
    trial.page.evaluate("Patchrooms.openForm()")
    trial.page.wait_for_selector(".write textarea:focus")


@checks(METHODS, "closeForm")
def _close_form(trial: Trial) -> None:
    trial.init()
    trial.shop.enter()
    trial.page.evaluate("Patchrooms.closeForm()")
    trial.page.wait_for_selector(".room", state="detached")
    trial.page.wait_for_selector(".launcher:focus")


@checks(METHODS, "setChannel")
def _set_channel(trial: Trial) -> None:
    """Also before the widget stands; null gives the choice back."""
    trial.page.evaluate("Patchrooms.setChannel('feature')")
    trial.init()
    trial.shop.report("x")
    trial.page.evaluate("Patchrooms.setChannel(null)")
    trial.page.click("text=Send another")
    trial.shop.write("y")
    trial.shop.sent()
    assert [report["channelKey"] for report in trial.room.stored()] == ["bug", "feature"]


@checks(METHODS, "setUser")
def _set_user(trial: Trial) -> None:
    """Also before the widget stands; null forgets."""
    trial.page.evaluate("Patchrooms.setUser({userId: 'u9'})")
    trial.init()
    trial.shop.report("x")
    trial.page.evaluate("Patchrooms.setUser(null)")
    trial.page.click("text=Send another")
    trial.shop.write("y")
    trial.shop.sent()
    assert [report["identity"] for report in trial.room.stored()] == [None, {"userId": "u9", "verified": False}]


@checks(METHODS, "destroy")
def _destroy(trial: Trial) -> None:
    trial.init()
    trial.shop.enter()
    trial.page.evaluate("Patchrooms.destroy()")
    assert trial.page.query_selector("[data-backroom]") is None
    trial.init()
    trial.page.wait_for_selector(".launcher")


@checks(METHODS, "on")
def _on(trial: Trial) -> None:
    """What it returns ends it; a listener that throws harms nobody."""
    trial.page.evaluate(
        """() => { heard = 0; Patchrooms.on('ready', () => { throw new Error('theirs') });
           end = Patchrooms.on('ready', () => heard++) }"""
    )
    trial.init()
    trial.page.evaluate("end()")
    trial.init()
    assert trial.page.evaluate("heard") == 1


@checks(METHODS, "getReports")
def _get_reports(trial: Trial) -> None:
    _save_locally(trial)
    (report,) = trial.page.evaluate("Patchrooms.getReports()")
    assert report["blocks"] == [{"type": "text", "text": "x"}]


@checks(METHODS, "exportMarkdown")
def _export_markdown(trial: Trial) -> None:
    _save_locally(trial)
    assert "- **Comment:** x\n" in trial.page.evaluate("Patchrooms.exportMarkdown()")


@checks(METHODS, "clear")
def _clear(trial: Trial) -> None:
    _save_locally(trial)
    trial.page.evaluate("Patchrooms.clear()")
    assert trial.page.evaluate("Patchrooms.getReports()") == []
    trial.page.wait_for_selector("text=1 saved here", state="detached")


def _save_locally(trial: Trial) -> None:
    trial.init(projectKey=None, storage="local")
    trial.shop.enter()
    trial.shop.write("x")
    trial.shop.send()
    trial.page.wait_for_selector("text=1 saved here")


# Events

EVENT_DETAILS: dict[str, list[str]] = {
    "ready": [],
    "open": [],
    "close": [],
    "queued": ["clientId"],
    "sent": ["channelKey", "clientId", "id", "receiptUrl", "status"],
    "failed": ["clientId", "reason"],
}


@checks(EVENTS, "ready")
def _ready(trial: Trial) -> None:
    trial.init()


@checks(EVENTS, "open")
def _open(trial: Trial) -> None:
    trial.init()
    trial.shop.enter()


@checks(EVENTS, "close")
def _close(trial: Trial) -> None:
    _open(trial)
    trial.page.keyboard.press("Escape")


@checks(EVENTS, "queued")
def _queued(trial: Trial) -> None:
    trial.site.fault = lambda _: Fault(500)
    trial.init(apiUrl=trial.site.url)
    trial.shop.enter()
    trial.shop.write("x")
    trial.shop.send()


@checks(EVENTS, "sent")
def _sent(trial: Trial) -> None:
    stored = trial.reported()
    detail = trial.page.evaluate("heard[0]")
    assert (detail["id"], detail["channelKey"], detail["status"]) == (stored["id"], "bug", "open")


@checks(EVENTS, "failed")
def _failed(trial: Trial) -> None:
    """Also for a report of an earlier visit."""
    trial.site.fault = lambda _: Fault(413, b'{"error":"Too large","code":"PAYLOAD_TOO_LARGE"}')
    trial.init(apiUrl=trial.site.url)
    trial.shop.enter()
    trial.shop.write("x")
    trial.shop.send()
    trial.page.wait_for_function("heard.length >= 2")
    assert trial.page.evaluate("heard[0].reason") == "large"


def test_settings_of_the_project_that_are_options_too(visit: Visit, new_room: NewRoom, site: Site) -> None:
    """Those that the document names are read from the project where the page says nothing."""
    room = new_room({"anchor": "bottom-left", "trigger": "visible", "mask": ["#p"], "locale": "fr"})
    trial = Trial(visit, room, site)
    trial.init()
    box = trial.page.locator(".launcher").bounding_box()
    assert box
    assert (box["x"], box["y"] + box["height"]) == (20, 780)
    assert trial.page.get_attribute(".layer", "lang") == "fr"
