"""Names, JSON and exit statuses of the commands, on both engines."""

import hashlib
import hmac
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from backroom.access import KeyScope
from backroom.projects.rules import KEY_LENGTHS
from backroom.store.tables import users
from tests.harness.cast import Cast
from tests.harness.commands import Finished
from tests.harness.fixtures import StartServer
from tests.harness.processes import PATIENCE, clean_environment
from tests.harness.server import BACKROOM, Cli, CommandFailed
from tests.harness.store import Store
from tests.store.fixtures import opened

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


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_installed_command_spends_on_a_password_what_argon2_advises(cli: Cli, store: Store) -> None:
    """RFC 9106, "Parameter Choice": its second choice. The tests' own process spends less."""
    assert cli.run_alone(*USER, input=PASSWORD).status == 0
    with opened(store) as db:
        kept = db.read_now(lambda conn: conn.execute(select(users.c.password_hash)).scalar_one())
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_user_create_refuses_a_second_of_that_address_and_short_passwords(cli: Cli) -> None:
    cli(*USER, input=PASSWORD)
    assert_fails(cli.run(*USER, "--json", input=PASSWORD), 1, "me@example.com")
    assert_fails(cli.run(*USER, input="short\n"), 1, "password")


def test_password_is_one_line_of_standard_input(cli: Cli) -> None:
    assert_fails(cli.run(*USER, input="short\r\nand a second line that makes it long\n"), 1, "password")


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape"])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bytes_that_are_no_utf_8_are_one_line(store: Store, encoding: str) -> None:
    """In standard input, whatever the locale makes of them there, in an argument and in the environment."""
    cli = Cli(store, {"PYTHONIOENCODING": encoding})
    assert_fails(cli.run_alone(*USER, input="longpassword\udcff\n"), 1, "UTF-8", "password on standard input")
    wrong = ("user", "create", "--email", "\udcff@x.org", "--password-stdin")
    assert_fails(cli.run(*wrong, input=PASSWORD), 1, "UTF-8", "\\xff@x.org")
    assert_fails(Cli(store, {"BACKROOM_FILES_URL": "s3://\udcff"}).run("migrate"), 1, "BACKROOM_FILES_URL", "UTF-8")


def run_with(redirection: str, store: Store, *args: str) -> Finished:
    """Runs a command with its streams as the shell's redirection has them."""
    command = ["sh", "-c", f'exec "$0" "$@" {redirection}', str(BACKROOM), *args]
    env = clean_environment(**store.env)
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=PATIENCE)
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_input_is_told(cli: Cli, store: Store) -> None:
    assert_fails(cli.run(*USER, input=""), 1, "There is no password on standard input.")
    assert_fails(run_with("<&-", store, *USER), 1, "There is no password on standard input.")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_output_that_is_closed_is_told(store: Store) -> None:
    for command in (("migrate",), ("migrate", "--json"), ("user", "list")):
        assert_fails(run_with(">&-", store, *command), 1, "standard output is closed")
    assert_fails(run_with(">/dev/full", store, "migrate"), 1, "No space left")
    assert run_with(">&-", store, "doctor").err == run_with(">&-", store, "--help").err == ""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_nobody_who_hears_complaints_changes_no_status(store: Store) -> None:
    assert run_with("2>&-", store, "migrate").status == 0
    assert run_with("2>&-", store, "invent").status == 2
    assert run_with("2>&-", store, "key", "revoke", NOBODY).status == 1


