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


@pytest.mark.parametrize("key", ["pr_sk_abc", "pr_abc", "mbk_abc", "br_at_abc", "br_rt_abc"])
def test_a_key_in_place_of_its_variable_is_refused(cli: Cli, folder: Path, key: str) -> None:
    """Keys are made of what names of variables are made of, too."""
    given = cli.run("agent", "install", "cursor", *URL, "--key-variable", key, "--folder", str(folder), "--write")
    assert (given.status, "needs the name of a variable" in given.err) == (1, True)
    assert files_in(folder) == {}


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


@pytest.mark.parametrize(
    "text",
    [
        'mcp_servers = { x = { command = "y" } }\n',
        'mcp_servers = "x"\n',
        'mcp_servers.backroom = "x"\n',
        "[[mcp_servers]]\n",
        "[broken\n",
    ],
)
def test_what_codex_would_not_read_any_more_is_left_alone(cli: Cli, folder: Path, text: str) -> None:
    config = folder / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text(text)
    refused = cli.run("agent", "install", "codex", *URL, "--folder", str(folder), "--write")
    assert refused.status == 1
    assert f'Add this to mcp_servers yourself: backroom = {{ url = "{MCP}" }}' in refused.err
    assert files_in(folder) == {".codex/config.toml": text}


@pytest.mark.parametrize(
    "text", ['model = "x"', "", "[mcp_servers]\r\n", "x = nan # mine\r\n\r\n\r\n", "mcp_servers = {}\n"]
)
def test_what_codex_has_is_only_added_to(cli: Cli, folder: Path, text: str) -> None:
    config = folder / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_bytes(text.encode())
    done = cli.run("agent", "install", "codex", *URL, "--folder", str(folder), "--write")
    after = config.read_bytes().decode()
    assert after.startswith(text)
    if text == "mcp_servers = {}\n":
        assert (done.status, after) == (1, text)
    else:
        assert tomllib.loads(after)["mcp_servers"]["backroom"] == {"url": MCP}
        assert ("\r\n" in after) is ("\r\n" in text)
        assert after.count("\n") == after.count("\r\n") or "\r\n" not in text


def test_a_server_of_that_name_that_is_a_program_is_not_ours(cli: Cli, folder: Path) -> None:
    for client, text in (
        ("codex", '[mcp_servers.backroom]\ncommand = "x"\n'),
        ("cursor", '{"mcpServers": {"backroom": {"command": "x"}}}'),
    ):
        config = folder / CONFIGS[client]
        config.parent.mkdir()
        config.write_text(text)
        refused = cli.run("agent", "install", client, *URL, "--folder", str(folder), "--write")
        assert (refused.status, "Remove it first" in refused.err, config.read_text()) == (1, True, text)


@pytest.mark.parametrize("text", ["// a comment\n{}", "[]", '{"mcpServers": []}', "{"])
def test_what_it_can_not_read_it_leaves_alone(cli: Cli, folder: Path, text: str) -> None:
    (folder / ".mcp.json").write_text(text)
    refused = cli.run("agent", "install", "claude-code", *URL, "--folder", str(folder), "--write")
    assert (refused.status, 'Add this to mcpServers yourself: "backroom": {' in refused.err) == (1, True)
    assert files_in(folder) == {".mcp.json": text}


STYLES = {
    "two spaces": '{\n  "mcpServers": {\n    "other": {"url": "https://o.example"}\n  },\n  "n": [1.0, 1e5, -0]\n}\n',
    "four spaces": '{\n    "n": 1E+2,\n    "mcpServers": {\n    }\n}',
    "tabs": '{\n\t"mcpServers": {\n\t\t"other": {\n\t\t\t"url": "x"\n\t\t}\n\t}\n}\n',
    "other line ends": '{\r\n  "n": 12345678901234567890.10,\r\n  "u": "\\u00e9"\r\n}\r\n',
    "one line": '{"a":1.50,"mcpServers":{}}',
    "nothing": "{}\n",
    "odd": '{ "mcpServers" :\n { } ,\n\n "a" : [ 1 , 2 ] }',
}


