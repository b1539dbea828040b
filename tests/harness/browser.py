"""A real Chromium, and what tests ask of its pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.harness.processes import PATIENCE

ARGUMENTS = [
    "--no-sandbox",
    # A microphone that hums, for voice notes, and nobody who has to allow it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # Whoever is asked to share this very tab does.
    "--auto-accept-this-tab-capture",
]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The same engine: the first has no window to draw, and opens a page for a third of the processor's time."""
DESK = (1280, 860)
PHONE = (390, 844)
AXE = Path(__file__).parents[2] / "widget/node_modules/axe-core/axe.min.js"
COLOURED = ("color-contrast", "link-in-text-block")
"""The rules that look at colours; to the others light and dark are one."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

UNHURRIED = """{
  const later = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => later(act, ms === 4000 || ms === 1500 ? 3600e3 : ms, ...rest);
}"""
"""The dashboard takes a note away after 4 s, and waits 1.5 s for a second key: for tests, until they have looked and
pressed, however slow the machine."""

AT_REST = """async () => {
  await document.fonts.ready;
  const moving = document.getAnimations().filter((each) => each.playState === "running");
  const ending = moving.filter((each) => each.effect.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(ending.map((each) => each.finished));
}"""

expect.set_options(timeout=PATIENCE * 1000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The one that `BROWSER` names, or the first of `BROWSERS` that is there, or Playwright's own."""
    names = [os.environ["BROWSER"]] if os.environ.get("BROWSER") else BROWSERS
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, names)), None)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody with a browser window on a server; signed in where there is a session's `token`.

    `problems` are the errors that the pages wrote to the console.
    """

    def __init__(
        self, browser: Browser, url: str, token: str = "", size: tuple[int, int] = DESK, **options: Any
    ) -> None:
        self.url = url
        self.problems: list[str] = []
        width, height = size
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.context.add_init_script(UNHURRIED)
        if token:
            self.context.add_cookies([{"name": "backroom", "value": token, "url": url}])
        self.page: Page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def go(self, path: str) -> Page:
        """Opens the page at `path`."""
        self.page.goto(self.url + path)
        return self.page

    def close(self) -> None:
        """Closes the window."""
        self.context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"{message.text} {message.location['url']}")


def rest(page: Page) -> None:
    """Waits until the page has its styles, fonts and pictures, and what moves but for a while has come to its place."""
    page.wait_for_load_state()
    page.evaluate(AT_REST)


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, one line each: the rule, and where."""
    load_axe(page)
    return run_axe(page)


def load_axe(page: Page) -> None:
    """Puts axe into the page as soon as that is at rest, until it goes elsewhere."""
    rest(page)
    # The page's own policy forbids scripts from elsewhere; the debugger's evaluation is not the page's.
    page.evaluate(AXE.read_text(encoding="utf-8"))


def run_axe(page: Page, *only: str) -> list[str]:
    """`violations` of a page that has axe in it, of all `RULES` or of those alone."""
    chosen = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": RULES}
    found: list[dict[str, Any]] = page.evaluate(
        "chosen => axe.run(document, {runOnly: chosen}).then(done => done.violations)", chosen
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def assert_for_everybody(page: Page, *sizes: tuple[int, int], what: str = "") -> None:
    """That the page as it is has nothing for axe to find, light or dark, and fits, in windows of these sizes.

    Whoever opened it asked for less motion: what moves is looked at as it stands in the end.
    """
    load_axe(page)
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light")
        assert run_axe(page) == [], f"{what} {width}, light"
        page.emulate_media(color_scheme="dark")
        assert run_axe(page, *COLOURED) == [], f"{what} {width}, dark"
        assert not runs_sideways(page), f"{what} {width}"


def runs_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    page.wait_for_load_state()
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider
