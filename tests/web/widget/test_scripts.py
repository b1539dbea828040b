"""The widget's loaders, settings and parts, as pages of other sites load them (Patchrooms and Miniback, "Widget")."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import httpx
import pytest

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.channels import update_channel
from backroom.projects.commands import update_project
from backroom.projects.rules import ProjectStatus
from backroom.projects.widget import update_widget
from backroom.store.database import Database
from tests.harness.cast import Cast
from tests.web.widget.conftest import NewProject

BAKED = re.compile(r"\Aself\.__patchrooms=(\{.*\});\n")
SCRIPT = "text/javascript; charset=utf-8"
UNKNOWN = "pr_000000000000000000000000"


def baked(answer: httpx.Response) -> dict[str, Any]:
    """The settings in front of a loader."""
    found = BAKED.match(answer.text)
    assert found, answer.text[:200]
    settings: dict[str, Any] = json.loads(found[1])
    return settings


def test_the_loader_has_the_projects_settings_and_channels_baked_in(
    page: httpx.Client, new_project: NewProject
) -> None:
    project = new_project({"mascot": "owl", "mask": (".card",)}, url_patterns=["https://shop.example/*"])
    answer = page.get(f"/v1/patchrooms/{project.project_key}.js")
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCRIPT)
    settings = baked(answer)
    assert [channel["key"] for channel in settings.pop("channels")] == ["bug", "feature", "alpha-feedback"]
    assert settings == {
        "projectKey": project.project_key,
        "defaultChannelKey": "bug",
        "urlPatterns": ["https://shop.example/*"],
        "widget": {"mascot": "owl", "mask": [".card"]},
    }
    assert page.get("/v1/patchrooms.js").text in answer.text


def test_pages_are_told_the_same_as_json(page: httpx.Client, new_project: NewProject) -> None:
    project = new_project({"shape": "tab"})
    told = page.get(f"/v1/patchrooms/{project.project_key}.json")
    assert told.headers["content-type"] == "application/json"
    assert told.json() == baked(page.get(f"/v1/patchrooms/{project.project_key}.js"))
    assert told.json()["widget"] == {"shape": "tab"}


def test_nothing_that_a_page_has_no_business_with_is_told(page: httpx.Client, new_project: NewProject) -> None:
    project = new_project(identity_secret="the secret of identities", allowed_origins=["https://shop.example"])
    text = page.get(f"/v1/patchrooms/{project.project_key}.js").text
    for secret in ("the secret of identities", project.id, project.workspace, project.slug, "allowedOrigins"):
        assert secret not in text


def test_archived_channels_are_not_offered(page: httpx.Client, new_project: NewProject, database: Database) -> None:
    project = new_project()
    database.write_now(update_channel, operator(), project.id, "feature", {"archived": True}, now_ms())
    told = page.get(f"/v1/patchrooms/{project.project_key}.json").json()
    assert [channel["key"] for channel in told["channels"]] == ["bug", "alpha-feedback"]


def test_an_unknown_key_gets_a_loader_that_says_so(page: httpx.Client) -> None:
    """Never an error: a page must not break for a key that is gone."""
    answer = page.get(f"/v1/patchrooms/{UNKNOWN}.js")
    assert (answer.status_code, answer.headers["content-type"]) == (200, SCRIPT)
    assert baked(answer) == {"projectKey": UNKNOWN, "unknown": True}
    assert page.get(f"/v1/patchrooms/{UNKNOWN}.json").status_code == 404


@pytest.mark.parametrize("key", ["%3C!--%3Cscript%3Ealert(1)", "%22%7D;alert(1)", "%E2%80%A8", "%00", "x" * 5000])
def test_a_hostile_key_stays_a_text(page: httpx.Client, key: str) -> None:
    answer = page.get(f"/v1/patchrooms/{key}.js")
    assert answer.status_code == 200
    assert baked(answer)["unknown"] is True
    first_line = answer.text.split("\n")[0]
    assert "<" not in first_line
    assert "\u2028" not in first_line
    assert len(first_line) < 1000


def test_names_of_channels_can_not_end_the_script(
    page: httpx.Client, new_project: NewProject, database: Database
) -> None:
    project = new_project()
    name = "</script><script>alert(1)</script>"
    database.write_now(update_channel, operator(), project.id, "bug", {"name": name}, now_ms())
    answer = page.get(f"/v1/patchrooms/{project.project_key}.js")
    assert "<" not in answer.text.split("\n")[0]
    assert baked(answer)["channels"][0]["name"] == name


def test_a_change_of_settings_is_seen_at_the_next_request(
    page: httpx.Client, new_project: NewProject, database: Database
) -> None:
    """Browsers ask again after a minute; an unchanged loader is a 304, a changed one comes whole."""
    project = new_project()
    address = f"/v1/patchrooms/{project.project_key}.js"
    first = page.get(address)
    assert first.headers["cache-control"] == "public, max-age=60"
    tag = first.headers["etag"]
    again = page.get(address, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    database.write_now(update_widget, operator(), project.id, {"mascot": "bear"}, now_ms())
    changed = page.get(address, headers={"if-none-match": tag})
    assert (changed.status_code, baked(changed)["widget"]) == (200, {"mascot": "bear"})


def test_a_paused_project_says_so(page: httpx.Client, new_project: NewProject, database: Database) -> None:
    project = new_project()
    database.write_now(update_project, operator(), project.id, {"status": ProjectStatus.PAUSED}, now_ms())
    assert baked(page.get(f"/v1/patchrooms/{project.project_key}.js"))["paused"] is True
    assert page.get(f"/v1/miniback/{project.slug}.json").json()["paused"] is True


def test_the_simplest_dress(page: httpx.Client, new_project: NewProject) -> None:
    project = new_project({"color": "#0b5c6b", "texts": {"launcher": "Say it"}}, url_patterns=["*/shop/*"])
    script = page.get("/widget.js")
    assert (script.status_code, script.headers["content-type"]) == (200, SCRIPT)
    assert page.get(f"/v1/miniback/{project.slug}.json").json() == {
        "widget": {"color": "#0b5c6b", "texts": {"launcher": "Say it"}},
        "urlPatterns": ["*/shop/*"],
        "paused": False,
    }
    assert page.get("/v1/miniback/nobody.json").status_code == 404
    assert page.get("/v1/miniback/No%20Slug.json").json() == {"error": "Project not found"}


def test_parts_keep_for_ever_and_are_named_by_their_bytes(page: httpx.Client) -> None:
    build = re.search(r"\$\{[^}]*\}-([0-9a-f]{12})\.js", page.get("/v1/patchrooms.js").text)
    assert build, "the loader names its build"
    for name in ("room", "tools", "en", "ru", "ar"):
        part = page.get(f"/v1/parts/{name}-{build[1]}.js")
        assert (part.status_code, part.headers["content-type"]) == (200, SCRIPT)
        assert part.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "export" in part.text
    assert page.get("/v1/parts/room-000000000000.js").status_code == 404
    for outside in ("manifest.json", "..%2Fdoor.py", "%2e%2e%2fdoor.py"):
        assert page.get(f"/v1/parts/{outside}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1/patchrooms/{key}.js", "/v1/patchrooms/{key}.json", "/v1/patchrooms.js", "/widget.js"]
)
def test_any_page_may_read_them_and_nothing_else_may_be_made_of_them(page: httpx.Client, cast: Cast, path: str) -> None:
    answer = page.get(path.format(key=cast.owner.project.project_key))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


def test_failures_may_be_read_by_pages_too(page: httpx.Client) -> None:
    answer = page.get(f"/v1/patchrooms/{UNKNOWN}.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"] == "application/json"
    answer = page.post("/v1/patchrooms.js")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_what_can_be_zipped_is_zipped(page: httpx.Client, cast: Cast) -> None:
    address = f"/v1/patchrooms/{cast.owner.project.project_key}.js"
    with page.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
        zipped = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    plain = page.get(address, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(zipped) == plain.content
    assert answer.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert len(zipped) < 15_000, "what a page loads before the room is opened"


def test_head_tells_the_headers(page: httpx.Client) -> None:
    answer = page.head("/v1/patchrooms.js", headers={"accept-encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(page.get("/v1/patchrooms.js").content)
