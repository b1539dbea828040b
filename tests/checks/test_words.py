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


STYLE = """# Style

## Words

| Write | Avoid | Why |
|---|---|---|
| create | make a key, make key | |
| email | mail address | |
"""


def test_the_words_to_avoid_are_those_of_the_page() -> None:
    assert words.avoided(STYLE) == {"make a key": "create", "make key": "create", "mail address": "email"}
    with pytest.raises(ValueError, match="no table"):
        words.avoided("# Style\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("guide.md", "# Keys\nMake a\nkey first.\n"),
        ("page.html", '{{ head }}\n<button class="btn">Make key</button>\n'),
        ("door.py", 'X = 1\nSAID = f"Your mail address is {X}."\n'),
        ("door.py", 'def door() -> None:\n    """Make a key."""\n'),
        ("en.ts", 'const en = {\n  mail: "Mail address",\n};\n'),
    ],
)
def test_a_word_to_avoid_is_found(name: str, text: str) -> None:
    (complaint,) = words.plain({Path(name): text}, STYLE)
    assert complaint.startswith(f"{name}:2: write “")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("guide.md", "Create a key with `make key`:\n\n```sh\nmake key\n```\n"),
        ("door.py", "make_key = 1  # make a key\n"),
        ("en.ts", '// the mail address\nconst en = {\n  mail: "Email",\n};\n'),
        ("page.html", "<p>Mail addresses-to-be, to remake a keyboard</p>"),
    ],
)
def test_code_and_other_words_are_left_alone(name: str, text: str) -> None:
    assert list(words.plain({Path(name): text}, STYLE)) == []
