"""The Patchrooms door: what its endpoints share."""

from __future__ import annotations

import re

from starlette.types import Scope

from backroom.config import Settings
from backroom.files.blobs import Blobs
from backroom.projects.directory import Directory, ProjectFacts
from backroom.reports.receipts import Receipts
from backroom.store.database import Database
from backroom.web.http import Answer, Door
from backroom.web.key_usage import KeyUsage
from backroom.web.limits import Limits
from backroom.web.page_cache import PageCache
from backroom.web.patchrooms.errors import answer_failure
from backroom.web.patchrooms.routes import OPERATIONS

PROJECT_KEY = re.compile(r"pr_[A-Za-z0-9]{24}\Z")


class PatchroomsDoor(Door):
    """Everything below `/api/v1`."""

    prefix = "/api/v1"

    def __init__(
        self,
        db: Database,
        directory: Directory,
        blobs: Blobs,
        limits: Limits,
        key_usage: KeyUsage,
        receipts: Receipts,
        settings: Settings,
    ) -> None:
        super().__init__(OPERATIONS)
        self.db = db
        self.directory = directory
        self.blobs = blobs
        self.limits = limits
        self.settings = settings
        self.key_usage = key_usage
        self.receipts = receipts
        self.pages = PageCache()

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)

    async def find_project(self, project_key: str) -> ProjectFacts | None:
        """The project with that public key as it is now."""
        if not PROJECT_KEY.match(project_key):
            return None
        return await self.db.read_short(self.directory.by_project_key, project_key)
