"""The Patchrooms door: what its endpoints share."""

from __future__ import annotations

from starlette.types import Scope

from backroom.config import Settings
from backroom.projects.directory import Directory
from backroom.store.database import Database
from backroom.web.http import Answer, Door
from backroom.web.patchrooms.errors import answer_failure
from backroom.web.patchrooms.routes import OPERATIONS


class PatchroomsDoor(Door):
    """Everything below `/api/v1`."""

    prefix = "/api/v1"

    def __init__(self, db: Database, directory: Directory, settings: Settings) -> None:
        super().__init__(OPERATIONS)
        self.db = db
        self.directory = directory
        self.settings = settings

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)
