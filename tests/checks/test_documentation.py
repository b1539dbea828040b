from pathlib import Path

import pytest

from tests.checks import documentation

PAGE = Path("guide.md")
TABLE = "| Setting | Meaning |\n|---|---|\n| `BACKROOM_PORT` | where it listens |\n"


def test_settings_agree() -> None:
    assert list(documentation.settings(["BACKROOM_PORT"], TABLE, {PAGE: TABLE})) == []


def test_setting_without_a_row() -> None:
    read = ["BACKROOM_PORT", "BACKROOM_HOST"]
    assert list(documentation.settings(read, TABLE, {PAGE: "Set `BACKROOM_HOST`."})) == [
        "README.md: the settings table lacks BACKROOM_HOST"
    ]


def test_setting_that_nobody_reads() -> None:
    assert list(documentation.settings([], "", {PAGE: TABLE})) == ["guide.md: nothing reads BACKROOM_PORT"]


@pytest.mark.parametrize(
    "shown",
    [
        "Run `backroom user create --email you@example.com`.",
        "```sh\nbackroom user create --email you@example.com\n```",
        "```sh\n$ backroom user create\n```",
        "`echo secret | backroom user create --password-stdin`",
        "```sh\nBACKROOM_DATA=/srv backroom user create\n```",
    ],
)
def test_command_is_shown(shown: str) -> None:
    assert list(documentation.commands(["user create"], {PAGE: shown})) == []


@pytest.mark.parametrize("text", ["", "The backroom user create command.", "`backroom user`"])
def test_command_is_not_shown(text: str) -> None:
    assert "no document shows: backroom user create" in list(documentation.commands(["user create"], {PAGE: text}))


def test_group_of_commands_is_no_unknown_command() -> None:
    pages = {PAGE: "`backroom user` has `backroom user create`."}
    assert list(documentation.commands(["user create"], pages)) == []


def test_shown_command_that_does_not_exist() -> None:
    assert list(documentation.commands([], {PAGE: "`backroom user invent`"})) == [
        "guide.md: there is no command: backroom user invent"
    ]


@pytest.mark.parametrize(
    "link",
    [
        "[other](other.md)",
        '[other](other.md "its title")',
        "[part](other.md#the-second-part)",
        "[again](other.md#the-second-part-1)",
        "[here](#this-page)",
        "[out](https://example.com/missing.md)",
        "[mail](mailto:you@example.com)",
        "`[code](missing.md)`",
        "```\n[code](missing.md)\n```",
        "[other]: other.md",
    ],
)
def test_link_leads_somewhere(tmp_path: Path, link: str) -> None:
    (tmp_path / "other.md").write_text("# Other\n## The *second* part\n## The second part\n")
    page = tmp_path / "guide.md"
    page.write_text(f"# This page\n\n{link}\n")
    assert list(documentation.links({page: page.read_text()})) == []


@pytest.mark.parametrize(
    "link",
    [
        "[gone](missing.md)",
        "![gone](missing.png)",
        "[gone]: missing.md",
        '<img src="missing.png">',
        "[gone](#missing)",
        "[gone](guide.md#missing)",
    ],
)
def test_link_leads_nowhere(tmp_path: Path, link: str) -> None:
    page = tmp_path / "guide.md"
    page.write_text(f"# This page\n\n{link}\n")
    assert len(list(documentation.links({page: page.read_text()}))) == 1
