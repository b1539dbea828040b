"""`backroom doctor` looks at the widget too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from backroom.cli.store import check_widget
from backroom.web.widget.bundle import DIST
from tests.harness.cast import Cast
from tests.harness.server import Cli


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_doctor_says_that_the_widget_is_built(cast: Cast) -> None:
    checks = json.loads(Cli(cast.store).run("doctor", "--json").out)["checks"]
    (found,) = [check for check in checks if check["name"] == "widget"]
    assert found["ok"] is True
    assert found["mend"] == ""


def test_where_it_is_missing_it_says_how_to_make_it(tmp_path: Path) -> None:
    found = check_widget(tmp_path / "nothing")
    assert found.ok is False
    assert "503" in found.detail
    assert "`make widget`" in found.mend


@pytest.mark.parametrize("broken", ["a part", "the list of parts"])
def test_what_is_not_whole_is_found(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "dist"
    shutil.copytree(DIST, folder)
    assert check_widget(folder).ok is True
    if broken == "a part":
        next(folder.glob("room-*.js")).unlink()
    else:
        (folder / "manifest.json").write_text("{")
    found = check_widget(folder)
    assert found.ok is False
    assert "incomplete" in found.detail
    assert "`make widget`" in found.mend
