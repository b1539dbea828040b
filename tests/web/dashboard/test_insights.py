"""A project's insights: numbers equal to what was sent, each leading to exactly the reports behind it."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from backroom.access import operator
from backroom.clock import DAY, HOUR, MINUTE, now_ms
from backroom.projects.queries import get_by_slug
from backroom.reports.rules import Status
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.web.dashboard.making import new_project, require_reading, words
from tests.web.dashboard.past import AGENTS, Past, send_past

People = dict[str, Member]
URLS = ("https://app.example.com/", "https://app.example.com/cart?x=1", "https://app.example.com/pay#now")
LINK = re.compile(r'<a href="(/p/[a-z-]+\?[^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
ROW = re.compile(r'class="row"[^>]* data-id="([0-9a-f]{24})"')


def iso_day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def story(now: int, seed: int = 3) -> list[Past]:
    """Some dozens of reports of the last ten days, of every kind."""
    pick = random.Random(seed)
    told = []
    for number in range(60):
        moment = now - pick.randrange(10 * DAY) - HOUR
        moves: list[tuple[Status, int]] = []
        if pick.random() < 0.6:
            moves.append((Status.TRIAGED, moment + pick.randrange(1, 50) * MINUTE))
        if pick.random() < 0.3:
            moves.append((pick.choice((Status.RESOLVED, Status.CLOSED)), moment + 55 * MINUTE))
        told.append(
            Past(
                f"Report {number}",
                moment,
                pick.choice(("bug", "feature", "alpha-feedback")),
                pick.choice(URLS),
                pick.choice(list(AGENTS)),
                pick.choice(("WIDGET", "API")),
                moves,
            )
        )
    return told


def make_project(people: People, cast: Cast, name: str) -> tuple[str, str]:
    """A new project's slug and id."""
    slug = new_project(people["owner"], name)
    return slug, in_store(cast.store, get_by_slug, operator(cast.owner.workspace), slug).id


def behind(told: list[Past], address: str) -> set[str]:
    """The reports that an inbox's address asks for, judged in the plainest way."""
    pairs = parse_qsl(urlsplit(address).query)
    wanted = dict(pairs)
    names = ("browser", "system", "device")

    def fits(each: Past) -> bool:
        own: dict[str, Any] = dict(zip(names, AGENTS[each.agent].split("/"), strict=True))
        own |= {"channel": each.channel, "source": each.source, "page": each.page, "status": each.status}
        asked = {name for name, value in pairs if name in own and (name, value) != ("status", "any")}
        within = wanted["since"] <= iso_day(each.moment) <= wanted["until"]
        return within and all((name, own[name]) in pairs for name in asked)

    return {each.id for each in told if fits(each)}


def links_of(page: httpx.Response) -> list[tuple[str, int]]:
    """Every link to an inbox with the number that it shows: its text's last, or that of a bar's title."""
    found = []
    for href, text in LINK.findall(page.text):
        title = re.search(r"<title>[^<]*: ([\d,]+) ", text)
        number = title[1] if title else re.findall(r"[\d,]+", re.sub(r"<[^>]+>", " ", text))[-1]
        found.append((unescape(href), int(number.replace(",", ""))))
    return found


def test_every_number_leads_to_exactly_its_reports(people: People, cast: Cast) -> None:
    slug, project = make_project(people, cast, "Insights")
    now = now_ms()
    told = story(now)
    send_past(cast, project, told)
    since, until = iso_day(now - 6 * DAY), iso_day(now - DAY)
    page = people["viewer"].get(f"/p/{slug}/insights?since={since}&until={until}")
    links = [(href, n) for href, n in links_of(page) if "since=" in href]
    assert len(links) > 60, "figures, legends, bars, tables and lists"
    for href, n in set(links):
        wanted = behind(told, href)
        assert len(wanted) == n, href
        assert set(ROW.findall(people["viewer"].get(f"{href}&limit=300").text)) == wanted, href


def test_the_numbers_are_those_of_what_was_sent(people: People, cast: Cast) -> None:
    slug, project = make_project(people, cast, "Counted")
    now = now_ms()
    told = story(now, seed=8)
    send_past(cast, project, told)
    page = words(people["viewer"].get(f"/p/{slug}/insights?since={iso_day(now - 12 * DAY)}&until={iso_day(now)}"))
    status = Counter(each.status for each in told)
    assert f"Reports 60 Still open {status['open']} " in page
    for name, key in (("Bugs", "bug"), ("Ideas", "feature"), ("Alpha feedback", "alpha-feedback")):
        assert f"{name} {sum(each.channel == key for each in told)}" in page
    for name, key in (("Triaged", "triaged"), ("Resolved", "resolved"), ("Closed", "closed")):
        assert f"{name} {status[key]}" in page
    for url, n in Counter(each.page for each in told).items():
        assert f"{url} {n}" in page
    for place, title in enumerate(("Browsers", "Systems", "Devices")):
        names = Counter(AGENTS[each.agent].split("/")[place] for each in told)
        shown = " ".join(f"{name} {n}" for name, n in names.most_common())
        assert title in page
        assert all(f"{name} {n}" in page for name, n in names.items()), shown


