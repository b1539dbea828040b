"""What pages load: right types, kept for ever under an address of its own, nobody else's but as noted."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest

from backroom.web.dashboard.frame.assets import STATIC, STYLES, address
from tests.harness.server import Server

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
NAMES = [STYLES, "app.js", "htmx.min.js", "inter.woff2", "signs.svg"]


@pytest.mark.parametrize("name", NAMES)
def test_an_asset_keeps_for_ever(server: Server, name: str) -> None:
    plain = httpx.get(server.url + address(name), headers={"accept-encoding": "identity"})
    zipped = httpx.get(server.url + address(name))
    assert plain.status_code == zipped.status_code == 200
    assert plain.content == zipped.content
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert "?v=" in address(name)


@pytest.mark.parametrize("name", ["nothing.css", "NOTICE.md", "css", "..%2fassets.py"])
def test_nothing_else_is_served(server: Server, name: str) -> None:
    assert httpx.get(f"{server.url}/static/{name}").status_code == 404


def test_what_is_not_ours_is_noted_as_it_is(server: Server) -> None:
    notice = (STATIC / "NOTICE.md").read_text(encoding="utf-8")
    noted = dict(re.findall(r"\| `([\w.]+)` \|.*\| ([0-9a-f]{64}) \|", notice))
    assert set(noted) == {"htmx.min.js", "inter.woff2"}
    for name, digest in noted.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_scripts_and_styles_mean_the_same_when_they_are_shortened(server: Server) -> None:
    styles = httpx.get(server.url + address(STYLES)).text
    assert "/*" not in styles
    assert "  " not in styles
    written = "".join(path.read_text(encoding="utf-8") for path in (STATIC / "css").glob("*.css"))
    assert styles.count("{") == re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL).count("{")
    for path in STATIC.glob("*.js"):
        if not path.name.endswith(".min.js"):
            lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
            lines = [line for line in lines if not line.startswith("//")]
            assert [line for line in lines if line.count("`") % 2] == [], f"{path.name}: a text over several lines"
