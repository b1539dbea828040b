"""Pictures of the main pages, of a store full of sample data: for the documentation, and to see that they are drawn.

With BACKROOM_PICTURES=1 in the environment those of docs/pictures are made anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Connection, select

from backroom.accounts.sessions import start_session
from backroom.clock import now_ms
from backroom.store.tables import events, memberships, projects, reports
from tests.harness.browser import PHONE, Visitor
from tests.harness.member import in_store
from tests.harness.samples import Samples
from tests.harness.server import Server

DOCS = Path(__file__).parents[3] / "docs/pictures"
DESK = (1440, 900)
LARGEST = 150_000
"""Bytes of a picture: pages of documentation load them all."""

DRAWN = """() => Promise.all([document.fonts.ready, ...[...document.images]
  .filter(each => each.checkVisibility() && each.getBoundingClientRect().top < innerHeight)
  .map(each => each.decode())]).then(() => null)"""

RICHEST = """rows => rows.map((row, place) => ({place, worth:
  100 * (row.querySelector('.avatar') === null)
  + row.querySelectorAll('.tag, .page-name').length
  + 3 * Math.min(3, row.querySelector('.count')?.innerText || 0)
  + 4 * (row.querySelector('.row-thumb') !== null && /checkout/i.test(row.textContent))
})).sort((one, other) => other.worth - one.worth)[0].place"""
"""Of some rows of an inbox, the place of the one with most to show. The shop's screenshots are of its checkout, so
that those which were taken there fit best. Best of all one that nobody has: without a long name the report's bar takes
one line. The story depends on the time at which it is told; now and then all with a screenshot are assigned."""

Shots = dict[str, tuple[str, tuple[int, int], str]]
SHOTS: Shots = {
    "inbox": ("/p/lantern-shop?status=any", DESK, "light"),
    "inbox-dark": ("/p/lantern-shop?status=any", DESK, "dark"),
    "report": ("/p/lantern-shop?status=any", DESK, "light"),
    "insights": ("/p/lantern-shop/insights", DESK, "light"),
    "channels": ("/p/lantern-shop/channels?user=maren&channel=#tester", DESK, "light"),
    "inbox-phone": ("/p/lantern-shop?status=any", PHONE, "light"),
}


@dataclass
class Sample:
    """A server on the sample data, its owner's session, and a report of the shop that an agent resolved."""

    server: Server
    token: str
    resolved: str


@pytest.fixture(scope="module")
def sample(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """A copy of the sample data; nobody else uses it."""
    folder = tmp_path_factory.mktemp("sample")
    with ExitStack() as kept:
        store = kept.enter_context(samples.copy(folder / "data", None))

        def sign_in(tx: Connection) -> str:
            owner = select(memberships.c.user, memberships.c.workspace).where(memberships.c.role == "owner")
            user, workspace = tx.execute(owner).one()
            return start_session(tx, user, workspace, "", "pictures", True, now_ms())

        token, resolved = in_store(store, sign_in), in_store(store, find_resolved)
        yield Sample(kept.enter_context(Server(store, folder / "log")), token, resolved)


def find_resolved(conn: Connection) -> str:
    """The shop's newest report that has a commit; best a bug, for the channel's short name leaves the bar one line."""
    fixed = select(reports.c.id).join(projects, projects.c.id == reports.c.project)
    fixed = fixed.join(events, (events.c.report == reports.c.id) & (events.c.kind == "commit"))
    fixed = fixed.where(projects.c.slug == "lantern-shop")
    return str(conn.execute(fixed.order_by(reports.c.channel_key != "bug", reports.c.id.desc()).limit(1)).scalar_one())


def open_shot(sample: Sample, visitor: Visitor, name: str) -> Page:
    """The page as the picture shows it: two of the inboxes with a report beside the list."""
    page = visitor.go(SHOTS[name][0])
    if name == "inbox":
        richest(page.locator(".row:nth-child(-n+14):not(:has(.row-thumb))")).click()
        expect(page.locator("#report-title")).to_be_visible()
    if name == "inbox-dark":
        page.goto(f"{sample.server.url}/r/{sample.resolved}?status=any")
        expect(page.locator(".timeline", has_text="linked the commit")).to_be_visible()
    if name == "report":
        shown = richest(page.locator(".row:has(.row-thumb)"))
        page.goto(sample.server.url + (shown.get_attribute("href") or ""))
        expect(page.locator("article .shot img")).to_be_visible()
    page.evaluate(DRAWN)
    return page


def richest(rows: Locator) -> Locator:
    """The link of the row that has most to show."""
    return rows.nth(rows.evaluate_all(RICHEST)).locator("a.row-link")


def smaller(png: bytes) -> tuple[Image.Image, bytes]:
    """The picture with at most 256 colours, which is less than half of the bytes, and those bytes."""
    image = Image.open(BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    packed = BytesIO()
    image.save(packed, "PNG", optimize=True)
    return image, packed.getvalue()


@pytest.mark.parametrize("name", SHOTS)
def test_pictures_of_the_main_pages(sample: Sample, browser: Browser, tmp_path: Path, name: str) -> None:
    _, size, scheme = SHOTS[name]
    options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    visitor = Visitor(browser, sample.server.url, sample.token, size, **options)
    try:
        taken = open_shot(sample, visitor, name).screenshot()
    finally:
        visitor.close()
    image, packed = smaller(taken)
    folder = DOCS if os.environ.get("BACKROOM_PICTURES") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.png").write_bytes(packed)
    colours = image.convert("RGB").getcolors(image.width * image.height) or []
    assert visitor.problems == []
    assert image.size == size
    assert len(colours) > 60, "a page with faces, words and colours"
    assert max(n for n, _ in colours) < 0.9 * image.width * image.height, "not blank"
    assert len(packed) < LARGEST
    light = sum(n * sum(colour) for n, colour in colours if isinstance(colour, tuple)) / (
        765 * image.width * image.height
    )
    assert (light > 0.5) == (scheme == "light")


def test_the_documentation_shows_each_of_them() -> None:
    """Those that are made are those that are there and are shown."""
    text = (DOCS.parent / "dashboard.md").read_text(encoding="utf-8")
    assert {path.stem for path in DOCS.glob("*.png")} == set(SHOTS)
    for name in SHOTS:
        assert f"pictures/{name}.png" in text, name
