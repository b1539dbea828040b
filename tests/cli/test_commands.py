"""Names, JSON and exit statuses of the commands, on both engines."""

import json
import re
from pathlib import Path

import pytest

from backroom.access import Scope
from backroom.projects.rules import KEY_LENGTHS
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.server import Cli, Finished
from tests.harness.store import Store

ID = re.compile(r"[0-9a-f]{24}")
NOBODY = "0" * 24
PASSWORD = "correct horse battery\n"
USER = ("user", "create", "--email", "me@example.com", "--password-stdin")


def assert_fails(finished: Finished, status: int, *words: str) -> None:
    """One line on standard error, nothing on standard output, that status."""
    assert finished.status == status, finished
    assert finished.out == ""
    assert finished.err.startswith("backroom: ")
    assert finished.err.count("\n") == 1
    for word in words:
        assert word in finished.err


def is_key(text: str, prefix: str) -> bool:
    return re.fullmatch(rf"{prefix}[A-Za-z0-9]{{{KEY_LENGTHS[prefix]}}}", text) is not None


def test_user_create_makes_the_store(cli: Cli) -> None:
    made = cli(*USER, "--name", "Me", input=PASSWORD)
    assert list(made) == ["id", "email", "workspaceId"]
    assert made["email"] == "me@example.com"
    assert ID.fullmatch(made["id"])
    assert ID.fullmatch(made["workspaceId"])


def test_user_create_refuses_a_second_of_that_address_and_short_passwords(cli: Cli) -> None:
    cli(*USER, input=PASSWORD)
    assert_fails(cli.run(*USER, "--json", input=PASSWORD), 1, "me@example.com")
    assert_fails(cli.run(*USER, input="short\n"), 1, "password")


def test_password_is_one_line_of_standard_input(cli: Cli) -> None:
    assert_fails(cli.run(*USER, input="short\r\nand a second line that makes it long\n"), 1, "password")


def test_project_create(fresh_cast: Cast) -> None:
    cli, workspace = fresh_cast.cli, fresh_cast.owner.workspace
    made = cli("project", "create", "--workspace", workspace, "--name", "My Website")
    assert list(made) == ["id", "name", "slug", "projectKey"]
    assert (made["name"], made["slug"]) == ("My Website", "my-website")
    assert is_key(made["projectKey"], "pr_")
    asked = ("project", "create", "--workspace", workspace, "--name", "Other", "--slug", "my-website")
    assert_fails(cli.run(*asked), 1, "Slug is already taken")
    assert_fails(cli.run("project", "create", "--workspace", NOBODY, "--name", "X"), 1, NOBODY)


def test_key_create_with_scopes(fresh_cast: Cast) -> None:
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    made = fresh_cast.cli("key", "create", "--project", fresh_cast.owner.project.id, *scopes, "--name", "All")
    assert list(made) == ["id", "key"]
    assert is_key(made["key"], "pr_sk_")


def test_miniback_key_replaces_the_one_before(fresh_cast: Cast) -> None:
    create = ("key", "create", "--project", fresh_cast.owner.project.id, "--miniback")
    first, second = fresh_cast.cli(*create), fresh_cast.cli(*create)
    assert is_key(first["key"], "mbk_")
    assert first["key"] != second["key"]
    assert first["id"] != second["id"]


