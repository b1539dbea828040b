import http.client
import json
from typing import Any

import pytest

from tests.harness.cast import Cast
from tests.harness.server import CommandFailed, Server


def test_everybody_is_who_they_are(cast: Cast, server: Server) -> None:
    room = f"/api/v1/projects/{cast.owner.project.id}"
    assert cast.owner.project == cast.teammate.project
    assert _get(server, room, cast.owner.key) == (200, cast.reporter.project_key)
    assert _get(server, room, cast.teammate.key) == (200, cast.reporter.project_key)
    assert _get(server, room, cast.outsider.key) == (403, None)


def test_copies_are_apart(fresh_cast: Cast, cast: Cast) -> None:
    words = ("project", "create", "--workspace", cast.owner.workspace, "--name", "Here", "--slug", "here")
    fresh_cast.cli(*words)
    assert cast.cli(*words)["slug"] == "here"
    with pytest.raises(CommandFailed, match="taken"):
        cast.cli(*words)


def _get(server: Server, path: str, key: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, body.get("projectKey")
