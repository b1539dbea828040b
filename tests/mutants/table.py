"""The mutants: what each changes, and where."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """One fault: in `file`, `old`, which stands there once, becomes `new`.

    `tests` are files, folders or single tests, the likeliest first; `pg` where only PostgreSQL runs the line.
    """

    id: str
    area: str
    change: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    pg: bool = False

    def fits(self, tree: Path) -> bool:
        """Whether the fault can be put into that checkout, and its tests are there."""
        path = tree / self.file
        there = all((tree / test.partition("::")[0]).exists() for test in self.tests)
        return there and path.is_file() and path.read_text(encoding="utf-8").count(self.old) == 1


def read_mutants(chosen: Iterable[str] = (), anchors: Path | None = None) -> list[Mutant]:
    """All mutants, or those chosen by id or area. `anchors` is a TOML file that says where some are in another state
    of the code: by id, any of `file`, `old`, `new` and `tests`."""
    moved = _read(anchors) if anchors else {}
    wanted = set(chosen)
    found = [
        _moved(Mutant(id_, path.stem, **_values(entry)), moved.get(id_, {}))
        for path in sorted(TABLES.glob("*.toml"))
        for id_, entry in _read(path).items()
        if path != anchors
    ]
    return [mutant for mutant in found if not wanted or wanted & {mutant.id, mutant.area}]


def _moved(mutant: Mutant, entry: Mapping[str, Any]) -> Mutant:
    return replace(mutant, **_values(entry))


def _values(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if name == "tests" else value for name, value in entry.items()}


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
