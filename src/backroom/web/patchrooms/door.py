"""The Patchrooms door: what its endpoints share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from backroom.projects.directory import ProjectFacts
from backroom.web.http import Answer, Operation
from backroom.web.page_cache import PageCache
from backroom.web.patchrooms.errors import answer_failure
from backroom.web.shared import Shared, SharedDoor

PROJECT_KEY = re.compile(r"pr_[A-Za-z0-9]{24}\Z")


class PatchroomsDoor(SharedDoor):
    """Everything below `/api/v1`."""

    prefix = "/api/v1"

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared) -> None:
        super().__init__(operations, shared)
        self.pages = PageCache()

    def answer_failure(self, error: Exception, scope: Scope) -> Answer:
        return answer_failure(error, scope)

    async def find_project(self, project_key: str) -> ProjectFacts | None:
        """The project with that public key as it is now."""
        if not PROJECT_KEY.match(project_key):
            return None
        return await self.db.read_short(self.directory.by_project_key, project_key)
