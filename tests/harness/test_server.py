from pathlib import Path

import pytest

from tests.harness.fixtures import StartServer
from tests.harness.server import Cli, CommandFailed, Server
from tests.harness.store import Store


def test_server_stops_starts_again_and_survives_a_kill(store: Store, start_server: StartServer) -> None:
    server = start_server(store)
    assert server.ready()
    assert server.stop() == 0
    assert not server.ready()
    address = server.url
    server.start()
    server.kill()
    server.start()
    assert server.ready()
    assert server.url == address


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_server_that_cannot_start_says_why(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="BACKROOM_MAX_JSON"):
        Server(store, tmp_path / "log", {"BACKROOM_MAX_JSON": "lots"}).start()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_failed_command_tells_its_status_and_words(cli: Cli) -> None:
    with pytest.raises(CommandFailed) as failure:
        cli("user", "create", "--email", "nobody", "--password-stdin", input="long enough to do\n")
    assert failure.value.finished.status != 0
    assert "name@example.com" in failure.value.finished.err
