"""Runs a `backroom` command in the tests' own process: most of a command's time is the start of Python and its imports.

The command sees what it would in a process of its own: its arguments, its environment, three streams that are no
terminals. Whatever it changes of the process is put back afterwards.
"""

import io
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from backroom.cli import main

COLUMNS = {"COLUMNS": "80"}
"""The width of a stream that is no terminal. Rich would ask the terminal on which pytest was started."""

_turn = threading.Lock()


@dataclass(frozen=True)
class Finished:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str


def run_here(args: Sequence[str], env: Mapping[str, str], text: str) -> Finished:
    """Runs one command with `env` as its whole environment and `text` as its standard input, one at a time.

    Raises what would end a process with a traceback.
    """
    stdin = io.TextIOWrapper(io.BytesIO(text.encode(errors="surrogateescape")), "utf-8")
    stdout = io.TextIOWrapper(io.BytesIO(), "utf-8")
    stderr = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    with (
        _turn,
        _environment(COLUMNS | dict(env)),
        _logging(),
        _interpreter(["backroom", *args], stdin, stdout, stderr),
    ):
        status = _status_of_main()
    return Finished(status, _written(stdout), _written(stderr))


def _status_of_main() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _written(stream: io.TextIOWrapper) -> str:
    """What was written to the stream, with every line's end as \\n."""
    stream.seek(0)
    return stream.read()


@contextmanager
def _interpreter(argv: list[str], *streams: io.TextIOWrapper) -> Iterator[None]:
    """`sys` as a process of the command's own would have it."""
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    sys.argv, (sys.stdin, sys.stdout, sys.stderr) = argv, streams
    try:
        yield
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    """`env` as the whole environment; other threads never miss a variable that is in both."""
    before = dict(os.environ)
    _set_environment(env)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(env: Mapping[str, str]) -> None:
    for name in os.environ.keys() - env.keys():
        del os.environ[name]
    for name, value in env.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


@contextmanager
def _logging() -> Iterator[None]:
    """Commands turn the log off, which tests read."""
    before = structlog.get_config() if structlog.is_configured() else None
    try:
        yield
    finally:
        structlog.reset_defaults()
        if before is not None:
            structlog.configure(**before)
