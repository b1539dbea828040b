"""A project's settings: name, addresses, identity, the widget's looks, and its end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from backroom.web.dashboard.project.appearance import ink_on
from tests.harness.member import Member
from tests.web.dashboard.making import ADMINS, copied, new_project, require_reading, require_refusals, words

People = dict[str, Member]
WIDGET: dict[str, Any] = {
    "mascot": "owl",
    "shape": "tab",
    "anchor": "top-center",
    "theme": "dark",
    "trigger": "visible",
    "locale": "de",
    "own_color": "yes",
    "color": "#00aa55",
    "console_errors": "",
    "mask": ".card-number\n\n  #iban ",
    "text_launcher": "Say <it>",
    "text_title": "",
}


def area(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_name_and_slug_change_and_the_pages_move(people: People) -> None:
    admin = people["admin"]
    slug = new_project(people["owner"], "Before")
    saved = admin.post(f"/p/{slug}/settings/name", {"name": "After", "slug": "after-all"})
    assert saved.headers["location"] == "/p/after-all/settings"
    page = admin.follow(saved)
    assert "Its URL is now /p/after-all." in words(page)
    assert 'value="After"' in page.text
    assert admin.get(f"/p/{slug}/settings").headers["location"] == "/p/after-all/settings", "the old address leads on"
    taken = admin.post("/p/after-all/settings/name", {"name": "Typed again", "slug": "room"})
    assert taken.status_code == 400
    assert "Slug is already taken" in words(taken)
    assert 'value="Typed again"' in taken.text
    assert 'value="room"' in taken.text
    for name, wrong in (("", "after-all"), ("Fine", "Not fine")):
        assert admin.post("/p/after-all/settings/name", {"name": name, "slug": wrong}).status_code == 400


def test_patterns_are_kept_line_by_line_and_can_be_tried(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Patterns')}/settings"
    assert "No patterns are set." in words(owner.get(f"{at}?address=https://a.example/"))
    typed = " https://app.example.com/* \n\nhttps://*.example.org/pay\r\nhttps://app.example.com/*"
    saved = owner.post(f"{at}/addresses", {"url_patterns": typed})
    kept = area(owner.follow(saved).text, "url_patterns")
    assert kept.splitlines() == ["https://app.example.com/*", "https://*.example.org/pay"]
    shows = words(owner.get(f"{at}?address=https://app.example.com/cart?x=1%23top"))
    assert "The widget shows on this page. Matched by https://app.example.com/* ." in shows
    hidden = words(people["viewer"].get(f"{at}?address=https://app.example.com"))
    assert "The widget doesn't show on this page. None of the 2 patterns matches the whole URL." in hidden
    wrong = owner.post(f"{at}/addresses", {"url_patterns": "https://fine.example/\nwith blank"})
    assert wrong.status_code == 400
    assert "Line 2: A URL pattern must look like" in words(wrong)
    assert "with blank" in area(wrong.text, "url_patterns")
    assert len(area(owner.get(at).text, "url_patterns").splitlines()) == 2


def test_origins_are_kept_as_browsers_send_them(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Origins')}/settings"
    owner.post(f"{at}/addresses", {"url_patterns": "https://stays.example/*"})
    owner.post(f"{at}/addresses", {"allowed_origins": "HTTPS://App.Example.com:443/\nhttps://*.example.org"})
    page = owner.get(at).text
    assert area(page, "allowed_origins").splitlines() == ["https://app.example.com", "https://*.example.org"]
    assert area(page, "url_patterns") == "https://stays.example/*", "the other list stays as it is"
    wrong = owner.post(f"{at}/addresses", {"allowed_origins": "example.com"})
    assert wrong.status_code == 400
    assert "Line 1: An allowed origin must look like" in words(wrong)
    owner.post(f"{at}/addresses", {"allowed_origins": ""})
    assert area(owner.get(at).text, "allowed_origins") == ""


def test_identity_secret_is_shown_once_replaced_and_taken_away(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Identity')}/settings"
    assert "No secret is set, so no user is verified." in words(owner.get(at))
    made = owner.post(f"{at}/identity", {"change": "generate", "secret": ""})
    assert made.headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in made.headers
    secret = copied(made)[0]
    assert re.fullmatch(r"[A-Za-z0-9]{48}", secret)
    later = owner.get(at)
    assert secret not in later.text
    assert "A secret is set." in words(later)
    for change in ("generate", "remove", "set"):
        unsure = owner.post(f"{at}/identity", {"change": change, "secret": "mine and long"})
        assert unsure.status_code == 400
        assert "Confirm this first" in words(unsure)
        assert "mine and long" not in unsure.text, "a secret doesn't come back"
    empty = owner.post(f"{at}/identity", {"change": "set", "secret": " ", "sure": "yes"})
    assert empty.status_code == 400
    assert "The identity secret must have 1 to 1,024 characters" in words(empty)
    kept = owner.post(f"{at}/identity", {"change": "set", "secret": "mine and long", "sure": "yes"})
    assert "The new identity secret was saved." in words(owner.follow(kept))
    gone = owner.post(f"{at}/identity", {"change": "remove", "sure": "yes"})
    assert "The identity secret was removed." in words(owner.follow(gone))
    assert "No secret is set" in words(owner.get(at))


def test_samples_stand_in_five_languages(people: People) -> None:
    page = people["viewer"].get("/p/room/settings")
    samples = [text for text in copied(page) if "IDENTITY_SECRET" in text]
    assert len(samples) == 5
    assert all(f"<summary>{title}</summary>" in page.text for title in ("Python", "Node.js", "Ruby", "PHP", "Go"))


def test_widget_is_kept_and_drawn(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Widget')}/settings/widget"
    assert 'aria-label="Fox in a bubble at the middle right, theme auto"' in owner.get(at).text
    page = owner.follow(owner.post(at, WIDGET))
    assert "Saved. Your pages update within a minute." in words(page)
    assert 'aria-label="Owl in a tab at the top center, theme dark"' in page.text
    assert area(page.text, "mask").splitlines() == [".card-number", "#iban"]
    for chosen in ('value="owl" checked', 'value="tab" checked', 'value="top-center" checked', 'value="de" selected'):
        assert chosen in page.text
    assert 'name="console_errors" value="yes" checked' not in page.text
    assert page.text.count("Say &lt;it&gt;") == 2, "in the form and on the launcher"
    plain = owner.follow(owner.post(at, {**WIDGET, "own_color": "", "text_launcher": ""}))
    assert "#00aa55" not in plain.text
    assert "Say &lt;it&gt;" not in plain.text


def test_widget_is_drawn_before_it_is_saved(people: People) -> None:
    owner = people["owner"]
    at = f"/p/{new_project(owner, 'Drawn')}/settings/widget"
    fields = "mascot=panda&shape=pill&anchor=bottom-left&theme=light&trigger=visible&own_color=yes&color=%23ffee00"
    part = owner.get(f"{at}?{fields}&text_send=Post&part=preview").text
    assert 'aria-label="Panda in a pill at the bottom left, theme light"' in part
    assert 'fill="#ffee00"' in part
    assert 'fill="#000000">Post<' in part, "black is easier to read on yellow"
    assert "<nav" not in part
    page = owner.get(f"{at}?{fields}").text
    assert 'value="panda" checked' in page
    assert 'value="fox" checked' in owner.get(at).text, "nothing was kept"
    hidden = owner.get(f"{at}?{fields.replace('visible', 'hidden')}&part=preview").text
    assert "preview-launcher" not in hidden


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"color": "red"}, "color must look like"),
        ({"mask": "fine\na { b"}, "must be a CSS selector"),
        ({"anchor": "nowhere"}, "anchor must be one of"),
        ({"text_title": "x" * 201}, "Use at most 200 characters."),
    ],
)
def test_wrong_widget_comes_back(people: People, change: dict[str, str], message: str) -> None:
    owner = people["owner"]
    page = owner.post("/p/room/settings/widget", {**WIDGET, **change})
    assert page.status_code == 400
    assert message in words(page)
    assert 'value="Say &lt;it&gt;"' in page.text
    assert 'value="owl" checked' not in owner.get("/p/room/settings/widget").text


def test_ink_is_the_easier_one_to_read() -> None:
    assert [ink_on(color) for color in ("#000000", "#c2410c", "#ffffff", "#ffd43b")] == [
        *("#ffffff", "#ffffff", "#000000", "#000000")
    ]


def test_only_an_owner_deletes_and_only_by_the_name(people: People) -> None:
    owner = people["owner"]
    slug = new_project(owner, "Doomed one")
    path = f"/p/{slug}/settings/delete"
    require_refusals(people, path, {"typed": "Doomed one"}, {"owner"})
    assert "Only owners of the workspace can delete a project." in words(people["admin"].get(f"/p/{slug}/settings"))
    wrong = owner.post(path, {"typed": "doomed one"})
    assert wrong.status_code == 400
    assert "Nothing was deleted. Type the project's name, Doomed one, to delete it." in words(wrong)
    assert 'value="doomed one"' in wrong.text
    deleted = owner.post(path, {"typed": "Doomed one"})
    assert deleted.headers["location"] == "/projects"
    assert "Doomed one and its reports were deleted." in words(owner.follow(deleted))
    assert owner.get(f"/p/{slug}/settings").status_code == 404


def test_roles_and_other_sites(people: People) -> None:
    slug = new_project(people["owner"], "Setting roles")
    at = f"/p/{slug}/settings"
    require_reading(people, at)
    require_reading(people, f"{at}/widget")
    require_reading(people, f"{at}/widget?part=preview")
    require_refusals(people, f"{at}/name", {"name": "Sneaked", "slug": "sneaked"}, ADMINS)
    require_refusals(people, f"{at}/addresses", {"url_patterns": "https://sneaked/*"}, ADMINS)
    require_refusals(people, f"{at}/identity", {"change": "generate"}, ADMINS)
    require_refusals(people, f"{at}/widget", WIDGET, ADMINS)
    for name in ("member", "viewer"):
        page = people[name].get(at)
        assert 'method="post"' not in page.text
        assert f"Only admins can change these settings. Your role is {name}." in words(page)
        widget = people[name].get(f"{at}/widget").text
        assert "Save widget" not in widget
        assert '<fieldset class="stack loose" disabled>' in widget
    assert "sneaked" not in people["owner"].get(at).text.lower()


@pytest.mark.parametrize("slug", ["no-such-project", "a%00b", "%ED%A0%80", "%F0%9F%A6%8A", "x" * 3000])
def test_slugs_that_nobody_has_are_not_found(people: People, slug: str) -> None:
    for page in ("settings", "settings/widget", "channels", "integrations", "start"):
        assert people["owner"].get(f"/p/{slug}/{page}").status_code == 404, page
    assert people["owner"].post(f"/p/{slug}/channels/a%00b", {"change": "archive"}).status_code == 404


def test_texts_that_no_engine_keeps_are_refused(people: People) -> None:
    owner = people["owner"]
    for path, fields in (
        ("name", {"name": "a\0b", "slug": "room"}),
        ("name", {"name": "Room", "slug": "ro\0om"}),
        ("addresses", {"url_patterns": "https://a\0b/*"}),
        ("addresses", {"allowed_origins": "https://a\0b"}),
        ("identity", {"change": "set", "secret": "a\0b"}),
        ("widget", {**WIDGET, "text_title": "a\0b"}),
        ("widget", {**WIDGET, "mask": "a\0b"}),
    ):
        assert owner.post(f"/p/room/settings/{path}", fields).status_code == 400, fields
    for change in ("archive", "save", "default"):
        assert owner.post("/p/room/channels/a%00b", {"change": change}).status_code == 404
    assert owner.post("/p/room/channels/bug", {"change": "default", "name": "\0"}).status_code == 303
    assert owner.post("/p/room/hints/a%00b").status_code == 303
    assert owner.get("/p/room/channels?edit=%00&user=%00&channel=%00").status_code == 200
    assert owner.post("/p/room/integrations/keys/a%00b/revoke").status_code == 404
