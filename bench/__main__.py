"""Measure Backroom and print one table: ``python -m bench`` in the repository's folder."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from bench.backroom import BackroomFailed
from bench.figures import MEASUREMENTS
from bench.lab import Lab, Options
from bench.load import LoadFailed
from bench.machine import Disturbance, Unfit, check_folder, check_programs, choose_cores, describe
from bench.postgres import NoPostgreSQL
from bench.process import ServerFailed
from bench.table import Figure, draw

NOTES = """\
rounds: lowest and highest of the rounds.
of raw: median of each round's ratio to the raw run before it.
Servers run on one core and wrk on another, except in the lines that name both cores.
PostgreSQL shares the server's core.
A line is void if an answer had an unexpected status, a connection broke, or an acknowledged report
was not in the store afterwards."""


def main() -> int:
    """Run the chosen measurements.

    Returns 0 if every target holds, 1 if one does not, 2 if nothing can be measured here.
    """
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders are cleared away
    try:
        check_programs()
        cores = choose_cores()
        check_folder(arguments.folder)
    except Unfit as error:
        print(error, file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="backroom-bench-", dir=arguments.folder))
    folder.chmod(0o711)  # PostgreSQL's user must pass through it
    try:
        options = Options(arguments.seconds, arguments.rounds, arguments.big, arguments.postgresql)
        lab = Lab(options, folder, cores)
        machine = describe(folder)
        lab.say(machine)
        disturbance = Disturbance()
        figures = [figure for name in arguments.only or MEASUREMENTS for figure in _measure(lab, name)]
        others = disturbance.share()
    finally:
        shutil.rmtree(folder)
    print(f"{machine}\n{options.rounds} rounds of {options.seconds} s; other programs used {others:.0%} of the cores")
    print(f"\n{draw(figures)}\n\n{NOTES}")
    if arguments.json:
        document = {
            "machine": machine,
            "options": vars(options),
            "others": others,
            "figures": [figure.as_json() for figure in figures],
        }
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return int(any(figure.verdict not in {"", "holds"} for figure in figures))


def _measure(lab: Lab, name: str) -> list[Figure]:
    """Return a measurement's lines, or one line that says why there are none."""
    lab.say(name)
    try:
        return list(MEASUREMENTS[name](lab))
    except NoPostgreSQL as error:
        return [Figure(name, f"not measured: {error}")]
    except (BackroomFailed, LoadFailed, ServerFailed, OSError) as error:
        lab.say(f"  {error}")
        return [Figure(name, "", wrong=str(error).strip().rpartition("\n")[2][:120])]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--seconds", type=int, default=5, help="length of one run of wrk (%(default)s)")
    add("--rounds", type=int, default=5, help="runs that a median is taken of (%(default)s)")
    names = f"measure only this; may be repeated: {', '.join(MEASUREMENTS)}"
    add("--only", action="append", choices=MEASUREMENTS, metavar="NAME", help=names)
    add("--big", type=int, default=1_000_000, help="reports in the big store, 0: none (%(default)s)")
    add("--postgresql", action=argparse.BooleanOptionalAction, default=True)
    add("--json", type=Path, metavar="FILE", help="write the figures to this file too")
    temporary = Path(tempfile.gettempdir())
    add("--folder", type=Path, default=temporary, help="where stores are made (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
