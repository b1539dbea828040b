"""The lines of the README's tour and of the tour of the APIs work when they are pasted."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.checks.files import ROOT
from tests.harness.fixtures import StartServer
from tests.harness.processes import PATIENCE, clean_environment
from tests.harness.samples import Samples
from tests.harness.server import BACKROOM
from tests.harness.store import Store

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


def tour(page: str, heading: str = "") -> str:
    """The shell lines of a page, below `heading` up to the next one of its rank."""
    text = (ROOT / page).read_text()
    if heading:
        text = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = "".join(BLOCK.findall(text))
    assert ADDRESS in lines
    return lines


def pasted(script: str, address: str, store: Store) -> str:
    """What the lines print, run with the folder of the store's data as ./data."""
    assert store.data_dir.name == "data"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, address)],
        cwd=store.data_dir.parent,
        env=clean_environment(**store.env) | {"PATH": f"{BACKROOM.parent}:/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * PATIENCE,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is made of curl lines")
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_tours_work_when_pasted(store: Store, start_server: StartServer) -> None:
    server = start_server(store)
    first = tour("README.md", "A tour")
    said = pasted(f"{first}\n{tour('docs/api.md')}", server.url, store)
    for words in (
        '"channelKey":"bug","status":"open"',
        "Remove the coupon field",
        '"nextCursor":null',
        '"status":"triaged"',
        '"status":"REVIEWED"',
        '"status":"RESOLVED"',
        '"pagination":',
        '"key":"checkout"',
        '"ok":true',
    ):
        assert words in said.replace('": ', '":'), words
    sent = re.findall(r'"id":"([0-9a-f]{24})","message":"The order mail came three times."', said)
    assert len(sent) >= 2
    assert len(set(sent)) == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are curl's")
def test_lines_of_the_demo_work_when_pasted(samples: Samples, start_server: StartServer, tmp_path: Path) -> None:
    with samples.copy(tmp_path / "data", None) as store:
        server = start_server(store)
        said = [pasted(line, server.url, store) for line in samples.said["try"]]
        server.stop()
    assert '"items":[{' in said[0]
    assert '"status":"open"' in said[1]
    assert "cart" in said[2].lower()
    assert '"status":"NEW"' in said[3]
