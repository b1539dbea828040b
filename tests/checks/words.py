"""Words that have no place in what is published, and words that docs/style.md tells us to avoid."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# The brackets keep this file from holding what it looks for.
UNFINISHED = (r"\bTOD[O]\b", r"\bFIXM[E]\b")
REGISTRIES = (
    r"\bpypi[.]org\b",
    r"\bpythonhosted[.]org\b",
    r"\bregistry[.]npmjs[.]org\b",
    r"\bregistry[.]yarnpkg[.]com\b",
    r"\bindex[.]crates[.]io\b",
    r"\bproxy[.]golang[.]org\b",
)
MACHINE_PATHS = (r"(?<![\w.}-])/(?:wor[k]|roo[t]|User[s])/",)

FORBIDDEN = re.compile("|".join([*UNFINISHED, *REGISTRIES, *MACHINE_PATHS]))


def forbidden(files: Mapping[Path, str]) -> Iterator[str]:
    """Lines with an unfinished mark, a package registry's host or a path of one machine."""
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            for found in FORBIDDEN.findall(line):
                yield f"{path}:{number}: {found} stays out"


CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->|https?://[^\s)\"]+", re.DOTALL)
"""Quoted code in Markdown, which keeps its names."""

COMMENT_OF_TEMPLATE = re.compile(r"{#.*?#}", re.DOTALL)

TEXT_OF_WIDGET = re.compile(r'^ +\w+:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)


def avoided(style: str) -> dict[str, str]:
    """The phrases of the style page's table of words, each with what to write in its place.

    Raises ValueError where the page has no such table.
    """
    _, _, table = style.partition("\n## Words\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    found = {phrase.strip(): write for write, phrases, *_ in rows[1:] for phrase in phrases.split(",")}
    if not found:
        raise ValueError("docs/style.md has no table under the heading Words.")
    return found


def plain(files: Mapping[Path, str], style: str) -> Iterator[str]:
    """Lines of these files that people read and that hold a phrase which the style page avoids.

    Read are Markdown outside of code, templates, the widget's English texts, and the strings and docstrings of Python.
    """
    instead = avoided(style)
    phrases = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in instead)
    pattern = re.compile(rf"(?<![\w-])(?:{phrases})(?![\w-])", re.IGNORECASE)
    for path, text in files.items():
        for start, prose in prose_of(path, text):
            for found in pattern.finditer(prose):
                phrase = " ".join(found.group().lower().split())
                line = start + prose.count("\n", 0, found.start())
                yield f"{path}:{line}: write “{instead[phrase]}”, not “{phrase}” (docs/style.md)"


def prose_of(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """What people read of a file, in pieces, each with the number of its first line."""
    if path.suffix == ".md":
        yield 1, CODE.sub(_blank, text)
    elif path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield node.lineno, CODE.sub(_blank, node.value)
    elif path.suffix == ".ts":
        for found in TEXT_OF_WIDGET.finditer(text):
            yield text.count("\n", 0, found.start(1)) + 1, found.group(1)
    else:
        yield 1, COMMENT_OF_TEMPLATE.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    """As many lines as were found, so that numbers of lines stay right."""
    return "\n" * found.group().count("\n") or " "
