"""The real program as a child process: the server, and its commands."""

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from signal import SIGKILL, SIGTERM
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from tests.harness.commands import Finished, run_here
from tests.harness.nursery import Forked, nursery
from tests.harness.processes import PATIENCE, clean_environment, end, free_port, tail, wait_until
from tests.harness.store import Store

BACKROOM = Path(sys.executable).with_name("backroom")

# A slow machine must not reach the server's own limits on time, in seconds; less than the tests' patience.
UNHURRIED = {f"BACKROOM_{what}_TIMEOUT": str(PATIENCE // 2) for what in ("REQUEST", "KEEP_ALIVE", "READY", "STOP")}


class Server:
    """One `backroom serve` on a free port of 127.0.0.1.

    `env` adds settings; there are no rate limits, and hardly any on time, unless it says otherwise. A server
    that was stopped or killed can be started again, on the same port and store.
    """

    def __init__(self, store: Store, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.store = store
        self.port = free_port()
        self._env = clean_environment(
            **{"BACKROOM_RATE_LIMITS": "off", "PYTHONUNBUFFERED": "1", **UNHURRIED, **store.env, **(env or {})}
        )
        self._log = log
        self._child: Forked | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._child is None:
            raise RuntimeError("the server is not running")
        return self._child.pid

    @property
    def log(self) -> str:
        """All that the server has written since it was made, over every start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def ready(self) -> bool:
        """Whether /readyz answers 200 now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def start(self) -> Self:
        """Start and return once /readyz says so; raises RuntimeError with the log else."""
        words = ["serve", "--host", "127.0.0.1", "--port", str(self.port)]
        child = self._child = nursery().fork(words, self._env, self._log)
        try:
            wait_until(lambda: child.poll() is not None or self.ready(), "/readyz")
        except TimeoutError:
            self.kill()
            raise RuntimeError(f"the server did not get ready:\n{tail(self._log)}") from None
        if child.poll() is not None:
            self._child = None
            raise RuntimeError(f"the server ended at its start:\n{tail(self._log)}")
        return self

    def stop(self) -> int | None:
        """Ask it to end (SIGTERM), wait, and return its exit status; None where it didn't run."""
        return self._end(SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._end(SIGKILL)

    def _end(self, signal: int) -> int | None:
        if self._child is None:
            return None
        child, self._child = self._child, None
        return end(child, signal)


class CommandFailed(Exception):
    """A command ended with another status than 0."""

    def __init__(self, args: tuple[str, ...], finished: Finished) -> None:
        super().__init__(f"backroom {' '.join(args)}: {finished}")
        self.finished = finished


class Cli:
    """Runs `backroom` commands on a store, in this process but for `serve`, which would take its signals over."""

    def __init__(self, store: Store, env: Mapping[str, str] | None = None) -> None:
        self._env = clean_environment(**store.env, **(env or {}))

    def __call__(self, *args: str, input: str = "") -> dict[str, Any]:
        """Run with --json and return the object it prints; raises CommandFailed."""
        finished = self.run(*args, "--json", input=input)
        if finished.status != 0:
            raise CommandFailed(args, finished)
        answer: dict[str, Any] = json.loads(finished.out)
        return answer

    def run(self, *args: str, input: str = "") -> Finished:
        """Run as it is, whatever its status; bytes that aren't UTF-8 go in as Python's surrogate escapes."""
        if args[:1] == ("serve",):
            return self._run_forked(*args)
        return run_here(args, self._env, input)

    def _run_forked(self, *args: str) -> Finished:
        with TemporaryDirectory() as folder:
            log, errors = Path(folder) / "out", Path(folder) / "errors"
            status = nursery().fork(args, self._env, log, errors=errors).wait()
            return Finished(status, log.read_text(), errors.read_text())

    def run_alone(self, *args: str, input: str = "") -> Finished:
        """The same as a process of its own: for what concerns the process, which takes a second or two longer."""
        done = subprocess.run(
            [BACKROOM, *args],
            input=input,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env=self._env,
            check=False,
            timeout=PATIENCE,
        )
        return Finished(done.returncode, done.stdout, done.stderr)
