"""The `backroom` command: the table of all commands, and `main`.

A command's module is only imported when the command runs: `backroom --help` needs none of them.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

from cyclopts import App, CycloptsError

from backroom.errors import Failure, Invalid

SECRETS = (
    (re.compile(r"(pr_sk_|mbk_)\w+"), r"\1…"),
    (re.compile(r"(--[\w-]*(?:password|secret)[\w-]*=)[^\"]*"), r"\1…"),
)
"""Secrets that somebody may type into a command by mistake, and what an error message shows instead of them."""

FAILED = 1
MISUSED = 2

app = App(
    name="backroom",
    help="A self-hosted feedback inbox: one durable store, two API dialects.",
    version=lambda: version("backroom"),
    help_formatter="plain",
    help_flags=["--help", "-h"],
    version_flags=["--version"],
)
user = App(name="user", help="People who sign in.", sort_key=2)
workspace = App(name="workspace", help="Workspaces and their plans.", sort_key=2)
project = App(name="project", help="Projects, which collect the reports.", sort_key=2)
key = App(name="key", help="Secret keys for the two APIs.", sort_key=2)
agent = App(name="agent", help="Coding agents that work through the inbox.", sort_key=2)

app.command("backroom.cli.serve:serve", help="Start the server.", sort_key=1)
for group in (user, workspace, project, key, agent):
    app.command(group)
app.command("backroom.cli.store:demo", help="Fill an empty store with sample data.", sort_key=3)
app.command("backroom.cli.store:migrate", help="Migrate the store to this version's schema.", sort_key=3)
app.command("backroom.cli.store:doctor", help="Check the installation, and say how to fix what is wrong.", sort_key=3)
app.command("backroom.cli.store:backup", help="Write a consistent copy of all data to a file.", sort_key=3)
app.command("backroom.cli.store:restore", help="Restore a backup into an empty store.", sort_key=3)

user.command("backroom.cli.accounts:create_user", name="create", help="Create a user with their own workspace.")
user.command("backroom.cli.accounts:list_users", name="list", help="List all users.")
user.command("backroom.cli.accounts:reset_password", name="reset-password", help="Create a link for a new password.")
workspace.command("backroom.cli.accounts:set_plan", name="set-plan", help="Change a workspace's plan.")
project.command("backroom.cli.projects:create_project", name="create", help="Create a project in a workspace.")
project.command("backroom.cli.projects:update_project", name="update", help="Change a project's settings.")
key.command("backroom.cli.projects:create_key", name="create", help="Create a secret key for a project.")
key.command("backroom.cli.projects:revoke_key", name="revoke", help="Revoke a secret key.")
agent.command("backroom.cli.agent:install", name="install", help="Connect a coding agent to Backroom.")


def main() -> None:
    """Runs one command. Exits with status 0, or with one line on standard error and 1 (failed) or 2 (wrong usage)."""
    if sys.stderr is None:
        # Standard error is closed. Otherwise the next file to be opened would get its number, and the error messages.
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    try:
        _check_encoding(sys.argv)
        app(sys.argv[1:], exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        _exit(f"{error} Try: backroom --help", MISUSED)
    except Failure as error:
        _exit(error.message, FAILED)
    except BrokenPipeError:
        # The reader of the output is gone. Without this, Python would complain when it closes the output at exit.
        sys.stdout = None
        sys.exit(FAILED)
    except OSError as error:
        _exit(f"{error.strerror}: {error.filename}" if error.filename else error.strerror or str(error), FAILED)


def _check_encoding(words: list[str]) -> None:
    """Raises Invalid if an argument isn't UTF-8; Python turns such bytes into lone surrogates."""
    for place, word in enumerate(words):
        try:
            word.encode()
        except UnicodeEncodeError as error:
            shown = os.fsencode(word).decode(errors="backslashreplace")
            raise Invalid(f"Argument {place}, {shown}, isn't valid UTF-8.") from error


def _exit(message: str, status: int) -> None:
    for pattern, shown in SECRETS:
        message = pattern.sub(shown, message)
    sys.stderr.write(f"backroom: {' '.join(message.split())}\n")
    sys.exit(status)