@pytest.mark.parametrize(
    ("args", "status", "shown"),
    [
        (("key", "revoke", "pr_sk_SECRETsecret12"), 1, "the key's id"),
        (("key", "revoke", "mbk_SECRETsecret12"), 1, "the key's id"),
        (("key", "revoke", NOBODY, "pr_sk_SECRETsecret12"), 2, "pr_sk_…"),
        (("key", "pr_sk_SECRETsecret12"), 2, "pr_sk_…"),
        (("workspace", "set-plan", "mbk_SECRETsecret12", "PRO"), 1, "mbk_…"),
        (("project", "update", "pr_sk_SECRETsecret12", "--name", "N"), 1, "pr_sk_…"),
        (("user", "create", "--email", "me@example.com", "--password=SECRET"), 2, "password"),
        (("key", "revoke", "--the-secret=SECRET"), 2, "--the-secret"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_secrets_given_by_mistake_are_not_repeated(cli: Cli, args: tuple[str, ...], status: int, shown: str) -> None:
    cli("migrate")
    finished = cli.run(*args)
    assert_fails(finished, status, shown)
    assert "secret12" not in finished.err
    assert "SECRET" not in finished.err


def test_a_store_that_is_not_there_is_told_and_not_made(store: Store, tmp_path: Path) -> None:
    """A typing error, or a disk that isn't mounted: an empty backup would take the place of a good one."""
    if store.engine == "sqlite":
        store.data_dir.rmdir()
    file = tmp_path / "backup"
    file.write_text("a good one")
    run = Cli(store)
    for args in (
        ("backup", str(file)),
        ("doctor", "--mend"),
        ("user", "list"),
        ("user", "reset-password", "me@example.com"),
        ("workspace", "set-plan", NOBODY, "PRO"),
        ("project", "create", "--workspace", NOBODY, "--name", "N"),
        ("project", "update", NOBODY, "--name", "N"),
        ("key", "create", "--project", NOBODY, "--miniback"),
        ("key", "revoke", NOBODY),
    ):
        with pytest.raises(CommandFailed) as failed:
            run(*args)
        assert_fails(failed.value.finished, 1, "There is no store at", "BACKROOM_DATA", "backroom migrate")
    assert file.read_text() == "a good one"
    assert store.engine != "sqlite" or not store.data_dir.exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_nothing_is_begun_beside_the_log_of_a_file_that_is_gone(cli: Cli, store: Store) -> None:
    """SQLite would delete the log, and with it what only the log has."""
    log = store.data_dir / "backroom.db-wal"
    log.write_bytes(b"reports")
    for args in (("migrate",), ("demo",), ("serve", "--port", "0")):
        assert_fails(cli.run(*args), 1, "backroom.db isn't there", "backroom.db-wal", "put the file back")
    assert log.read_bytes() == b"reports"
    log.unlink()
    assert cli("migrate")["from"] is None


def test_project_update_changes_what_is_named(fresh_cast: Cast) -> None:
    cli, project = fresh_cast.cli, fresh_cast.owner.project
    before = cli("project", "update", project.id, "--name", "New name")
    assert before == {
        "id": project.id,
        "name": "New name",
        "slug": project.slug,
        "projectKey": project.project_key,
        "status": "ACTIVE",
        "allowedOrigins": [],
        "urlPatterns": [],
        "defaultChannelKey": "bug",
        "identitySecretSet": False,
    }
    origins = ("--allowed-origin", "https://App.example.com/", "--allowed-origin", "https://*.example.org")
    patterns = ("--url-pattern", "https://app.example.com/*", "--url-pattern", "*/checkout")
    more = ("--slug", "renamed", "--default-channel", "feature", "--status", "PAUSED", "--identity-secret-stdin")
    after = cli("project", "update", project.slug, *origins, *patterns, *more, input="the secret\n")
    assert after == before | {
        "slug": "renamed",
        "status": "PAUSED",
        "allowedOrigins": ["https://app.example.com", "https://*.example.org"],
        "urlPatterns": ["https://app.example.com/*", "*/checkout"],
        "defaultChannelKey": "feature",
        "identitySecretSet": True,
    }
    clear = ("--allowed-origin", "", "--url-pattern", "", "--identity-secret-stdin", "--status", "active")
    cleared = cli("project", "update", "renamed", *clear, input="\n")
    assert cleared == after | {"status": "ACTIVE", "allowedOrigins": [], "urlPatterns": [], "identitySecretSet": False}


def test_project_update_says_what_it_cannot(fresh_cast: Cast) -> None:
    cli, update = fresh_cast.cli, ("project", "update", fresh_cast.owner.project.id)
    assert_fails(cli.run("project", "update", "no-such", "--name", "N"), 1, "no-such")
    assert_fails(cli.run(*update, "--default-channel", "invented"), 1, "invented")
    assert_fails(cli.run(*update, "--slug", fresh_cast.outsider.project.slug), 1, "Slug is already taken")
    assert_fails(cli.run(*update, "--allowed-origin", "example.com"), 1, "example.com")
    assert_fails(cli.run(*update, "--url-pattern", "two words"), 1, "two words")
    assert_fails(cli.run(*update, "--identity-secret-stdin", input=""), 1, "identity secret")
    assert_fails(cli.run(*update), 2, "what to change")
    assert_fails(cli.run(*update, "--status", "GONE"), 2, "ACTIVE or PAUSED, not 'GONE'")


def test_project_update_counts_at_once_beside_a_running_server(fresh_cast: Cast, start_server: StartServer) -> None:
    server, owner = start_server(fresh_cast.store), fresh_cast.owner
    report = {"blocks": [{"type": "text", "text": "It broke"}], "context": {}}

    def send(**more: Any) -> httpx.Response:
        body = report | {"clientId": str(uuid4())} | more
        headers = {"Origin": "https://evil.example"}
        return httpx.post(f"{server.url}/api/v1/ingest/{owner.project.project_key}", json=body, headers=headers)

    def update(*words: str, input: str = "") -> None:
        fresh_cast.cli("project", "update", owner.project.id, *words, input=input)

    assert send().json()["channelKey"] == "bug"
    update("--default-channel", "feature")
    assert send().json()["channelKey"] == "feature"
    update("--allowed-origin", "https://app.example.com")
    assert send().status_code == 403
    update("--allowed-origin", "")
    assert send().status_code == 201
    update("--identity-secret-stdin", input="the secret\n")
    signature = hmac.new(b"the secret", b"u1", hashlib.sha256).hexdigest()
    report_id = send(identity={"userId": "u1", "signature": signature}).json()["id"]
    headers = {"Authorization": f"Bearer {owner.key}"}
    stored = httpx.get(f"{server.url}/api/v1/projects/{owner.project.id}/feedback/{report_id}", headers=headers)
    assert stored.json()["identity"] == {"userId": "u1", "verified": True}
    update("--status", "PAUSED")
    assert send().status_code == 403
    update("--status", "ACTIVE")
    assert send().status_code == 201
    archived = httpx.patch(
        f"{server.url}/api/v1/projects/{owner.project.id}/channels/bug", json={"archived": True}, headers=headers
    )
    assert archived.status_code == 200, "another default was chosen"


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
    scopes = [word for scope in KeyScope for word in ("--scope", scope.value)]
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
    assert cli("workspace", "set-plan", workspace, "free")["plan"] == "FREE"
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
        (("workspace", "set-plan", NOBODY, "GOLD"), "FREE, STARTER or PRO, not 'GOLD'"),
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


@pytest.mark.parametrize("flags", [("--data", ""), ("--data=",), ("--data", "  ")])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_empty_data_flag_is_wrong_usage(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert_fails(cli.run("migrate", *flags), 2, "--data")
    assert list(here.iterdir()) == []
    assert cli.run("migrate", "--data", ".").status == 0
    assert (here / "backroom.db").exists()


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"BACKROOM_MAX_JSON": "lots"}, ["BACKROOM_MAX_JSON", "lots"]),
        ({"BACKROOM_DATABASE_URL": "mysql://somewhere/db"}, ["BACKROOM_DATABASE_URL", "postgresql://"]),
        ({"BACKROOM_DATABASE_URL": "nonsense"}, ["BACKROOM_DATABASE_URL"]),
        ({"BACKROOM_DATABASE_URL": "me:secret@somewhere"}, ["BACKROOM_DATABASE_URL"]),
        ({"BACKROOM_DATABASE_URL": "postgresql://me:a@secret@127.0.0.1:1/nothing"}, ["%40 for @"]),
        ({"BACKROOM_DATABASE_URL": "postgresql://me@127.0.0.1:1/nothing?password=secret"}, ["127.0.0.1"]),
        ({"BACKROOM_DEFAULT_PLAN": "gold"}, ["FREE, STARTER or PRO, not 'gold'"]),
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


def test_data_folder_is_only_needed_where_something_is_in_it(
    store: Store, tmp_path: Path, start_server: StartServer
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where the folder should be")
    unmade = replace(store, data_dir=taken / "below")
    env = {"BACKROOM_FILES_URL": f"file://{tmp_path}/files"}
    if store.cluster is None:
        assert_fails(Cli(unmade, env).run("migrate"), 1, "can't be created")
        env |= {"BACKROOM_DATABASE_URL": store.url}
    else:
        assert_fails(Cli(unmade).run("migrate"), 1, "can't be created")
    assert Cli(unmade, env).run("migrate").status == 0
    assert start_server(unmade, **env).ready()


def test_commands_work_beside_a_running_server(fresh_cast: Cast, start_server: StartServer) -> None:
    server = start_server(fresh_cast.store)
    made = fresh_cast.cli("project", "create", "--workspace", fresh_cast.owner.workspace, "--name", "Later")
    key = fresh_cast.cli("key", "create", "--project", made["id"], "--scope", "project:read")
    assert server.ready()
    assert is_key(key["key"], "pr_sk_")
