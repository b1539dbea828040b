"""Every page of the dashboard, area by area."""

from __future__ import annotations

from typing import Any

from backroom.web.dashboard.entry import joining, reset, sign_in
from backroom.web.dashboard.frame import root
from backroom.web.dashboard.inbox import export, inbox, report, stream, triage, views
from backroom.web.dashboard.project import (
    appearance,
    channels,
    insights,
    integrations,
    labels,
    onboarding,
    projects,
    rooms,
    settings,
)
from backroom.web.dashboard.workspace import account, audit, connections, instance, second_factor, usage, workspace
from backroom.web.http import Operation

OPERATIONS: list[Operation[Any]] = [
    *root.OPERATIONS,
    *sign_in.OPERATIONS,
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
    *triage.OPERATIONS,
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
