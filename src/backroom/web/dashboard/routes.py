"""Every page of the dashboard, area by area."""

from __future__ import annotations

from typing import Any

from backroom.web.dashboard import acts, export, frame, inbox, insights, report, stream, views
from backroom.web.http import Operation

OPERATIONS: list[Operation[Any]] = [
    *frame.OPERATIONS,
    *inbox.OPERATIONS,
    *report.OPERATIONS,
    *insights.OPERATIONS,
    *acts.OPERATIONS,
    *views.OPERATIONS,
    *export.OPERATIONS,
    *stream.OPERATIONS,
]
