"""Every route of the Patchrooms dialect (Patchrooms, "REST"). Those that run all day stand first."""

from __future__ import annotations

from typing import Any

from backroom.access import KeyScope
from backroom.web.http import Operation
from backroom.web.openapi import description_operations
from backroom.web.patchrooms import channels, feedback, files, projects, shapes
from backroom.web.patchrooms.about import ABOUT
from backroom.web.patchrooms.ingest import ingest, preflight
from backroom.web.patchrooms.parameters import ARCHIVED, FILE, FORM, ORIGIN, PAGE, PART_OF_FILE

INGEST = "/ingest/{projectKey}"
PROJECT = "/projects/{projectId}"


def _keyed(
    method: str, path: str, endpoint: Any, about: str, key_scope: KeyScope, answer: Any, **more: Any
) -> Operation[Any]:
    """An operation for a secret key; `failures` are those that its key and body don't tell."""
    failures = {401, 403, 404, 503, *more.pop("failures", ()), *((400, 413, 415) if "body" in more else ())}
    return Operation(
        method, PROJECT + path, endpoint, about, answer, key_scope=key_scope, failures=sorted(failures), **more
    )


# fmt: off
OPERATIONS: list[Operation[Any]] = [
    Operation("POST", INGEST, ingest, "Send a report.", shapes.IngestOut, 201, shapes.IngestIn, parameters=ORIGIN,
              failures=(400, 403, 404, 413, 415, 429, 503), public=True, extra=FORM),
    Operation("OPTIONS", INGEST, preflight, "Ask whether a page may send reports.", status=204, parameters=ORIGIN,
              failures=(403, 503), public=True),

    _keyed("GET", "/feedback", feedback.list_feedback, "List reports, newest first.", KeyScope.FEEDBACK_READ,
           shapes.ReportPage, parameters=PAGE, failures=(304, 400)),
    _keyed("GET", "/feedback/{reportId}", feedback.get_feedback, "Show a report.", KeyScope.FEEDBACK_READ,
           shapes.ReportOut),
    _keyed("PATCH", "/feedback/{reportId}", feedback.set_status, "Set its status.", KeyScope.FEEDBACK_WRITE,
           shapes.StatusOut, body=shapes.StatusChange),
    _keyed("GET", "/files/{fileId}", files.get_file_bytes, "Read a screenshot or voice note.", KeyScope.FEEDBACK_READ,
           None, parameters=PART_OF_FILE, failures=(206, 304, 416), extra=FILE),

    _keyed("GET", "", projects.get_project, "Show the project.", KeyScope.PROJECT_READ, shapes.ProjectOut),
    _keyed("GET", "/channels", channels.list_channels, "List channels.", KeyScope.CHANNEL_READ,
           shapes.ChannelList, parameters=ARCHIVED, failures=(400,)),
    _keyed("POST", "/channels", channels.create_channel, "Create a channel.", KeyScope.CHANNEL_WRITE,
           shapes.ChannelOut, body=shapes.NewChannel, status=201, failures=(409,)),
    _keyed("PATCH", "/channels/{channelKey}", channels.update_channel, "Change a channel.", KeyScope.CHANNEL_WRITE,
           shapes.ChannelOut, body=shapes.ChannelChange),
    _keyed("POST", "/hints", channels.add_hint, "Bias routing for five minutes.", KeyScope.CHANNEL_WRITE,
           shapes.OkOut, body=shapes.NewHint),

    *description_operations(ABOUT),
]
# fmt: on
