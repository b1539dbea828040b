import os
import sys

import pytest
import structlog

from tests.harness.server import Cli
from tests.harness.store import Store

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
WRONG = ("user", "create", "--email", "me@example.com", "--name", "Zoë", "--password-stdin")


def process() -> tuple[object, ...]:
    """What a command may change of its process."""
    return sys.argv, sys.stdin, sys.stdout, sys.stderr, dict(os.environ), structlog.get_config()


@pytest.mark.parametrize(
    "args", [("--help",), ("invent",), ("migrate",), ("migrate", "--json"), ("user", "list"), WRONG]
)
def test_a_command_here_is_as_one_alone_and_leaves_nothing_behind(store: Store, args: tuple[str, ...]) -> None:
    cli, before = Cli(store, {"BACKROOM_PUBLIC_URL": "https://feedback.example.com"}), process()
    cli.run("migrate")
    assert cli.run(*args, input="short\r\n") == cli.run_alone(*args, input="short\r\n")
    assert process() == before
