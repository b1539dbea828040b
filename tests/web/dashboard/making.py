"""What the tests of a project's pages share: a project of their own, and who may do what."""

from __future__ import annotations

import re
from html import unescape

import httpx

from tests.harness.member import Fields, Member

ADMINS = {"owner", "admin"}


def new_project(owner: Member, name: str) -> str:
    """Makes a project by the dashboard's own form; returns its slug."""
    answer = owner.post("/projects/new", {"name": name, "slug": ""})
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/p/([a-z0-9-]+)/start", answer.headers["location"])
    assert found is not None
    return found[1]


def words(answer: httpx.Response) -> str:
    """What a page says, without its markup, blanks drawn together."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def copied(answer: httpx.Response) -> list[str]:
    """The texts that the page's copy buttons copy."""
    return [unescape(text) for text in re.findall(r"<code[^>]*data-copy-text>(.*?)</code>", answer.text, re.DOTALL)]


def require_refusals(people: dict[str, Member], path: str, fields: Fields, allowed: set[str]) -> None:
    """A form is refused to everybody but `allowed`: 403 to members of lesser role and from other sites, 404 outside."""
    for name, person in people.items():
        if name not in allowed:
            assert person.post(path, fields).status_code == (404 if name == "outsider" else 403), name
    for site in ("cross-site", "same-site", "none"):
        assert people["owner"].post(path, fields, site=site).status_code == 403, site


def require_reading(people: dict[str, Member], path: str) -> None:
    """A page is there for every member, and not for the outsider."""
    for name, person in people.items():
        assert person.get(path).status_code == (404 if name == "outsider" else 200), name
