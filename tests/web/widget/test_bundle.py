"""The built widget, as it lies beside the program."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from backroom.projects.widget import CHOICES
from backroom.web.widget.bundle import DIST, bundle, read_bundle, zipped


def test_everything_that_was_built_is_served_or_the_list_of_it() -> None:
    built = {path.name for path in DIST.iterdir() if path.suffix == ".js"}
    served = bundle()
    assert len(served.loaders) == 2
    assert built == served.parts.keys() | {name for name in built if name.startswith(("patchrooms-", "miniback-"))}
    languages = {name.split("-")[0] for name in served.parts} - {"room", "tools"}
    assert languages == set(CHOICES["locale"])


def test_it_is_as_small_as_is_promised() -> None:
    """15 kB of gzip before the room is opened, 40 kB with everything loaded, whichever language is spoken."""
    served = bundle()
    closed = max(len(zipped(code)) for code in served.loaders.values())
    parts = {name.split("-")[0]: len(part.zipped) for name, part in served.parts.items()}
    assert closed <= 15_000
    language = max(parts[name] for name in CHOICES["locale"])
    assert closed + parts["room"] + parts["tools"] + language <= 40_000


def test_each_part_is_zipped_by_the_build() -> None:
    for part in bundle().parts.values():
        assert gzip.decompress(part.zipped) == part.code
        assert len(part.zipped) < len(zipped(part.code))


def test_zipped_is_the_same_every_time() -> None:
    content = b"a widget" * 100
    assert gzip.decompress(zipped(content)) == content
    assert zipped(content) == zipped(bytes(content))


def test_where_nothing_was_built_there_is_nothing(tmp_path: Path) -> None:
    assert read_bundle(tmp_path) is None


def test_no_part_names_a_host_of_somebody_else() -> None:
    """One host: whatever the widget loads comes from where its script came from. (The W3C's names a kind of XML.)"""
    for code in [*bundle().loaders.values(), *(part.code for part in bundle().parts.values())]:
        assert set(re.findall(rb"https?://[\w.-]+", code)) <= {b"http://www.w3.org"}
