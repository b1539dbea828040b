"""As much of a report's Markdown as a model reads at once; the rest of it in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from backroom.reports.detail import Artifact
from backroom.reports.markdown import NOTICE, Document, block_lines, for_agent, marks_around
from backroom.reports.rules import Block, SelectionBlock, TextBlock

MOST = 60_000
"""Characters of Markdown in one answer: some 15,000 tokens, what clients of models take without complaint."""

LONGEST = 4_000
"""Characters of a block, of the console's errors and of the page's own data, where all together are too long."""

LONGEST_FACT = 500
MOST_CONSTRAINTS = 10


class Excerpt(NamedTuple):
    """Markdown of at most 60,000 characters. `whole` is how many the whole has; `left_out` how many blocks are missing
    altogether; `cut` whether anything is."""

    text: str
    whole: int
    left_out: int
    cut: bool


class Piece(NamedTuple):
    """Some of the whole Markdown, in a fence; `further` is where the next piece begins, None at the end."""

    text: str
    further: int | None


def excerpt_of(report: Document, names: Mapping[str, str]) -> Excerpt:
    """The report for an agent: whole where it is short enough, else with its long texts cut and its last ones left
    out."""
    whole = for_agent(report, names)
    if len(whole) <= MOST:
        return Excerpt(whole, len(whole), 0, cut=False)
    blocks = [_shortened(block) for block in report.blocks]
    context, artifact = _short_context(report.context), _short_artifact(report.artifact)
    short = msgspec.structs.replace(report, blocks=[], context=context, artifact=artifact)
    room = MOST - len(for_agent(short, names)) - 1
    fitting: list[Block] = []
    for block in blocks:
        room -= sum(len(line) + 1 for line in block_lines(block, names))
        if room < 0:
            break
        fitting.append(block)
    text = for_agent(msgspec.structs.replace(short, blocks=fitting), names)
    return Excerpt(text, len(whole), len(blocks) - len(fitting), cut=True)


def piece_of(report: Document, names: Mapping[str, str], offset: int) -> Piece:
    """The whole Markdown from its character `offset` on, as much as goes into one answer.

    In a fence, for it may begin within somebody's words.
    """
    whole = for_agent(report, names)
    size = MOST
    while True:
        part = whole[offset : offset + size]
        text = _fenced(part, offset, len(whole))
        if len(text) <= MOST or size == 1:
            break
        size = min(size - 1, max(1, size - (len(text) - MOST)))
    end = offset + len(part)
    return Piece(text, end if part and end < len(whole) else None)


def cut(text: str, most: int) -> str:
    """`text`, or its first `most` characters and how many more there are."""
    return text if len(text) <= most else f"{text[:most]}… {len(text) - most:,} more characters"


def _fenced(part: str, offset: int, whole: int) -> str:
    marks = marks_around(part, "```")
    where = f"Characters {offset + 1:,} to {offset + len(part):,} of the {whole:,} of this report's Markdown:"
    return f"{NOTICE}\n{where if part else 'There is nothing more.'}\n\n{marks}text\n{part}\n{marks}\n"


def _shortened(block: Block) -> Block:
    if isinstance(block, TextBlock):
        return TextBlock(cut(block.text, LONGEST))
    if isinstance(block, SelectionBlock):
        selector = None if block.selector is None else cut(block.selector, LONGEST_FACT)
        return SelectionBlock(cut(block.quote, LONGEST), selector, block.url)
    return block


def _short_artifact(artifact: Artifact | None) -> Artifact | None:
    if artifact is None:
        return None
    title, tool, goal = (text and cut(text, LONGEST_FACT) for text in (artifact.title, artifact.tool, artifact.goal))
    given = artifact.constraints or []
    constraints = [given] if isinstance(given, str) else given
    short = [cut(each, LONGEST_FACT) for each in constraints[:MOST_CONSTRAINTS]]
    if len(constraints) > MOST_CONSTRAINTS:
        short.append(f"… {len(constraints) - MOST_CONSTRAINTS} more")
    return Artifact(artifact.id, title, tool, goal, short)


def _short_context(context: dict[str, Any]) -> dict[str, Any]:
    """The parts that the Markdown tells, shorter."""
    found = dict(context)
    for name in ("url", "userAgent", "language"):
        if isinstance(found.get(name), str):
            found[name] = cut(found[name], LONGEST_FACT)
    errors = found.get("consoleErrors")
    if isinstance(errors, list):
        words = (error if isinstance(error, str) else msgspec.json.encode(error).decode() for error in errors)
        found["consoleErrors"] = [cut("\n".join(words), LONGEST)]
    extra = msgspec.json.encode(found.get("extra")).decode()
    if len(extra) > LONGEST:
        found["extra"] = cut(extra, LONGEST)
    return found
