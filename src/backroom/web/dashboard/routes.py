"""Every page of the dashboard, area by area."""

from __future__ import annotations

from typing import Any

from backroom.web.dashboard import (
    account,
    acts,
    appearance,
    audit,
    channels,
    connections,
    entry,
    export,
    frame,
    inbox,
    insights,
    instance,
    integrations,
    joining,
    labels,
    onboarding,
    projects,
    report,
    reset,
    rooms,
    second_factor,
    settings,
    stream,
    usage,
    views,
    workspace,
)
from backroom.web.http import Operation

OPERATIONS: list[Operation[Any]] = [
    *frame.OPERATIONS,
    *entry.OPERATIONS,
    *joining.OPERATIONS,
    *reset.OPERATIONS,
    *account.OPERATIONS,
    *second_factor.OPERATIONS,
    *workspace.OPERATIONS,
    *instance.OPERATIONS,
    *audit.OPERATIONS,
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
    *rooms.OPERATIONS,
    *connections.OPERATIONS,
    *usage.OPERATIONS,
    *settings.OPERATIONS,
    *labels.OPERATIONS,
    *appearance.OPERATIONS,
]
