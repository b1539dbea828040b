"""The `backroom` command: a thin door like the others. The whole table of commands is here.

A command's module is imported when the command runs, so that `backroom --help` needs none of them.
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
"""What may stand in a command by mistake and must not in a complaint about it, and what is shown of it."""

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
project = App(name="project", help="Projects, which reports belong to.", sort_key=2)
key = App(name="key", help="Secret keys to the two APIs.", sort_key=2)
agent = App(name="agent", help="Coding agents that work from the inbox.", sort_key=2)

app.command("backroom.cli.serve:serve", help="Serve the APIs until told to stop.", sort_key=1)
for group in (user, workspace, project, key, agent):
    app.command(group)
app.command("backroom.cli.store:demo", help="Fill an empty store with sample data.", sort_key=3)
app.command("backroom.cli.store:migrate", help="Bring the store to this version's schema.", sort_key=3)
app.command("backroom.cli.store:doctor", help="Check everything, and say how to mend what is wrong.", sort_key=3)
app.command("backroom.cli.store:backup", help="Write a consistent copy of everything into a file.", sort_key=3)
app.command("backroom.cli.store:restore", help="Fill an empty store from a backup.", sort_key=3)

user.command("backroom.cli.accounts:create_user", name="create", help="Add a person and a workspace of their own.")
user.command("backroom.cli.accounts:list_users", name="list", help="Show everybody with an account.")
user.command("backroom.cli.accounts:reset_password", name="reset-password", help="Make a link for a new password.")
workspace.command("backroom.cli.accounts:set_plan", name="set-plan", help="Put a workspace on another plan.")
project.command("backroom.cli.projects:create_project", name="create", help="Add a project to a workspace.")
project.command("backroom.cli.projects:update_project", name="update", help="Change a project's settings.")
key.command("backroom.cli.projects:create_key", name="create", help="Make a secret key for a project.")
key.command("backroom.cli.projects:revoke_key", name="revoke", help="End a secret key.")
agent.command("backroom.cli.agent:install", name="install", help="Set a coding agent up for Backroom.")


def main() -> None:
    """Runs one command. Exits with 0, 1 (it failed) or 2 (wrong usage), these two with one line on standard error."""
    if sys.stderr is None:
        # Else the next file that is opened would be where complaints go.
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    try:
        _check_words(sys.argv)
        app(exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        _end(f"{error} Try: backroom --help", MISUSED)
    except Failure as error:
        _end(error.message, FAILED)
    except BrokenPipeError:
        # Whoever read the output has stopped; closing standard output again at exit would complain.
        sys.stdout = None
        sys.exit(FAILED)
    except OSError as error:
        _end(f"{error.strerror}: {error.filename}" if error.filename else error.strerror or str(error), FAILED)


def _check_words(words: list[str]) -> None:
    """Raises Invalid where one has bytes that aren't UTF-8, which Python makes halves of characters."""
    for place, word in enumerate(words):
        try:
            word.encode()
        except UnicodeEncodeError as error:
            shown = os.fsencode(word).decode(errors="backslashreplace")
            raise Invalid(f"The argument {place}, {shown}, must be text in UTF-8.") from error


def _end(message: str, status: int) -> None:
    for pattern, shown in SECRETS:
        message = pattern.sub(shown, message)
    sys.stderr.write(f"backroom: {' '.join(message.split())}\n")
    sys.exit(status)
