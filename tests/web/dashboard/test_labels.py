"""A project's labels on their page: renamed, recoloured, deleted, by those who may."""

from __future__ import annotations

import re
import uuid
from html import unescape

import httpx
import pytest

from backroom.access import operator
from backroom.projects.queries import get_by_slug
from backroom.reports.labels import list_labels
from tests.harness.cast import Cast
from tests.harness.member import Member, in_store
from tests.harness.server import Server
from tests.web.dashboard.making import new_project, require_reading, require_refusals, words

WRITERS = {"owner", "admin", "member"}
NAME = "He said “5/7 & <b>no</b>”"


class Labelled:
    """A project of the owner's with reports, each with the labels that are named."""

    def __init__(self, cast: Cast, server: Server, owner: Member, *labels: str) -> None:
        self.cast = cast
        self.slug = new_project(owner, "Labelled")
        self.path = f"/p/{self.slug}/settings/labels"
        self.project = in_store(cast.store, get_by_slug, operator(cast.owner.workspace), self.slug)
        for label in labels:
            self.report = self._send(server)
            assert owner.post("/apply", {"change": f"label:{label}", "id": self.report}).status_code == 303

    def _send(self, server: Server) -> str:
        sent = {"clientId": str(uuid.uuid4()), "blocks": [{"type": "text", "text": "Hello"}], "context": {}}
        answer = httpx.post(f"{server.url}/api/v1/ingest/{self.project.project_key}", json=sent)
        return str(answer.json()["id"])

    def kept(self) -> dict[str, tuple[str, int]]:
        """What the store has: the colour of each label, and how many reports carry it."""
        found = in_store(self.cast.store, list_labels, operator(self.cast.owner.workspace), self.project.id)
        return {label.name: (label.color, label.reports) for label in found}


def test_a_label_is_renamed_and_recoloured(cast: Cast, server: Server, people: dict[str, Member]) -> None:
    place, member = Labelled(cast, server, people["owner"], "slow", "slow", "cart"), people["member"]
    page = member.get(f"{place.path}?edit=slow")
    assert "This removes the label from 2 reports." in words(page)
    assert "This removes the label from 1 report." in words(page)
    fields = {"label": "slow", "change": "save", "name": f" {NAME} ", "color": "#123456"}
    said = words(member.follow(member.post(place.path, fields)))
    assert f"The label slow was renamed to {NAME}." in said
    assert place.kept()[NAME] == ("#123456", 2)
    assert set(place.kept()) == {NAME, "cart"}
    settings = member.get(f"/p/{place.slug}/settings/labels").text
    link = re.search(r'href="([^"]*label=He[^"]*)"', settings)
    assert link is not None
    assert len(re.findall(r'class="row"', member.get(unescape(link[1])).text)) == 2
    fields |= {"label": NAME, "name": NAME, "color": "#654321"}
    assert "Saved." in words(member.follow(member.post(place.path, fields)))
    assert place.kept()[NAME] == ("#654321", 2)


def test_a_label_is_deleted_from_every_report(cast: Cast, server: Server, people: dict[str, Member]) -> None:
    place, member = Labelled(cast, server, people["owner"], "slow", "cart"), people["member"]
    answer = member.post(place.path, {"label": "cart", "change": "delete"})
    assert "The label cart was deleted." in words(member.follow(answer))
    assert set(place.kept()) == {"slow"}
    assert "cart" not in words(member.get(f"/r/{place.report}")).replace("label cart", "")
    assert member.post(place.path, {"label": "cart", "change": "delete"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"name": "cart"}, "name", "There is a label cart already."),
        ({"name": " "}, "name", "A label must have 1 to 40 characters on one line."),
        ({"name": "x" * 41}, "name", "A label must have 1 to 40 characters on one line."),
        ({"color": "red"}, "color", ""),
        ({"color": ""}, "color", ""),
    ],
)
def test_what_is_wrong_comes_back_at_its_field(
    cast: Cast, server: Server, people: dict[str, Member], fields: dict[str, str], field: str, says: str
) -> None:
    place = Labelled(cast, server, people["owner"], "slow", "cart")
    before = place.kept()
    typed = {"label": "slow", "change": "save", "name": "quick", "color": "#123456", **fields}
    answer = people["member"].post(place.path, typed)
    assert answer.status_code == 400
    assert f'id="e-{field}"' in answer.text
    assert says in words(answer)
    assert place.kept() == before, "neither the name nor the colour was changed"


def test_members_change_labels_and_viewers_read_them(cast: Cast, server: Server, people: dict[str, Member]) -> None:
    place = Labelled(cast, server, people["owner"], "slow")
    before = place.kept()
    for fields in ({"change": "delete"}, {"change": "save", "name": "x", "color": "#000000"}, {"change": "save"}):
        require_refusals(people, place.path, {"label": "slow", **fields}, WRITERS)
    assert place.kept() == before
    require_reading(people, place.path)
    assert people["viewer"].get(f"{place.path}?edit=slow").text.count("<form") == 0
    assert "Your role is viewer." in words(people["viewer"].get(place.path))
    for name in sorted(WRITERS):
        fields = {"label": "slow", "change": "save", "name": "slow", "color": "#00000" + str(len(name))}
        assert people[name].post(place.path, fields).status_code == 303
        assert place.kept()["slow"][0] == fields["color"]


def test_labels_of_another_project_stay(cast: Cast, server: Server, people: dict[str, Member]) -> None:
    one, other = (Labelled(cast, server, people["owner"], "slow") for _ in range(2))
    people["owner"].post(one.path, {"label": "slow", "change": "delete"})
    assert (set(one.kept()), set(other.kept())) == (set(), {"slow"})
    assert "No labels yet" in words(people["owner"].get(one.path))


def test_rooms_and_labels_stand_in_the_navigation(people: dict[str, Member]) -> None:
    slug = new_project(people["owner"], "Ways")
    page = people["viewer"].get(f"/p/{slug}/insights").text
    nav, tabs = re.findall(r'<nav class="(?:nav|tabs project-tabs)".*?</nav>', page, re.DOTALL)
    for place, paths in ((nav, ("rooms", "settings/labels")), (tabs, ("rooms",))):
        for path in paths:
            assert f'href="/p/{slug}/{path}"' in place
    assert f'href="/p/{slug}/settings/labels"' in people["viewer"].get(f"/p/{slug}/settings").text
