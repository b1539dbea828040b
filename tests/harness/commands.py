"""Many commands in one process: most of a command's time is the start of Python and its imports."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backroom.cli import main
from tests.harness.processes import clean_environment
from tests.harness.server import CommandFailed, Finished
from tests.harness.store import Store

ROOT = Path(__file__).resolve().parents[2]


class Commands:
    """Runs `backroom` commands on a store as `Cli` does, one after the other in one child."""

    def __init__(self, store: Store) -> None:
        self._env = clean_environment(**store.env)

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.harness.commands"],
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closes standard input, which is the child's sign to end, and waits for it.
        self._child.__exit__(kind, error, trace)

    def __call__(self, *args: str, input: str = "") -> dict[str, Any]:
        """Run with --json and return the object it prints; raises CommandFailed."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps([[*args, "--json"], input]) + "\n")
        self._child.stdin.flush()
        finished = Finished(*json.loads(self._child.stdout.readline()))
        if finished.status != 0:
            raise CommandFailed(args, finished)
        answer: dict[str, Any] = json.loads(finished.out)
        return answer


def serve() -> None:
    """In the child: for every line `[args, input]` write a line `[status, out, err]`."""
    requests, answers = sys.stdin, sys.stdout
    for line in requests:
        args, text = json.loads(line)
        answers.write(json.dumps(_run(args, text)) + "\n")
        answers.flush()


def _run(args: list[str], text: str) -> tuple[int, str, str]:
    out, err, status = io.StringIO(), io.StringIO(), 0
    sys.argv, sys.stdin = ["backroom", *args], io.StringIO(text)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
    return status, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    serve()
