import pytest

from tests.checks import map as code_map

MAP = """# Map

```
src/backroom/
  cli/        the commands
  web/
    mcp/      agents
    http.py   what doors share
  app.py
tests/        as above
```
"""
MODULES = [
    "src/backroom/__init__.py",
    "src/backroom/app.py",
    "src/backroom/cli/serve.py",
    "src/backroom/web/http.py",
    "src/backroom/web/mcp/tools.py",
]


def complaints(text: str = MAP, modules: list[str] = MODULES) -> list[str]:
    return [each.removeprefix("docs/map.md: ") for each in code_map.complaints(text, modules)]


def test_a_map_that_shows_everything() -> None:
    assert complaints() == []


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("src/backroom/clock.py", "lacks the module src/backroom/clock.py"),
        ("src/backroom/web/logs.py", "lacks the module src/backroom/web/logs.py"),
        ("src/backroom/web/sentry/routes.py", "lacks the folder src/backroom/web/sentry/"),
        ("src/backroom/files/blobs.py", "lacks the folder src/backroom/files/"),
    ],
)
def test_what_the_map_lacks(module: str, complaint: str) -> None:
    assert complaints(modules=[*MODULES, module]) == [complaint]


def test_a_described_folder_stands_for_its_modules() -> None:
    assert complaints(modules=[*MODULES, "src/backroom/cli/store.py"]) == []


@pytest.mark.parametrize("gone", ["src/backroom/app.py", "src/backroom/cli/serve.py", "src/backroom/web/http.py"])
def test_what_the_map_names_and_nothing_is(gone: str) -> None:
    path = gone if gone.endswith(("app.py", "http.py")) else "src/backroom/cli/"
    assert complaints(modules=[each for each in MODULES if each != gone]) == [f"there is no {path}"]


def test_a_map_longer_than_a_page() -> None:
    assert complaints(MAP + "\n" * 100) == ["is longer than a page (100 lines)"]
