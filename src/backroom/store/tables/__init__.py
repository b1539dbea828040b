"""Every table, once, for both engines.

Times are whole milliseconds since the epoch. JSON that goes into answers as it is
(`blocks`, `context`, `identity`) is kept as the bytes that will be sent.

No module here has the name of a table, so that a name taken from this package is always the table.
"""

from backroom.store.tables.agents import oauth_clients, oauth_grants, oauth_requests, oauth_secrets, rooms
from backroom.store.tables.counts import changes, counters, daily, key_days, usage
from backroom.store.tables.people import (
    audit,
    instance,
    memberships,
    recovery_codes,
    sessions,
    tickets,
    users,
    workspaces,
)
from backroom.store.tables.project import api_keys, channels, doomed_projects, hints, old_slugs, projects
from backroom.store.tables.report import (
    doomed_files,
    events,
    files,
    labels,
    report_labels,
    reports,
    trash,
    undos,
    views,
)
from backroom.store.tables.schema import metadata

__all__ = [
    "api_keys",
    "audit",
    "changes",
    "channels",
    "counters",
    "daily",
    "doomed_files",
    "doomed_projects",
    "events",
    "files",
    "hints",
    "instance",
    "key_days",
    "labels",
    "memberships",
    "metadata",
    "oauth_clients",
    "oauth_grants",
    "oauth_requests",
    "oauth_secrets",
    "old_slugs",
    "projects",
    "recovery_codes",
    "report_labels",
    "reports",
    "rooms",
    "sessions",
    "tickets",
    "trash",
    "undos",
    "usage",
    "users",
    "views",
    "workspaces",
]