@pytest.mark.parametrize("style", STYLES)
def test_what_a_configuration_has_stays_as_it_is_written(cli: Cli, folder: Path, style: str) -> None:
    config, text = folder / ".mcp.json", STYLES[style]
    config.write_bytes(text.encode())
    cli("agent", "install", "claude-code", *URL, "--folder", str(folder), "--write")
    after = config.read_bytes().decode()
    assert json.loads(after)["mcpServers"].pop("backroom") == {"type": "http", "url": MCP}
    left = iter(after)
    assert all(char in left for char in text if not char.isspace()), "nothing is taken away, nothing moves"
    unit = {"four spaces": "    ", "tabs": "\t"}.get(style, "  ")
    if "\n" in text.strip() and style != "odd":
        assert f'\n{unit * 2}"backroom": {{' in after
        assert f'\n{unit * 3}"url": ' in after
    else:
        assert style == "odd" or after.count("\n") == text.count("\n")
    assert after.count("\n") == after.count("\r\n") or "\r" not in text
    cli("agent", "install", "claude-code", *URL, "--folder", str(folder), "--write")
    assert config.read_bytes().decode() == after


def test_ones_own_headers_stay(cli: Cli, folder: Path) -> None:
    def headers() -> Any:
        return entry_of("cursor", config.read_text()).get("headers")

    config = folder / ".cursor" / "mcp.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"mcpServers": {"backroom": {"url": MCP, "headers": {"X-Team": "a"}, "timeout": 5}}}))
    install = ("agent", "install", "cursor", *URL, "--folder", str(folder), "--write")
    cli(*install, "--key-variable", "FEEDBACK_KEY")
    assert headers() == {"X-Team": "a", "Authorization": "Bearer ${env:FEEDBACK_KEY}"}
    cli(*install, "--key-variable", "OTHER_KEY")
    assert headers() == {"X-Team": "a", "Authorization": "Bearer ${env:OTHER_KEY}"}
    cli(*install)
    assert headers() == {"X-Team": "a"}
    assert entry_of("cursor", config.read_text())["timeout"] == 5
    config.write_text(json.dumps({"mcpServers": {"backroom": {"url": MCP, "headers": {"authorization": "Bearer x"}}}}))
    cli(*install)
    assert headers() is None


def test_what_is_turned_off_stays_so_and_that_is_said(cli: Cli, folder: Path) -> None:
    config = folder / "opencode.json"
    config.write_text(json.dumps({"mcp": {"backroom": {"type": "remote", "url": MCP, "enabled": False}}}))
    before = config.read_text()
    done = cli.run("agent", "install", "opencode", *URL, "--folder", str(folder), "--write")
    assert (done.status, config.read_text()) == (0, before)
    assert "is turned off in" in done.out


def test_opencode_keeps_the_one_configuration_that_it_has(cli: Cli, folder: Path) -> None:
    config = folder / "opencode.jsonc"
    config.write_text('{\n  "theme": "dark"\n}\n')
    cli("agent", "install", "opencode", *URL, "--folder", str(folder), "--write")
    assert entry_of("opencode", config.read_text())["url"] == MCP
    assert not (folder / "opencode.json").exists()
    commented = '{\n  // mine\n  "theme": "dark",\n}\n'
    config.write_text(commented)
    refused = cli.run("agent", "install", "opencode", *URL, "--folder", str(folder), "--write")
    assert (refused.status, config.read_text()) == (1, commented)
    assert f'Add this to mcp yourself: "backroom": {{"type": "remote", "url": "{MCP}", "enabled": true}}' in refused.err
    assert not (folder / "opencode.json").exists()


def test_a_name_that_is_there_twice_is_left_alone(cli: Cli, folder: Path) -> None:
    text = '{"mcpServers": {}, "mcpServers": {"a": {}}}'
    (folder / ".mcp.json").write_text(text)
    refused = cli.run("agent", "install", "claude-code", *URL, "--folder", str(folder), "--write")
    assert (refused.status, "twice" in refused.err, files_in(folder)) == (1, True, {".mcp.json": text})


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
