"""What the door does beside the protocol: it loads the SDK late, asks for scopes twice, and knows programs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backroom.access import ALL_SCOPES, Actor, KeyScope
from backroom.web.mcp.auth import Caller
from backroom.web.mcp.documents import Documents
from backroom.web.mcp.provider import Provider
from backroom.web.mcp.tools import TOOLS, run_tool, usage
from backroom.web.mcp.work import Work
from tests.web.mcp.test_documents import Site, here, site

__all__ = ["site"]


def test_the_app_starts_without_the_sdk() -> None:
    code = "import sys, backroom.app; print([name for name in ('mcp', 'mcp_types', 'pydantic') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_asks_for_its_scope_itself(name: str) -> None:
    """Whatever the door made of the message: without the scope nothing is run, for there is nothing to run it with."""
    tool = TOOLS[name]
    actor = Actor("agent", "0" * 24, "w", "p", ALL_SCOPES - {tool.key_scope})
    nothing: Any = None
    result = asyncio.run(run_tool(tool, Work(nothing, Caller(actor, nothing, "", None), "", 0), {}))
    assert result.failed
    assert f"This needs the scope {tool.key_scope}" in result.texts[0]


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_says_what_it_takes(name: str) -> None:
    tool = TOOLS[name]
    schema = tool.input_schema()
    assert all(argument in usage(tool) for argument in schema["properties"])
    assert json.dumps([schema, tool.output_schema()])
    assert tool.changes is (tool.key_scope is KeyScope.FEEDBACK_WRITE)


def known(site: Site, **more: Any) -> Any:
    """The program that describes itself at the site's `/document`."""
    client = site.id_of("/document")
    said = {"client_id": client, "client_name": "Editor", "redirect_uris": ["http://127.0.0.1/cb"]} | more
    site.answers["/document"] = 200, json.dumps(said).encode()
    nothing: Any = None
    return asyncio.run(Provider(nothing, Documents(here, site.trust), "https://b.example").get_client(client))


def test_a_program_is_known_by_its_document(site: Site, tmp_path: Path) -> None:
    program = known(site, token_endpoint_auth_method="none", scope="everything", client_secret="x")
    assert program.client_name == "Editor"
    assert program.client_secret is None
    assert program.scope == "feedback:read feedback:write"
    assert program.token_endpoint_auth_method == "none"


@pytest.mark.parametrize(
    "more",
    [
        {"redirect_uris": []},
        {"redirect_uris": ["http://evil.example/"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": "x"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "private_key_jwt"},
    ],
)
def test_a_document_that_will_not_do(site: Site, more: dict[str, Any]) -> None:
    assert known(site, **more) is None
