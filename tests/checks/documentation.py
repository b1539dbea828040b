"""The documentation names what there is: settings, commands, and where its links lead."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SETTING = re.compile(r"\bBACKROOM_[A-Z0-9_]*[A-Z0-9]\b")
TABLE_ROW = re.compile(r"^\|\s*`(BACKROOM_[A-Z0-9_]+)`", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
COMMAND = re.compile(r"(?:^\s*|[$|;&] |\b[A-Z_]+=\S+ |/)backroom((?: [a-z][a-z-]*)+)", re.MULTILINE)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|\b(?:href|src)=\"([^\"]+)\"", re.MULTILINE)
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
HTML_ID = re.compile(r"\bid=\"([^\"]+)\"")


def settings(read: Iterable[str], table: str, documents: Mapping[Path, str]) -> Iterator[str]:
    """Settings that are read and not in `table`, or named by a document and not read."""
    known, listed = set(read), set(TABLE_ROW.findall(table))
    for name in sorted(known - listed):
        yield f"README.md: the settings table lacks {name}"
    for path, text in documents.items():
        for name in sorted(set(SETTING.findall(text)) - known):
            yield f"{path}: nothing reads {name}"


def commands(existing: Iterable[str], documents: Mapping[Path, str]) -> Iterator[str]:
    """Commands that no document shows, and shown ones that don't exist."""
    known = set(existing)
    shown = {(path, words) for path, text in documents.items() for words in _shown(text)}
    for command in sorted(known):
        if not any(_begins(words, command) for _, words in shown):
            yield f"no document shows: backroom {command}"
    for path, words in sorted(shown):
        if not any(_begins(words, command) or _begins(command, words) for command in known):
            yield f"{path}: there is no command: backroom {words}"


def links(documents: Mapping[Path, str]) -> Iterator[str]:
    """Relative links whose file or heading isn't there."""
    for path, text in documents.items():
        prose = INLINE_CODE.sub("", FENCE.sub("", text))
        for target in (next(filter(None, groups)) for groups in LINK.findall(prose)):
            if ELSEWHERE.match(target):
                continue
            name, _, anchor = target.partition("#")
            goal = path.parent / name if name else path
            if not goal.exists():
                yield f"{path}: {target} leads nowhere"
            elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text("utf-8")):
                yield f"{path}: {target} names no heading"


def anchors(text: str) -> set[str]:
    """The names by which a Markdown file's headings can be linked to."""
    prose = FENCE.sub("", text)
    names: set[str] = set(HTML_ID.findall(prose))
    for heading in HEADING.findall(prose):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        name = unique = plain.replace(" ", "-")
        count = 0
        while unique in names:
            count += 1
            unique = f"{name}-{count}"
        names.add(unique)
    return names


def _begins(words: str, start: str) -> bool:
    return f"{words} ".startswith(f"{start} ")


def _shown(text: str) -> Iterator[str]:
    code = [*(found.group() for found in FENCE.finditer(text))]
    code += [found[1] for found in INLINE_CODE.findall(FENCE.sub("", text))]
    for block in code:
        yield from (words.strip() for words in COMMAND.findall(block))