def test_times_to_triage_and_to_resolve(people: People, cast: Cast) -> None:
    slug, project = make_project(people, cast, "Durations")
    at = now_ms() - 3 * DAY
    triaged = [Past(f"T{n}", at, moves=[(Status.TRIAGED, at + n * MINUTE)]) for n in range(1, 11)]
    resolved = Past("R", at, moves=[(Status.RESOLVED, at + DAY + 2 * HOUR)])
    send_past(cast, project, [*triaged, resolved, Past("Untouched", at)])
    page = words(people["viewer"].get(f"/p/{slug}/insights"))
    assert "Time to triage 6 min 90% within 10 min, 11 reports" in page, "what is resolved at once was looked at too"
    ways = "".join(f"status={status}&amp;" for status in ("triaged", "in-progress", "resolved", "closed"))
    source = people["viewer"].get(f"/p/{slug}/insights").text
    assert re.search(rf'<a href="/p/{slug}\?{ways}[^"]+">6 min', source)
    assert re.search(rf'<a href="/p/{slug}\?status=resolved&amp;status=closed&amp;[^"]+">1 d 2 h', source)
    assert "Time to resolve 1 d 2 h 90% within 1 d 2 h, 1 report" in page


def test_the_range_is_the_addresss(people: People, cast: Cast) -> None:
    slug, project = make_project(people, cast, "Ranges")
    viewer, now = people["viewer"], now_ms()
    send_past(cast, project, [Past("Old", now - 40 * DAY), Past("New", now - HOUR)])
    at = f"/p/{slug}/insights"
    assert "Reports 1 Still open 1" in words(viewer.get(at)), "30 days where nothing is asked"
    assert "Reports 2 Still open 2" in words(viewer.get(f"{at}?since={iso_day(now - 89 * DAY)}"))
    empty = words(viewer.get(f"{at}?since=2020-01-01&until=2020-01-31"))
    assert "Reports 0 Still open 0" in empty
    assert "No reports in this range" in empty
    presets = re.findall(rf'href="({at}\?since=([\d-]+)&amp;until=([\d-]+))"[^>]*>([^<]+)<', viewer.get(at).text)
    assert [label for *_, label in presets] == ["7 days", "30 days", "90 days", "12 months"]
    for days, (_, since, until, _) in zip((7, 30, 90, 365), presets, strict=True):
        assert date.fromisoformat(until) - date.fromisoformat(since) == timedelta(days=days - 1)
    assert "Reports 2" in words(viewer.get(unescape(presets[2][0])))
    assert 'aria-current="true">90 days' in viewer.get(unescape(presets[2][0])).text


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("since=soon", "Enter a date such as 2026-06-03."),
        ("since=2026-02-30", "Enter a date such as 2026-06-03."),
        ("since=2026-06-04&until=2026-06-03", "The start date must not be after the end date."),
        ("until=2026-6", "Enter a date such as 2026-06-03."),
        ("since=1990-01-01&until=2026-06-03", "The range must have 1 to 3,660 days."),
        ("since=1960-01-01&until=1960-01-02", "Enter a date from 1970-01-01 on."),
    ],
)
def test_a_range_that_is_none_is_refused(people: People, asked: str, message: str) -> None:
    answer = people["viewer"].get(f"/p/room/insights?{asked}")
    assert answer.status_code == 400
    assert message in words(answer)
    for name, value in parse_qsl(asked):
        assert re.search(rf'<input[^>]* name="{name}"[^>]* value="{value}"', answer.text), "what was typed is kept"
    assert re.search(r'<input[^>]* aria-invalid="true"', answer.text)
    assert "12 months" in words(answer), "the way on"


def test_long_ranges_are_drawn_in_fewer_bars(people: People, cast: Cast) -> None:
    slug, project = make_project(people, cast, "Long")
    now = now_ms()
    told = [Past(f"R{n}", now - n * 3 * DAY - HOUR) for n in range(100)]
    send_past(cast, project, told)
    page = people["viewer"].get(f"/p/{slug}/insights?since={iso_day(now - 364 * DAY)}&until={iso_day(now)}")
    bars = [(href, n) for href, n in links_of(page) if "channel=bug" in href and "until" in href]
    assert max(n for _, n in bars) == 100
    for href, n in set(bars):
        assert len(behind(told, href)) == n, href
    assert page.text.count("<rect") < 400


def test_every_member_reads_it(people: People) -> None:
    require_reading(people, "/p/room/insights")
