"""A real Chromium, and what tests ask of its pages."""

from __future__ import annotations

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
DESK = (1280, 860)
PHONE = (390, 844)
AXE = Path(__file__).parents[2] / "widget/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=PATIENCE * 1000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or Playwright's own where there is none."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
            self.problems.append(message.text)


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, one line each: the rule, and where."""
    load_axe(page)
    return run_axe(page)


def load_axe(page: Page) -> None:
    """Puts axe into the page, until it goes elsewhere."""
    # The page's own policy forbids scripts from elsewhere; the debugger's evaluation is not the page's.
    page.evaluate(AXE.read_text(encoding="utf-8"))


def run_axe(page: Page) -> list[str]:
    """`violations` of a page that has axe in it."""
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}}).then(done => done.violations)", RULES
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def runs_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider
