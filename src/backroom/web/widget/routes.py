"""Every path of the widget's door."""

from __future__ import annotations

from typing import Any

from backroom.web.http import Operation
from backroom.web.widget.pages import show_asset, show_demo, show_receipt
from backroom.web.widget.scripts import (
    load_miniback,
    load_part,
    load_plain,
    load_project,
    tell_miniback,
    tell_project,
)

# fmt: off
OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/v1/patchrooms/{projectKey}.js", load_project, "The loader with settings baked in.", public=True),
    Operation("GET", "/v1/patchrooms/{projectKey}.json", tell_project, "A project's settings for pages.", public=True),
    Operation("GET", "/v1/patchrooms.js", load_plain, "The loader that waits for `init`.", public=True),
    Operation("GET", "/widget.js", load_miniback, "The widget in its simplest dress.", public=True),
    Operation("GET", "/v1/miniback/{slug}.json", tell_miniback, "What the simplest dress is told.", public=True),
    Operation("GET", "/v1/parts/{name}", load_part, "A part of the widget.", public=True),
    Operation("GET", "/v1/pages/{name}", show_asset, "The style sheet or script of a page.", public=True),
    Operation("GET", "/s/{token}", show_receipt, "The state of a report, for who sent it.", public=True),
    Operation("GET", "/demo", show_demo, "A shop to try the widget in.", public=True),
]
