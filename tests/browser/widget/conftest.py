"""A shop on another origin, visitors in it, and a look at what the server has stored of what they sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from backroom.projects.queries import Project
from backroom.store.database import Database
from tests.browser.widget import site as sites
from tests.browser.widget.site import Site
from tests.harness.browser import AXE, COLOURED, RULES
from tests.harness.cast import Cast
from tests.harness.processes import PATIENCE
from tests.harness.projects import add_full_key, add_project
from tests.harness.server import Server

# With an icon, which browsers ask every site for that names none, at a moment of their own.
HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head><body>{body}</body></html>"""

STILL = "document.querySelector('[data-backroom]').shadowRoot.getAnimations().forEach(each => each.finish())"
KEPT = """store => new Promise(resolve => {
  const asked = indexedDB.open('backroom');
  asked.onsuccess = () => {
    const all = asked.result.transaction(store).objectStore(store).getAll();
    all.onsuccess = () => { asked.result.close(); resolve(JSON.stringify(all.result)); };
  };
})"""
SPOKEN = r"text=/^(?!0:00)\d:\d\d \/ 5:00$/"
"""A voice note that has been running for a while: half a second is shown as one."""

NewRoom = Callable[..., "Room"]
Visit = Callable[..., "Visitor"]


@pytest.fixture(scope="session")
def engine() -> str:
    """What the widget does doesn't depend on the store's engine."""
    return "sqlite"


@dataclass
class Room:
    """A project of the test's own, and what arrives there."""

    project: Project
    server: str
    site: Site
    key: str

    @property
    def loader(self) -> str:
        """The one line that a page needs."""
        return f'<script src="{self.server}/v1/patchrooms/{self.project.project_key}.js" async></script>'

    def through_site(self, more: str = "") -> str:
        """The loader with reports going through the other site, which may fail."""
        src = f"{self.server}/v1/patchrooms/{self.project.project_key}.js"
        return f'<script src="{src}" data-api-url="{self.site.url}" {more} async></script>'

    def stored(self) -> list[dict[str, Any]]:
        """The project's reports as the API gives them, newest first."""
        answer = self._get(f"/api/v1/projects/{self.project.id}/feedback?limit=100")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def only(self) -> dict[str, Any]:
        """The one report that has arrived."""
        (report,) = self.stored()
        return report

    def file(self, block: dict[str, Any]) -> bytes:
        """The stored bytes of a block's picture or sound."""
        return self._get(block["url"].removeprefix(self.server)).content

    def picture(self, block: dict[str, Any]) -> Image.Image:
        """A block's picture, decoded."""
        return Image.open(BytesIO(self.file(block))).convert("RGB")

    def _get(self, path: str) -> httpx.Response:
        answer = httpx.get(self.server + path, headers={"authorization": f"Bearer {self.key}"})
        assert answer.status_code == 200, answer.text
        return answer


@dataclass
class Visitor:
    """Somebody on a page; `said` is all that was written to its console, `errors` what was thrown in it."""

    page: Page
    context: BrowserContext
    said: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def enter(self) -> None:
        """Opens the room."""
        self.page.click(".launcher")
        self.page.wait_for_selector(".write textarea")

    def write(self, text: str) -> None:
        self.page.fill(".write textarea", text)

    def send(self) -> None:
        self.page.click(".write .send")

    def sent(self) -> None:
        """Sends, and waits for the receipt."""
        self.send()
        self.page.wait_for_selector(".receipt")

    def report(self, text: str) -> None:
        """Opens the room, writes and sends, and waits for the receipt."""
        self.enter()
        self.write(text)
        self.sent()

    def drawn(self) -> None:
        """Waits until the picture stands in the editor, which opens before it has read it."""
        self.page.wait_for_selector(".stage canvas[width]:not([width='1'])")

    def kept(self, store: str) -> list[dict[str, Any]]:
        """What the browser's database holds: `drafts` or `parcels`, without the bytes of their files."""
        found: list[dict[str, Any]] = json.loads(self.page.evaluate(KEPT, store))
        return found

    def violations(self) -> list[str]:
        """What axe finds in the widget as it is once nothing moves."""
        self.page.evaluate(STILL)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self._found({"type": "tag", "values": [rule for rule in RULES if rule != "best-practice"]})
        return [*found, *self._found_in_the_dark()]

    def _found_in_the_dark(self) -> list[str]:
        """What axe finds of the colours where the visitor asked for dark ones; to its other rules they are one."""
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate(STILL)
        found = self._found({"type": "rule", "values": COLOURED})
        self.page.emulate_media(color_scheme="light")
        return found

    def _found(self, rules: dict[str, Any]) -> list[str]:
        found = self.page.evaluate(
            """rules => axe.run({include: [['[data-backroom]']]}, {runOnly: rules}).then(done => done.violations)""",
            rules,
        )
        return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.fixture
def site(server: Server) -> Iterator[Site]:
    """The other site. It is the test's own: what a page of the test before still sends doesn't count here."""
    with Site(server.url) as running:
        yield running


@pytest.fixture
def new_room(cast: Cast, server: Server, site: Site, database: Database) -> NewRoom:
    """`new_room(widget={…}, url_patterns=[…])` makes a project."""

    def make(widget: dict[str, Any] | None = None, **settings: Any) -> Room:
        project = add_project(database, cast, "Shop", settings, widget)
        return Room(project, server.url, site, add_full_key(database, project))

    return make


@pytest.fixture
def room(new_room: NewRoom) -> Room:
    """A project of the test's own, with nothing set."""
    return new_room()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """`visit(body, path=…, head=…, headers={…}, **context)`: somebody opens a page of the other site."""
    with ExitStack() as contexts:

        def open_page(
            body: str, *, path: str = "/", head: str = "", headers: dict[str, str] | None = None, **context: Any
        ) -> Visitor:
            html = HTML.format(head=head, body=body)
            site.pages[path.split("?")[0]] = sites.Page(html.encode(), headers=headers or {})
            own = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | context))
            contexts.callback(own.close)
            own.set_default_timeout(PATIENCE * 1000)
            visitor = Visitor(own.new_page(), own)
            visitor.page.on("console", lambda message: visitor.said.append(message.text))
            visitor.page.on("pageerror", lambda error: visitor.errors.append(str(error)))
            visitor.page.goto(site.url + path)
            return visitor

        yield open_page


def js(value: Any) -> str:
    """A value as JavaScript."""
    return json.dumps(value)
