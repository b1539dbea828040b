"""Parts of earlier versions, for pages that were open while Backroom was upgraded.

A loader names the parts it belongs to, so a page that loaded it before an upgrade asks for parts that the new version
hasn't. Every start puts its own into a folder beside the data, where the last few versions' stay.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from backroom.web.widget.bundle import Part, zipped

log = structlog.get_logger("backroom.widget")

NAME = re.compile(r"[a-z]{2,10}-([0-9a-f]{12})\.js\Z")
VERSIONS = 6


class EarlierParts:
    """The folder of parts. Safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, parts: Mapping[str, Part]) -> None:
        """Adds the parts of this version, and takes those of all but the last VERSIONS away.

        A folder that can't be written to costs no more than the pages of an earlier version.
        """
        try:
            self._folder.mkdir(exist_ok=True)
            for name, part in parts.items():
                self._put(name, part.code)
            self._forget(self._versions()[VERSIONS:])
        except OSError as error:
            log.warning("parts_not_kept", folder=str(self._folder), error=str(error))

    def find(self, name: str) -> Part | None:
        """A part of an earlier version, None where it isn't kept."""
        if not NAME.match(name):
            return None
        try:
            code = (self._folder / name).read_bytes()
        except OSError:
            return None
        return Part(code, zipped(code))

    def _put(self, name: str, code: bytes) -> None:
        """Writes a file whole or not at all; one that is there becomes the newest."""
        target = self._folder / name
        if target.exists():
            os.utime(target)
            return
        part = target.with_name(f"{name}.{os.getpid()}")
        part.write_bytes(code)
        part.replace(target)

    def _versions(self) -> list[str]:
        """The versions that are kept, the one that was started last before all others."""
        started: dict[str, float] = {}
        for path in self._folder.iterdir():
            named = NAME.match(path.name)
            if named:
                started[named[1]] = max(started.get(named[1], 0), path.stat().st_mtime)
        return sorted(started, key=lambda version: -started[version])

    def _forget(self, versions: Iterable[str]) -> None:
        gone = set(versions)
        for path in self._folder.iterdir():
            named = NAME.match(path.name)
            if named and named[1] in gone:
                path.unlink(missing_ok=True)
