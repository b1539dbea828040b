"""A project's channels, its live hints, and the tester."""

from __future__ import annotations

import re

import httpx
from sqlalchemy import Connection, select

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.channels import add_hint
from backroom.store.tables import projects
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.web.dashboard.making import ADMINS, new_project, require_reading, require_refusals, words

People = dict[str, Member]
LOOKS = {"name": "Crashes & burns", "color": "#123456", "mascot": "bear", "base_weight": "2.5"}


def hint(cast: Cast, slug: str, channel: str, weight: str | float, user: str | None) -> None:
    """Gives a hint as an application does."""

    def add(tx: Connection) -> None:
        project = tx.execute(select(projects.c.id).where(projects.c.slug == slug)).scalar_one()
        add_hint(tx, operator(cast.owner.workspace), project, channel, weight, user, now_ms())

    in_store(cast.store, add)


def verdict(page: httpx.Response) -> str:
    """What the tester says."""
    found = re.search(r'<div class="verdict">(.*?)</div></div>', page.text, re.DOTALL)
    assert found is not None
    return words(httpx.Response(200, text=found[1]))


def test_channel_is_added_changed_archived_and_brought_back(people: People) -> None:
    admin = people["admin"]
    at = f"/p/{new_project(people['owner'], 'Channels')}/channels"
    assert "Add channel" in words(admin.get(f"{at}?add=yes"))
    added = words(admin.follow(admin.post(at, {**LOOKS, "key": ""})))
    assert "Crashes & burns was added." in added
    assert "Crashes & burns crashes-burns 0 reports 0 open weight 2.5" in added
    form = admin.get(f"{at}?edit=crashes-burns").text
    assert re.search(r'type="color"\s+value="#123456"', form)
    assert 'value="bear" checked' in form
    changed = {"name": "Crashes", "color": "#abcdef", "mascot": "owl", "base_weight": "0", "change": "save"}
    page = admin.follow(admin.post(f"{at}/crashes-burns", changed))
    assert "Crashes crashes-burns 0 reports 0 open weight 0" in words(page)
    assert "#abcdef" in page.text
    page = admin.follow(admin.post(f"{at}/crashes-burns", {"change": "archive"}))
    assert "Crashes was archived. It keeps its reports." in words(page)
    assert "1 archived" in words(page)
    page = admin.follow(admin.post(f"{at}/crashes-burns", {"change": "restore"}))
    assert "Crashes was restored." in words(page)
    assert "1 archived" not in words(page)


def test_default_channel_can_be_chosen_and_not_archived(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Defaults')}/channels"
    assert "Bugs default bug" in words(owner.get(at))
    page = words(owner.follow(owner.post(f"{at}/feature", {"change": "default"})))
    assert "Ideas is now the default channel." in page
    assert "Ideas default feature" in page
    assert "Bugs bug" in page
    assert owner.post(f"{at}/feature", {"change": "archive"}).status_code == 400
    assert owner.post(f"{at}/bug", {"change": "archive"}).status_code == 303
    assert owner.post(f"{at}/bug", {"change": "default"}).status_code == 400, "an archived one"


def test_wrong_fields_come_back_with_what_was_typed(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Wrong channels')}/channels"
    for fields, message in (
        ({**LOOKS, "name": " "}, "must have 1 to 80 characters"),
        ({**LOOKS, "base_weight": "-1"}, "Enter a number of 0 or more"),
        ({**LOOKS, "base_weight": "nan"}, "Enter a number of 0 or more"),
        ({**LOOKS, "base_weight": "much"}, "Enter a number of 0 or more"),
        ({**LOOKS, "color": "red"}, "color must look like"),
        ({**LOOKS, "mascot": "cow"}, "mascot must be one of"),
    ):
        for path in (at, f"{at}/bug"):
            page = owner.post(path, {**fields, "key": "new-one", "change": "save"})
            assert page.status_code == 400
            assert message in words(page)
    page = owner.post(at, {**LOOKS, "key": "bug"})
    assert page.status_code == 400
    assert "This project already has a channel bug." in words(page)
    assert 'value="Crashes &amp; burns"' in page.text
    assert owner.post(at, {**LOOKS, "key": "No Key"}).status_code == 400
    assert owner.post(f"{at}/missing", {**LOOKS, "change": "save"}).status_code == 404
    assert "Crashes" not in words(owner.get(at))


def test_hints_show_the_time_they_have_left_and_can_be_taken_back(people: People, cast: Cast) -> None:
    owner = people["owner"]
    slug = new_project(owner, "Hints")
    at = f"/p/{slug}/channels"
    assert "No hints right now. Each report goes to the channel it names, or to Bugs." in words(owner.get(at))
    hint(cast, slug, "feature", "max", "user <7>")
    hint(cast, slug, "bug", -2.5, None)
    page = owner.get(at)
    assert re.search(r"Ideas max · only user <7> [45]:\d\d left", words(page))
    assert re.search(r"Bugs -2.5 · everyone [45]:\d\d left", words(page))
    ids = re.findall(rf'action="/p/{slug}/hints/([0-9a-f]{{24}})"', page.text)
    assert len(ids) == 2
    require_refusals(people, f"/p/{slug}/hints/{ids[0]}", {}, ADMINS)
    assert "Hint removed." in words(owner.follow(owner.post(f"/p/{slug}/hints/{ids[0]}")))
    assert "only user <7>" not in words(owner.get(at))
    assert "This hint has already expired." in words(owner.follow(owner.post(f"/p/{slug}/hints/{ids[0]}")))


def test_tester_says_where_a_report_would_go_and_why(people: People, cast: Cast) -> None:
    viewer = people["viewer"]
    slug = new_project(people["owner"], "Tester")
    at = f"/p/{slug}/channels"
    assert "The report goes to" not in words(viewer.get(at))
    said = verdict(viewer.get(f"{at}?user=&channel="))
    assert said.startswith("The report goes to Bugs .")
    assert "default channel, Bugs" in said
    assert verdict(viewer.get(f"{at}?user=&channel=feature")).startswith("The report goes to Ideas .")
    hint(cast, slug, "alpha-feedback", "max", "ann")
    assert verdict(viewer.get(f"{at}?user=ann&channel=")).startswith("The report goes to Alpha feedback .")
    assert verdict(viewer.get(f"{at}?user=bob&channel=")).startswith("The report goes to Bugs .")
    assert "which this project doesn't have" in verdict(viewer.get(f"{at}?user=&channel=<b>nope"))
    assert "<b>nope" not in viewer.get(f"{at}?user=&channel=<b>nope").text


def test_roles_and_other_sites(people: People) -> None:
    slug = new_project(people["owner"], "Channel roles")
    at = f"/p/{slug}/channels"
    require_reading(people, at)
    require_reading(people, f"{at}?edit=bug")
    require_refusals(people, at, {**LOOKS, "key": "sneaked"}, ADMINS)
    for change in ("save", "default", "archive", "restore"):
        require_refusals(people, f"{at}/feature", {**LOOKS, "change": change}, ADMINS)
    page = people["member"].get(f"{at}?edit=bug&add=yes")
    assert 'method="post"' not in page.text
    assert "sneaked" not in page.text
    assert "Ideas feature" in words(page)
