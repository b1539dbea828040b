"""`backroom agent install`: what it shows, what it writes, and that it touches nothing else."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.harness.server import Cli
from tests.harness.store import Store

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

URL = ("--url", "https://feedback.example.com")
MCP = "https://feedback.example.com/mcp"
CONFIGS = {
    "claude-code": ".mcp.json",
    "opencode": "opencode.json",
    "cursor": ".cursor/mcp.json",
    "codex": ".codex/config.toml",
}
SKILLS = {"claude-code": ".claude", "opencode": ".opencode", "cursor": ".cursor", "codex": ".agents"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def files_in(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def entry_of(client: str, text: str) -> Any:
    if client == "codex":
        return tomllib.loads(text)["mcp_servers"]["backroom"]
    return json.loads(text)["mcp" if client == "opencode" else "mcpServers"]["backroom"]


@pytest.mark.parametrize("client", CONFIGS)
def test_nothing_is_written_unless_it_is_asked_for(cli: Cli, store: Store, folder: Path, client: str) -> None:
    shown = cli.run("agent", "install", client, *URL, "--folder", str(folder))
    assert shown.status == 0
    assert CONFIGS[client] in shown.out
    assert MCP in shown.out
    assert "Nothing was written" in shown.out
    assert files_in(folder) == {}
    assert not (store.data_dir / "backroom.db").exists(), "it needs no store"


@pytest.mark.parametrize("client", CONFIGS)
def test_two_files_are_written_and_stay_as_they_are(cli: Cli, folder: Path, client: str) -> None:
    said = cli("agent", "install", client, *URL, "--folder", str(folder), "--write")
    skill = f"{SKILLS[client]}/skills/backroom-review/SKILL.md"
    assert [each["action"] for each in said["files"]] == ["create", "create"]
    made = files_in(folder)
    assert made.keys() == {CONFIGS[client], skill}
    assert entry_of(client, made[CONFIGS[client]])["url"] == MCP
    assert "Authorization" not in made[CONFIGS[client]], "OAuth is the default"
    assert made[skill].startswith("---\nname: backroom-review\n")
    again = cli("agent", "install", client, *URL, "--folder", str(folder), "--write")
    assert [each["action"] for each in again["files"]] == ["keep", "keep"]
    assert files_in(folder) == made


@pytest.mark.parametrize(
    ("client", "wanted"),
    [
        ("claude-code", {"headers": {"Authorization": "Bearer ${FEEDBACK_KEY}"}, "type": "http"}),
        ("cursor", {"headers": {"Authorization": "Bearer ${env:FEEDBACK_KEY}"}}),
        ("opencode", {"headers": {"Authorization": "Bearer {env:FEEDBACK_KEY}"}, "type": "remote", "enabled": True}),
        ("codex", {"bearer_token_env_var": "FEEDBACK_KEY"}),
    ],
)
def test_a_key_is_named_and_never_written(cli: Cli, folder: Path, client: str, wanted: dict[str, Any]) -> None:
    cli("agent", "install", client, *URL, "--folder", str(folder), "--key-variable", "FEEDBACK_KEY", "--write")
    assert entry_of(client, files_in(folder)[CONFIGS[client]]) == {"url": MCP, **wanted}
    given = cli.run("agent", "install", client, "--key-variable", "pr_sk_ab-cd", "--folder", str(folder))
    assert (given.status, "not the key itself" in given.err) == (1, True)


@pytest.mark.parametrize("client", ["claude-code", "opencode", "cursor"])
def test_what_a_configuration_has_stays(cli: Cli, folder: Path, client: str) -> None:
    place = "mcp" if client == "opencode" else "mcpServers"
    before = {"theme": "dark", place: {"other": {"url": "https://other.example"}}}
    config = folder / CONFIGS[client]
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps(before))
    (folder / "README.md").write_text("mine")
    cli("agent", "install", client, *URL, "--folder", str(folder), "--write")
    after = json.loads(config.read_text())
    assert after.pop(place).pop("other") == {"url": "https://other.example"}
    assert after == {"theme": "dark"}
    assert (folder / "README.md").read_text() == "mine"


def test_what_codex_is_configured_with_stays_to_the_letter(cli: Cli, folder: Path) -> None:
    config = folder / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text('# mine\nmodel = "x"\n[mcp_servers.other]\nurl = "https://other.example"\n')
    before = config.read_text()
    cli("agent", "install", "codex", *URL, "--folder", str(folder), "--write")
    assert config.read_text().startswith(before)
    assert tomllib.loads(config.read_text())["mcp_servers"].keys() == {"other", "backroom"}
    with_key = ("--key-variable", "FEEDBACK_KEY")
    refused = cli.run("agent", "install", "codex", *URL, "--folder", str(folder), "--write", *with_key)
    assert (refused.status, "another way to sign in" in refused.err) == (1, True)


@pytest.mark.parametrize("text", ["// a comment\n{}", "[]", '{"mcpServers": []}', "{"])
def test_what_it_can_not_read_it_leaves_alone(cli: Cli, folder: Path, text: str) -> None:
    (folder / ".mcp.json").write_text(text)
    refused = cli.run("agent", "install", "claude-code", *URL, "--folder", str(folder), "--write")
    assert (refused.status, "Add the server by hand" in refused.err) == (1, True)
    assert files_in(folder) == {".mcp.json": text}


def test_another_server_of_that_name_is_not_replaced(cli: Cli, folder: Path) -> None:
    cli("agent", "install", "cursor", *URL, "--folder", str(folder), "--write")
    made = files_in(folder)
    refused = cli.run("agent", "install", "cursor", "--url", "https://b.example", "--folder", str(folder), "--write")
    assert (refused.status, "Remove it first" in refused.err) == (1, True)
    assert files_in(folder) == made


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://u:p@x", "https://x/path", "x"])
def test_addresses_that_are_none(cli: Cli, folder: Path, url: str) -> None:
    refused = cli.run("agent", "install", "cursor", "--url", url, "--folder", str(folder))
    assert (refused.status, "--url must be" in refused.err) == (1, True)


def test_clients_and_folders_that_are_none(cli: Cli, folder: Path) -> None:
    assert cli.run("agent", "install", "emacs").status == 2
    assert cli.run("agent", "install", "codex", "--folder", str(folder / "no")).status == 1
