"""Figures, their targets, and the table that compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HEADINGS = ("figure", "value", "rounds", "of raw", "target", "verdict")


@dataclass(frozen=True)
class Target:
    """A bound: ``at_least`` or ``at_most`` a number, and what the number is, in words."""

    text: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, number: float) -> bool:
        """Say whether a number keeps the bound."""
        above = self.at_least is None or number >= self.at_least
        return above and (self.at_most is None or number <= self.at_most)


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    ``value`` and ``spread`` are for people; ``judged`` is the number that ``target`` bounds.
    ``wrong`` says what makes the figure worthless, for instance answers of the wrong status.
    """

    name: str
    value: str
    judged: float | None = None
    target: Target | None = None
    of_raw: float | None = None
    spread: str = ""
    wrong: str = ""

    @property
    def verdict(self) -> str:
        """Return ``holds``, ``falls short``, what went wrong, or nothing without a target."""
        if self.wrong:
            return f"void: {self.wrong}"
        if self.target is None or self.judged is None:
            return ""
        return "holds" if self.target.holds(self.judged) else "falls short"

    def row(self) -> tuple[str, ...]:
        """Return the cells of its line, in the order of HEADINGS."""
        share = "" if self.of_raw is None else f"{self.of_raw:.3f}"
        target = self.target.text if self.target else ""
        return (self.name, self.value, self.spread, share, target, self.verdict)

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        return {
            "name": self.name,
            "value": self.value,
            "judged": self.judged,
            "target": self.target.text if self.target else None,
            "ofRaw": self.of_raw,
            "verdict": self.verdict or None,
        }


def draw(figures: Sequence[Figure]) -> str:
    """Return the table as text, one line per figure."""
    rows = [HEADINGS, *(figure.row() for figure in figures)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_line(row, widths) for row in rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
