from pathlib import Path

import pytest

from tests.checks import words

PAGE = Path("guide.md")


@pytest.mark.parametrize(
    "line",
    [
        "# " + "todo".upper(),
        "fixme".upper() + ": later",
        "https://" + ".".join(["pypi", "org"]) + "/simple",
        "https://files." + ".".join(["pythonhosted", "org"]) + "/packages",
        "cd " + "/".join(["", "work", "somewhere"]),
    ],
)
def test_forbidden_word(line: str) -> None:
    (complaint,) = words.forbidden({PAGE: f"fine\n{line}\n"})
    assert complaint.startswith("guide.md:2: ")


@pytest.mark.parametrize(
    "line", ["all of it is done", "see docs/work/plan.md", "mastodon", "https://example.com/work/"]
)
def test_allowed_word(line: str) -> None:
    assert list(words.forbidden({PAGE: line})) == []
