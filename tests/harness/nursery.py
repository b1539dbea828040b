"""Processes without the second that Python and its imports take: forks of one that has imported the program.

Each is a process of its own in everything else: its arguments, environment, streams, signals and end. What concerns
the start of the process itself is tested with the installed command.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backroom.cli import main
from tests.harness.hashing import hash_quickly
from tests.harness.processes import PATIENCE, clean_environment, die_with_parent, spawn, tail, wait_until

ROOT = Path(__file__).parents[2]
PRELOADED = (
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "alembic.command",
    "backroom.app",
    "backroom.cli.serve",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.logging",
)
"""What every server imports sooner or later."""

PROGRAM = "backroom"
"""What the installed command runs."""


class Forked:
    """A process, with what the tests ask of a `subprocess.Popen`."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float = PATIENCE) -> int:
        """Waits for the end; raises subprocess.TimeoutExpired."""
        try:
            wait_until(lambda: self.poll() is not None, "the end", timeout=timeout)
        except TimeoutError:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout) from None
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends the signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that forks. It ends with the tests, and its children with it."""

    def __init__(self) -> None:
        mine, its = socket.socketpair()
        log = Path(tempfile.gettempdir()) / f"backroom-nursery-{os.getpid()}.log"
        command = [sys.executable, "-m", __name__, str(its.fileno())]
        self._child = spawn(command, log=log, env=clean_environment(PYTHONPATH=str(ROOT)), pass_fds=[its.fileno()])
        its.close()
        self._stream = mine.makefile("rw", encoding="utf-8")
        self._turn = threading.Lock()
        if not self._stream.readline():
            raise RuntimeError(f"the program could not be imported:\n{tail(log)}")
        log.unlink()

    def fork(
        self,
        args: Sequence[object],
        env: Mapping[str, str],
        log: Path,
        *,
        module: str = PROGRAM,
        errors: Path | None = None,
        stdin: Path = Path(os.devnull),
    ) -> Forked:
        """Starts a module, `backroom` unless another is named, with `env` as its whole environment.

        What it writes is appended to `log`, or its errors to the file `errors`.
        """
        log.touch()
        process = {"module": module, "args": list(map(str, args)), "env": dict(env), "folder": str(Path.cwd())}
        pid = self.ask(process | {"stdin": str(stdin), "log": str(log), "errors": str(errors or log)})
        assert pid is not None
        return Forked(self, pid)

    def ask(self, request: dict[str, Any]) -> int | None:
        """One request and its answer: a process id, an exit status, or nothing."""
        with self._turn:
            self._stream.write(json.dumps(request) + "\n")
            self._stream.flush()
            answer: int | None = json.loads(self._stream.readline())
            return answer


@functools.cache
def nursery() -> Nursery:
    """That of this process; it lives as long."""
    return Nursery()


def _serve(channel: socket.socket) -> str:
    """Answers until the tests are gone. In a fork it returns the name of the module that this has to run."""
    for name in PRELOADED:
        importlib.import_module(name)
    hash_quickly()
    # What is there stays; a child that looked through it would copy it.
    gc.collect()
    gc.freeze()
    requests, answers = channel.makefile("r", encoding="utf-8"), channel.makefile("w", encoding="utf-8")
    print("null", file=answers, flush=True)
    for line in requests:
        request = json.loads(line)
        if "poll" in request:
            answer = _status_of(request["poll"])
        else:
            answer = os.fork()
            if answer == 0:
                os.close(channel.detach())
                _become(**request)
                return str(request["module"])
        print(json.dumps(answer), file=answers, flush=True)
    return ""


def _status_of(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(
    *, module: str, args: list[str], env: dict[str, str], folder: str, stdin: str, log: str, errors: str
) -> None:
    """Gives this fork what the process that it stands for would begin with."""
    die_with_parent(signal.SIGKILL)
    os.chdir(folder)
    for number, path in enumerate((stdin, log, errors)):
        opened = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *args]


if __name__ == "__main__":
    chosen = _serve(socket.socket(fileno=int(sys.argv[1])))
    if chosen == PROGRAM:
        main()
    elif chosen:
        runpy.run_module(chosen, run_name="__main__")
