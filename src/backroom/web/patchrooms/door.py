"""The Patchrooms door: what its endpoints share."""

from __future__ import annotations

import contextlib
import re

from starlette.types import Receive, Scope, Send

from backroom.clock import MINUTE, now_ms
from backroom.config import Settings
from backroom.errors import StoreFailed
from backroom.files.blobs import Blobs
from backroom.projects.commands import mark_key_used
from backroom.projects.directory import Directory, ProjectFacts
from backroom.store.database import Database
from backroom.web.http import Answer, Door
from backroom.web.limits import Limits
from backroom.web.patchrooms.errors import answer_failure
from backroom.web.patchrooms.files import FILES, in_pieces
from backroom.web.patchrooms.routes import OPERATIONS

PROJECT_KEY = re.compile(r"pr_[A-Za-z0-9]{24}\Z")
MARKS_KEPT = 10_000


class PatchroomsDoor(Door):
    """Everything below `/api/v1`."""

    prefix = "/api/v1"

    def __init__(self, db: Database, directory: Directory, blobs: Blobs, limits: Limits, settings: Settings) -> None:
        super().__init__(OPERATIONS)
        self.db = db
        self.directory = directory
        self.blobs = blobs
        self.limits = limits
        self.settings = settings
        self._used: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, in_pieces(send) if FILES in scope["path"] else send)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)

    async def find_project(self, project_key: str) -> ProjectFacts | None:
        """The project with that public key as it is now."""
        if not PROJECT_KEY.match(project_key):
            return None
        return await self.db.read_short(self.directory.by_project_key, project_key)

    def note_use(self, key: str) -> None:
        """Marks the key as used, at most once a minute; a mark that can't be written is left out."""
        now = now_ms()
        if now - self._used.get(key, 0) < MINUTE:
            return
        if len(self._used) >= MARKS_KEPT:
            self._used = {}
        self._used[key] = now
        with contextlib.suppress(StoreFailed):
            self.db.write_soon(mark_key_used, key, now)