def test_key_revoke_keeps_its_first_time(fresh_cast: Cast) -> None:
    cli = fresh_cast.cli
    made = cli("key", "create", "--project", fresh_cast.owner.project.id, "--scope", "feedback:read")
    first = cli("key", "revoke", made["id"])
    assert list(first) == ["id", "revokedAt"]
    assert first["id"] == made["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["revokedAt"])
    assert cli("key", "revoke", made["id"]) == first
    assert_fails(cli.run("key", "revoke", NOBODY), 1, NOBODY)


def test_set_plan(fresh_cast: Cast) -> None:
    cli, workspace = fresh_cast.cli, fresh_cast.owner.workspace
    assert cli("workspace", "set-plan", workspace, "STARTER") == {"id": workspace, "plan": "STARTER"}
    assert_fails(cli.run("workspace", "set-plan", NOBODY, "PRO"), 1, NOBODY)


def test_migrate_tells_from_and_to(cli: Cli) -> None:
    first = cli("migrate")
    assert list(first) == ["from", "to"]
    assert first["from"] is None
    assert cli("migrate") == {"from": first["to"], "to": first["to"]}


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("invent",), "invent"),
        (("user", "invent"), "invent"),
        (("user", "create", "--email", "me@example.com"), "--password-stdin"),
        (("user", "create", "--password-stdin"), "--email"),
        (("workspace", "set-plan", NOBODY, "GOLD"), "GOLD"),
        (("workspace", "set-plan", NOBODY), "PLAN"),
        (("key", "create", "--project", NOBODY), "--scope"),
        (("key", "create", "--project", NOBODY, "--scope", "feedback:read", "--miniback"), "--miniback"),
        (("key", "create", "--project", NOBODY, "--scope", "feedback:all"), "feedback:all"),
        (("key", "revoke"), "KEY"),
        (("migrate", "--colour"), "--colour"),
        (("serve", "--port", "65536"), "65536"),
        (("backup",), "FILE"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_wrong_usage_is_status_2(cli: Cli, args: tuple[str, ...], word: str) -> None:
    assert_fails(cli.run(*args), 2, word)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_help_shows_every_command_and_needs_no_store(cli: Cli) -> None:
    alone, asked = cli.run(), cli.run("--help")
    assert (alone.status, asked.status) == (0, 0)
    assert alone.out == asked.out
    for word in ("serve", "user", "workspace", "project", "key", "demo", "migrate", "doctor", "backup", "restore"):
        assert f"\n  {word}:" in asked.out
    assert cli.run("key", "create", "--help").status == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_without_json_the_output_is_for_people(cli: Cli) -> None:
    finished = cli.run(*USER, input=PASSWORD)
    assert (finished.status, finished.err) == (0, "")
    assert "me@example.com" in finished.out
    with pytest.raises(json.JSONDecodeError):
        json.loads(finished.out)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_data_flag_wins_over_the_variable(cli: Cli, store: Store) -> None:
    elsewhere = store.data_dir.with_name("elsewhere")
    cli(*USER, "--data", str(elsewhere), input=PASSWORD)
    assert (elsewhere / "backroom.db").exists()
    assert not (store.data_dir / "backroom.db").exists()


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"BACKROOM_MAX_JSON": "lots"}, ["BACKROOM_MAX_JSON", "lots"]),
        ({"BACKROOM_DATABASE_URL": "mysql://somewhere/db"}, ["BACKROOM_DATABASE_URL", "postgresql://"]),
        ({"BACKROOM_DATABASE_URL": "nonsense"}, ["BACKROOM_DATABASE_URL"]),
        ({"BACKROOM_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/nothing"}, ["127.0.0.1"]),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_wrong_settings_are_one_line(store: Store, env: dict[str, str], words: list[str]) -> None:
    finished = Cli(store, env).run("migrate")
    assert_fails(finished, 1, *words)
    assert "secret" not in finished.err


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_store_that_cannot_be_opened_is_one_line(cli: Cli, store: Store) -> None:
    database = store.data_dir / "backroom.db"
    database.write_bytes(b"this is no database" * 1000)
    assert_fails(cli.run("migrate"), 1, "not a database", str(database))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_data_folder_that_cannot_be_made_is_one_line(cli: Cli, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where the folder should be")
    assert_fails(cli.run("migrate", "--data", str(taken)), 1, str(taken))
    assert_fails(cli.run("migrate", "--data", str(taken / "below")), 1, str(taken))


def test_commands_work_beside_a_running_server(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    made = fresh_cast.cli("project", "create", "--workspace", fresh_cast.owner.workspace, "--name", "Later")
    key = fresh_cast.cli("key", "create", "--project", made["id"], "--scope", "project:read")
    assert server.ready()
    assert is_key(key["key"], "pr_sk_")
