"""The map of the code shows every folder, and every module by its folder or by its name."""

import re
from collections.abc import Iterable, Iterator

BLOCK = re.compile(r"^```\n(src/backroom/\n.*?)^```", re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r"( *)(\S.*?)(?:  +(\S.*))?$")
FOLDER = "src/backroom/"
MOST_LINES = 100


def complaints(text: str, modules: Iterable[str]) -> Iterator[str]:
    """What the map `text` lacks of `modules` (paths below the repository), what it names that isn't there, and whether
    it has outgrown a page.

    A folder that the map describes stands for its modules. A module in a folder without a description, and every one
    that lies in `src/backroom` itself, is named.
    """
    if len(text.splitlines()) > MOST_LINES:
        yield f"docs/map.md: is longer than a page ({MOST_LINES} lines)"
    drawn = dict(_entries(text))
    modules = set(modules)
    known = {module for module in modules if not module.endswith("__init__.py")}
    folders = {module[: module.rindex("/") + 1] for module in known} - {FOLDER}
    for folder in sorted(folders - drawn.keys()):
        yield f"docs/map.md: lacks the folder {folder}"
    for module in sorted(known - drawn.keys()):
        folder = module[: module.rindex("/") + 1]
        if folder in drawn and not (drawn[folder] and folder != FOLDER):
            yield f"docs/map.md: lacks the module {module}"
    there = known | {module[: end + 1] for module in modules for end in _slashes(module)}
    for path in sorted(path for path in drawn.keys() - there if path.startswith(FOLDER) and path != FOLDER):
        yield f"docs/map.md: there is no {path}"


def _slashes(path: str) -> list[int]:
    return [at for at, char in enumerate(path) if char == "/"]


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Each path that the map's tree names, with what it says of it. Several modules may share a line."""
    found = BLOCK.search(text)
    below: list[tuple[int, str]] = []
    for line in found[1].splitlines() if found else []:
        entry = ENTRY.fullmatch(line)
        if entry is None:
            continue
        indent, names, about = len(entry[1]), entry[2].split(), entry[3] or ""
        below = [(depth, path) for depth, path in below if depth < indent]
        parent = below[-1][1] if below else ""
        for name in names:
            yield parent + name, about
        if names[-1].endswith("/"):
            below.append((indent, parent + names[-1]))
