"""The receipt of a report, and the shop to try the widget in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.commands import delete_project
from backroom.projects.widget import CHOICES
from backroom.reports.rules import Status
from backroom.store.database import Database
from backroom.web.widget.receipt_texts import all_words
from tests.contract.patchrooms.api import Api, report, text
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.server import Server
from tests.web.widget.conftest import NewProject


@pytest.fixture(scope="module")
def reader(server: Server) -> Iterator[httpx.Client]:
    """Somebody's browser."""
    with httpx.Client(base_url=server.url, headers={"accept": "text/html"}) as client:
        yield client


@pytest.fixture
def room(cast: Cast, reader: httpx.Client) -> Api:
    owner = cast.owner
    return Api(reader, owner.project.id, owner.project.project_key, owner.key)


def test_the_answer_to_a_report_leads_to_its_receipt(room: Api, reader: httpx.Client) -> None:
    sent = room.sent(report(text("The coupon <b>field</b> covers the button")))
    page = reader.get(sent["receiptUrl"])
    assert page.status_code == 200
    assert "Received" in page.text
    assert f"<b>{sent['id'][-4:]}</b>" in page.text
    assert "The coupon &lt;b&gt;field&lt;/b&gt; covers the button" in page.text
    assert room.project not in page.text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.TRIAGED, "Seen"),
        (Status.IN_PROGRESS, "In progress"),
        (Status.RESOLVED, "Resolved"),
        (Status.CLOSED, "Closed"),
    ],
)
def test_it_shows_the_state_as_it_is_now(room: Api, reader: httpx.Client, status: Status, said: str) -> None:
    sent = room.sent(report())
    assert room.call("PATCH", f"/feedback/{sent['id']}", json={"status": status.value}).status_code == 200
    page = reader.get(sent["receiptUrl"])
    assert f"<b>{said}</b>" in page.text
    assert "Received" not in page.text


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        (None, None, "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "nl, fr;q=0.3, pt-BR;q=0.7", "pt"),
        (None, "ar;q=0, ja;q=0.1", "ja"),
        (None, "nl", "en"),
        (None, "*", "en"),
        (None, "ru;q=much,zh-Hant;q=0.5", "zh"),
        ("es", "de", "es"),
        ("nl", "de", "de"),
        ("../etc", ",;,=;q=", "en"),
    ],
)
def test_it_speaks_the_language_that_is_asked_for_else_the_browsers(
    room: Api, reader: httpx.Client, asked: str | None, accepted: str | None, language: str
) -> None:
    """By `lang` in the address, which the widget adds, else by Accept-Language."""
    sent = room.sent(report())
    headers = {} if accepted is None else {"accept-language": accepted}
    page = reader.get(sent["receiptUrl"], params={} if asked is None else {"lang": asked}, headers=headers)
    assert page.headers["content-language"] == language
    assert page.headers["vary"] == "Accept-Language"
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.text
    assert all_words()[language].states["open"][1].replace("'", "&#39;") in page.text


def test_receipts_are_said_in_the_widgets_languages_whole() -> None:
    """Every language has every word, each status is called something of its own, and days have their numbers."""
    assert set(all_words()) == set(CHOICES["locale"])
    for words in all_words().values():
        assert set(words.states) == {status.value for status in Status}
        assert len({name for name, _ in words.states.values()}) == len(Status)
        texts = [words.report, words.sent, words.changed, words.channel, words.keep, *sum(words.states.values(), ())]
        assert all(text.strip() == text != "" for text in texts)
        day = words.day_of(1_772_409_600_000)
        assert "2026" in day
        assert "2" in day.replace("2026", "")


def test_a_retry_is_given_the_same_receipt(room: Api) -> None:
    sent = report()
    assert room.send(sent).json() == room.send(sent).json()


def test_no_other_address_is_a_receipt(room: Api, reader: httpx.Client) -> None:
    """A token can't be made for another report, nor changed."""
    first, second = (room.sent(report())["receiptUrl"].removeprefix("/s/") for _ in range(2))
    swapped = second[:32] + first[32:]
    flipped = first[:-6] + ("A" if first[-6] != "A" else "B") + first[-5:]
    for token in (swapped, flipped, first[:-1], first + "A", "x", "%00", "é" * 54, first[:32]):
        answer = reader.get(f"/s/{token}")
        assert answer.status_code == 404
        assert "It broke" not in answer.text


def test_a_deleted_report_has_no_receipt(reader: httpx.Client, new_project: NewProject, database: Database) -> None:
    project = new_project()
    sent = Api(reader, project.id, project.project_key, "").sent(report())
    assert reader.get(sent["receiptUrl"]).status_code == 200
    database.write_now(delete_project, operator(), project.id, now_ms())
    assert reader.get(sent["receiptUrl"]).status_code == 404


def test_receipts_are_kept_by_nobody_and_lead_nowhere(room: Api, reader: httpx.Client) -> None:
    page = reader.get(room.sent(report())["receiptUrl"])
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script" not in page.headers["content-security-policy"]
    assert '<meta name="robots" content="noindex">' in page.text


def test_receipts_hold_over_a_restart_and_in_every_process(cast: Cast, server: Server, reader: httpx.Client) -> None:
    owner = cast.owner.project
    sent = Api(reader, owner.id, owner.project_key, "").sent(report())
    server.stop()
    server.start()
    assert reader.get(sent["receiptUrl"]).status_code == 200


def test_the_shop_is_there_for_a_project_alone(reader: httpx.Client, cast: Cast) -> None:
    key = cast.owner.project.project_key
    page = reader.get("/demo", params={"key": key})
    assert page.status_code == 200
    assert f'src="/v1/patchrooms/{key}.js"' in page.text
    for other in ("", "pr_000000000000000000000000", '"><script>alert(1)</script>'):
        assert reader.get("/demo", params={"key": other}).status_code == 404
    assert reader.get("/demo").status_code == 404


def test_the_shop_is_gone_where_the_settings_say_so(fresh_cast: Cast, start_server: StartServer) -> None:
    key = fresh_cast.owner.project.project_key
    for setting, status in (("off", 404), ("on", 200)):
        server = start_server(fresh_cast.store, BACKROOM_DEMO_PAGE=setting)
        assert httpx.get(f"{server.url}/demo", params={"key": key}).status_code == status
        server.stop()


def test_the_shop_lives_under_a_strict_policy(reader: httpx.Client, cast: Cast) -> None:
    page = reader.get("/demo", params={"key": cast.owner.project.project_key})
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "style=" not in page.text
    for asset in ("demo.css", "demo.js", "receipt.css"):
        answer = reader.get(f"/v1/pages/{asset}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reader.get("/v1/pages/demo.html").status_code == 404
