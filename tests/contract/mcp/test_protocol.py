"""The protocol: every revision that clients speak, with a handshake and without; who is let in."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import mcp_types as types
import pytest
from sqlalchemy import select

from backroom.access import operator
from backroom.clock import now_ms
from backroom.projects.commands import NewKey, revoke_key
from backroom.store.database import Database
from backroom.store.tables import api_keys, reports
from tests.contract.mcp.agent import EARLIER, MODERN, Agent, text_of
from tests.contract.mcp.conftest import AgentWith, Send
from tests.harness.cast import Cast
from tests.harness.processes import PATIENCE, wait_until

READING = {
    "list_reports",
    "get_report",
    "list_projects",
    "list_channels",
    "search_reports",
    "next_report",
    "list_comments",
}
WRITING = {"create_report", "create_room", "set_status", "add_comment", "assign_report", "link_commit"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "get_report": {"id": "0" * 24},
    "search_reports": {"query": "x"},
    "list_comments": {"id": "0" * 24},
    "create_report": {"text": "x"},
    "create_room": {"title": "x"},
    "set_status": {"id": "0" * 24, "status": "open"},
    "add_comment": {"id": "0" * 24, "text": "x"},
    "assign_report": {"id": "0" * 24, "assignee": "none"},
    "link_commit": {"id": "0" * 24, "commit": "abcdef1"},
}


@pytest.mark.parametrize("mode", ["auto", "legacy", MODERN])
def test_the_official_client_works_in_every_mode(owner: Agent, send: Send, mode: Any) -> None:
    report = send("It broke")
    agent = Agent(owner.url, owner.key, mode)
    assert agent.tools().keys() == READING | WRITING
    assert report in text_of(agent.call("list_reports"))
    assert agent.done("set_status", id=report, status="triaged")["changed"] is True


@pytest.mark.parametrize("revision", EARLIER)
def test_the_handshake_agrees_on_the_clients_revision(owner: Agent, revision: str) -> None:
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    answer = owner.post("initialize", params)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in answer.headers
    result = answer.json()["result"]
    assert result["protocolVersion"] == revision
    assert result["serverInfo"]["name"] == "backroom"
    assert result["capabilities"].keys() == {"tools", "prompts", "resources"}
    follow = owner.post("tools/list", headers={"mcp-protocol-version": revision})
    assert {tool["name"] for tool in follow.json()["result"]["tools"]} == READING | WRITING


def test_a_bare_message_is_answered_without_a_handshake(owner: Agent, send: Send) -> None:
    report = send("Bare")
    answer = owner.post_call("list_reports", {"limit": 1})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["jsonrpc"], body["id"]) == ("2.0", 1)
    assert report in body["result"]["content"][0]["text"]
    plain = http.client.HTTPConnection(owner.url.removeprefix("http://"), timeout=PATIENCE)
    headers = {"authorization": f"Bearer {owner.key}", "content-type": "application/json"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_reports"}}
    plain.request("POST", "/mcp", body=json.dumps(message), headers=headers)
    silent = plain.getresponse()
    assert (silent.status, report in silent.read().decode()) == (200, True), "no Accept is any"
    plain.close()


def test_without_a_good_key_nothing_is_told(owner: Agent, cast: Cast, new_key: Callable[..., NewKey]) -> None:
    metadata = f'resource_metadata="{owner.url}/.well-known/oauth-protected-resource/mcp"'
    unknown = "pr_sk_" + "x" * 40
    for key in (None, "x", unknown, cast.owner.project.project_key, cast.owner.miniback_key):
        for method in ("tools/list", "initialize", "server/discover", "ping", "tools/call"):
            answer = owner.post(method, {}, key=key)
            assert answer.status_code == 401
            assert metadata in answer.headers["www-authenticate"]
            assert "list_reports" not in answer.text
    assert "invalid_token" not in owner.post("tools/list", key=None).headers["www-authenticate"]
    assert 'error="invalid_token"' in owner.post("tools/list", key=unknown).headers["www-authenticate"]


def test_a_revoked_key_is_refused_at_once(owner: Agent, database: Database, new_key: Callable[..., NewKey]) -> None:
    made = new_key("feedback:read")
    assert owner.post("tools/list", key=made.key).status_code == 200
    database.write_now(revoke_key, operator(), made.id, now_ms())
    assert owner.post("tools/list", key=made.key).status_code == 401


def test_a_key_that_is_revoked_while_its_message_arrives_changes_nothing(
    owner: Agent, database: Database, new_key: Callable[..., NewKey], send: Send
) -> None:
    report, made = send("It broke"), new_key("feedback:write")
    call = {"name": "set_status", "arguments": {"id": report, "status": "resolved"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    used = select(api_keys.c.last_used_at).where(api_keys.c.id == made.id)

    def slowly() -> Iterator[bytes]:
        yield body[:-1]
        wait_until(lambda: database.read_now(lambda conn: conn.execute(used).scalar()), "the key to be let in")
        database.write_now(revoke_key, operator(), made.id, now_ms())
        yield body[-1:]

    headers = {"authorization": f"Bearer {made.key}", "content-type": "application/json"}
    answer = httpx.post(f"{owner.url}/mcp", content=slowly(), headers=headers)
    assert answer.json()["result"]["isError"] is True
    assert "revoked" in answer.text
    status = select(reports.c.status).where(reports.c.id == report)
    assert database.read_now(lambda conn: conn.execute(status).scalar()) == "open"


def test_without_the_scope_each_tool_is_403(agent_with: AgentWith) -> None:
    for scope, allowed, refused in (
        ("feedback:read", READING, WRITING),
        ("feedback:write", WRITING, READING),
    ):
        agent = agent_with(scope, "project:read", "project:write", "channel:read", "channel:write")
        assert agent.tools().keys() == allowed
        for tool in refused:
            answer = agent.post_call(tool, ARGUMENTS.get(tool))
            assert answer.status_code == 403, tool
            assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
            assert answer.json()["error"] == "insufficient_scope"
        for tool in allowed:
            assert agent.post_call(tool, ARGUMENTS.get(tool)).status_code == 200, tool


def test_without_either_scope_there_is_no_way_in(agent_with: AgentWith) -> None:
    agent = agent_with("project:read", "channel:read")
    for method in ("initialize", "tools/list", "resources/list", "prompts/list"):
        assert agent.post(method, {}).status_code == 403


def test_resources_and_prompts_need_the_scope_to_read(agent_with: AgentWith) -> None:
    agent = agent_with("feedback:write")
    assert agent.post("resources/read", {"uri": f"backroom://report/{'0' * 24}"}).status_code == 403
    assert agent.post("prompts/get", {"name": "fix-this-report", "arguments": {"id": "0" * 24}}).status_code == 403
    assert agent.run(lambda client: client.list_resources()).resources == []
    assert agent.run(lambda client: client.list_prompts()).prompts == []


def test_an_odd_message_gets_no_further_than_its_scope(agent_with: AgentWith) -> None:
    """What the door can't read, or reads otherwise than the SDK, must not run a tool that the key hasn't."""
    agent = agent_with("feedback:read")
    headers = {"authorization": f"Bearer {agent.key}", "content-type": "application/json"}
    call = '{"name":"create_report","arguments":{"text":"smuggled"}}'
    bodies = [
        f'[{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{call}}}]',
        f'{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{}},"method":"tools/call","params":{call}}}',
        f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{call},"method":"tools\\/call"}}',
        f'\ufeff{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{call}}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["create_report"]}}',
        "[" * 100_000,
        "",
    ]
    for body in bodies:
        answer = httpx.post(f"{agent.url}/mcp", content=body.encode(), headers=headers)
        assert answer.status_code in (400, 403) or "error" in answer.json(), body
    assert "smuggled" not in text_of(agent.call("list_reports"))


def test_several_messages_in_one_are_refused_and_none_of_them_done(owner: Agent) -> None:
    """Only the revision of March 2025 had batches."""
    call = {"name": "create_report", "arguments": {"text": "One of several"}}
    batch = [{"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": call} for n in (1, 2)]
    headers = {"authorization": f"Bearer {owner.key}", "mcp-protocol-version": "2025-03-26"}
    answer = httpx.post(f"{owner.url}/mcp", json=batch, headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == types.INVALID_REQUEST
    assert error["message"].startswith("Send one message at a time")
    assert "One of several" not in text_of(owner.call("list_reports"))


def test_paths_methods_and_other_sites(owner: Agent) -> None:
    for method in ("GET", "DELETE", "PUT"):
        answer = httpx.request(method, f"{owner.url}/mcp", headers={"authorization": f"Bearer {owner.key}"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "http://evil.example", "host": "evil.example"},
        {"origin": "http://localhost.evil.example", "host": "localhost.evil.example"},
        {"origin": "http://localhost:1"},
        {"origin": "null"},
    ):
        assert owner.post("tools/list", headers=headers).status_code == 403, headers
    assert owner.post("tools/list", headers={"origin": owner.url}).status_code == 200
    assert owner.post("tools/list", {"x": "y" * 300_000}).status_code == 413


def test_a_slash_at_the_end_is_the_same_door(owner: Agent) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx.post(f"{owner.url}/mcp/", json=message, headers={"authorization": f"Bearer {owner.key}"})
    assert {tool["name"] for tool in answer.json()["result"]["tools"]} == READING | WRITING
    assert httpx.post(f"{owner.url}/mcp/", json=message).status_code == 401


def test_what_is_not_said_to_be_json_is_refused_in_json(owner: Agent) -> None:
    for kind in ({}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}):
        headers = {"authorization": f"Bearer {owner.key}"} | kind
        answer = httpx.post(f"{owner.url}/mcp", content=b'{"jsonrpc":"2.0","id":1,"method":"ping"}', headers=headers)
        assert answer.status_code == 415
        assert "'Content-Type: application/json'" in answer.json()["error_description"]


def test_another_kind_of_key_is_called_by_its_name(owner: Agent, cast: Cast) -> None:
    for key, name in ((cast.owner.project.project_key, "public key"), (cast.owner.miniback_key, "Miniback")):
        words = owner.post("tools/list", key=key).json()["error_description"]
        assert name in words
        assert "pr_sk_" in words
        assert key not in words


def test_errors_of_the_protocol(owner: Agent) -> None:
    unknown = owner.post_call("drop_tables").json()["error"]
    assert unknown["code"] == types.INVALID_PARAMS
    assert "There are: list_reports" in unknown["message"]
    assert owner.post("no/such/method").json()["error"]["code"] == types.METHOD_NOT_FOUND
    modern = owner.post("no/such/method", headers={"mcp-protocol-version": "1999-01-01"})
    assert modern.status_code == 400


def test_tools_are_described(owner: Agent) -> None:
    for name, tool in owner.tools().items():
        assert tool.title
        assert tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        for argument in tool.input_schema["properties"].values():
            assert argument.get("description"), (name, argument)
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (name in READING)
        assert tool.annotations.idempotent_hint is True
        assert tool.annotations.destructive_hint is (name in {"set_status", "assign_report", "create_room"})
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
