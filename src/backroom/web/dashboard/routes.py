"""Every page of the dashboard, area by area."""

from __future__ import annotations

from typing import Any

from backroom.web.dashboard import (
    acts,
    appearance,
    channels,
    export,
    frame,
    inbox,
    insights,
    integrations,
    onboarding,
    projects,
    report,
    settings,
    stream,
    usage,
    views,
)
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
    *projects.OPERATIONS,
    *onboarding.OPERATIONS,
    *channels.OPERATIONS,
    *integrations.OPERATIONS,
    *usage.OPERATIONS,
    *settings.OPERATIONS,
    *appearance.OPERATIONS,
]
