"""What people paste to send their first report: by the widget, by curl, by Python."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from backroom.projects.queries import Project

LOADER = '<script src="{origin}/v1/patchrooms/{key}.js"></script>'
PLAIN = """\
<script src="{origin}/v1/patchrooms.js"></script>
<script>
  Patchrooms.init({{ projectKey: "{key}" }});
</script>
"""
CURL = """\
curl {origin}/api/v1/ingest/{key} \\
  -H "Content-Type: application/json" \\
  -d '{{"clientId": "{client_id}",
       "blocks": [{{"type": "text", "text": "Hello from the command line"}}],
       "context": {{"url": "https://app.example.com/"}}}}'
"""
URLLIB = """\
import json
import urllib.request
import uuid

report = {{
    "clientId": str(uuid.uuid4()),
    "blocks": [{{"type": "text", "text": "Hello from Python"}}],
    "context": {{"url": "https://app.example.com/"}},
}}
request = urllib.request.Request(
    "{origin}/api/v1/ingest/{key}",
    data=json.dumps(report).encode(),
    headers={{"Content-Type": "application/json"}},
)
print(urllib.request.urlopen(request).read().decode())
"""
HTTPX = """\
import uuid

import httpx

report = {{
    "clientId": str(uuid.uuid4()),
    "blocks": [{{"type": "text", "text": "Hello from Python"}}],
    "context": {{"url": "https://app.example.com/"}},
}}
print(httpx.post("{origin}/api/v1/ingest/{key}", json=report).json())
"""


class Snippet(NamedTuple):
    """A way to send reports. `codes` are pairs of what a piece is, "" where it is the only one, and the piece."""

    name: str
    title: str
    about: str
    codes: list[tuple[str, str]]


WAYS = (
    Snippet(
        "loader",
        "Widget",
        "Add this before </body> on every page where you want to collect feedback. It takes its looks from the"
        " project's settings, so they change without touching the page again.",
        [("", LOADER)],
    ),
    Snippet(
        "script",
        "Script with options",
        "The same widget, started by your own code: for options that depend on who is signed in, or on the page.",
        [("", PLAIN)],
    ),
    Snippet(
        "curl",
        "curl",
        "For scripts, servers and a first try from a terminal. The clientId names the report: sent again, it is still"
        " one report; the next one needs another.",
        [("", CURL)],
    ),
    Snippet(
        "python",
        "Python",
        "Once with what Python brings along, once with httpx.",
        [("Standard library", URLLIB), ("httpx", HTTPX)],
    ),
)


def snippets_of(origin: str, project: Project) -> list[Snippet]:
    """The ways for this project on the server that people reach at `origin`."""
    given = {"origin": origin, "key": project.project_key, "client_id": uuid.uuid4()}
    return [way._replace(codes=[(what, code.format(**given)) for what, code in way.codes]) for way in WAYS]
