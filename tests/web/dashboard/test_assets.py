"""What pages load: right types, kept for ever under an address of its own, nobody else's but as noted."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest

from backroom.web.dashboard.frame.assets import STATIC, STYLES, TOKENS, address, imports_of, load_script
from tests.harness.server import Server

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
NAMES = [STYLES, "app.js", "inbox/main.js", "inter.woff2", "signs.svg"]
SCRIPTS = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))


@pytest.mark.parametrize("name", NAMES)
def test_an_asset_keeps_for_ever(server: Server, name: str) -> None:
    plain = httpx.get(server.url + address(name), headers={"accept-encoding": "identity"})
    zipped = httpx.get(server.url + address(name))
    assert plain.status_code == zipped.status_code == 200
    assert plain.content == zipped.content
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(rf"/static/[0-9a-f]{{12}}/{name}", address(name))


def test_a_page_from_before_an_upgrade_gets_what_is_there_but_does_not_keep_it(server: Server) -> None:
    found = httpx.get(f"{server.url}/static/0123456789ab/inbox/main.js")
    assert found.content == httpx.get(server.url + address("inbox/main.js")).content
    assert found.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing.css", "NOTICE.md", "css", "css/20-shell.css", "inbox", "..%2fassets.py"])
def test_nothing_else_is_served(server: Server, name: str) -> None:
    assert httpx.get(server.url + address(name)).status_code == 404
    assert httpx.get(f"{server.url}/static/{name}").status_code == 404


@pytest.mark.parametrize("name", SCRIPTS)
def test_whatever_a_script_imports_is_served_and_named_by_its_page(server: Server, name: str) -> None:
    tags = load_script(name)
    for imported in imports_of(name):
        assert f'<link rel="modulepreload" href="{address(imported)}">' in tags
        assert httpx.get(server.url + address(imported)).headers["content-type"] == "text/javascript; charset=utf-8"
    written = (STATIC / name).read_text(encoding="utf-8")
    assert len(re.findall(r"^import\b", written, flags=re.MULTILINE)) <= len(imports_of(name))


def test_what_is_not_ours_is_noted_as_it_is(server: Server) -> None:
    notice = (STATIC / "NOTICE.md").read_text(encoding="utf-8")
    noted = dict(re.findall(r"\| `([\w.]+)` \|.*\| ([0-9a-f]{64}) \|", notice))
    assert set(noted) == {"inter.woff2"}
    for name, digest in noted.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_scripts_and_styles_mean_the_same_when_they_are_shortened(server: Server) -> None:
    styles = httpx.get(server.url + address(STYLES)).text
    assert "/*" not in styles
    assert "  " not in styles
    written = "".join(path.read_text(encoding="utf-8") for path in [TOKENS, *(STATIC / "css").glob("*.css")])
    assert styles.count("{") == re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL).count("{")
    for name in SCRIPTS:
        lines = [line.strip() for line in (STATIC / name).read_text(encoding="utf-8").splitlines()]
        lines = [line for line in lines if not line.startswith("//")]
        assert [line for line in lines if line.count("`") % 2] == [], f"{name}: a text over several lines"
