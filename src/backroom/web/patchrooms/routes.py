"""Every route of the Patchrooms dialect. Those that run all day stand first."""

from __future__ import annotations

from typing import Any

from backroom.access import Scope
from backroom.web.http import Operation
from backroom.web.patchrooms.feedback import list_feedback
from backroom.web.patchrooms.ingest import ingest

OPERATIONS: list[Operation[Any]] = [
    Operation("POST", "/ingest/{projectKey}", ingest, "Send a report.", status=201, public=True),
    Operation(
        "GET",
        "/projects/{projectId}/feedback",
        list_feedback,
        "List reports, newest first.",
        scope=Scope.FEEDBACK_READ,
    ),
]
