"""The Miniback door: what its endpoints share."""

from __future__ import annotations

from starlette.types import Scope

from backroom.config import Settings
from backroom.projects.directory import Directory
from backroom.store.database import Database
from backroom.web.http import Answer, Door
from backroom.web.key_usage import KeyUsage
from backroom.web.limits import Limits
from backroom.web.miniback.auth import note_meter
from backroom.web.miniback.errors import answer_failure
from backroom.web.miniback.routes import OPERATIONS
from backroom.web.page_cache import PageCache


class MinibackDoor(Door):
    """Everything below `/api` that no other door takes."""

    prefix = "/api"

    def __init__(
        self, db: Database, directory: Directory, limits: Limits, key_usage: KeyUsage, settings: Settings
    ) -> None:
        super().__init__(OPERATIONS)
        self.db = db
        self.directory = directory
        self.limits = limits
        self.settings = settings
        self.key_usage = key_usage
        self.pages = PageCache()

    async def before_refusal(self, scope: Scope) -> None:
        await note_meter(self, scope)

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)
