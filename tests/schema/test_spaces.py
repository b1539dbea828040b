"""Where a text may not be white space only, the documents mean the same white space as the server."""

import re
import sys

from backroom.web.openapi import SPACES


def test_spaces_are_what_strip_takes_away() -> None:
    space = re.compile(f"[{SPACES}]")
    everything = map(chr, range(sys.maxunicode + 1))
    assert [char for char in everything if (space.match(char) is None) == (char.strip() == "")] == []
