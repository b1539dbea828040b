"""Documents by which programs describe themselves: fetched with care from addresses that strangers name."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backroom.errors import Invalid
from backroom.web.mcp.documents import LARGEST, DocumentFailed, Documents, Why, is_document_id, is_public
from tests.harness.processes import PATIENCE, free_port


class Counting(ThreadingHTTPServer):
    """Counts who knocks, whether or not TLS comes about."""

    connections = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()


class Site:
    """A small HTTPS server of somebody's, with answers by path."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, str]] = []
        certificate = make_certificate(folder)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, self.headers["host"]))
                status, body = site.answers.get(self.path, (404, b""))
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/document")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self.server = Counting(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.trust = ssl.create_default_context(cafile=str(certificate))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def connections(self) -> int:
        """How often somebody connected."""
        return self.server.connections

    def id_of(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def make_certificate(folder: Path) -> Path:
    """A certificate and its key in one file, for localhost alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "site.pem"
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site, and time to ask it."""
    monkeypatch.setattr("backroom.web.mcp.documents.SECONDS", PATIENCE)
    running = Site(tmp_path)
    yield running
    running.close()


def here(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def fetched(documents: Documents, client: str) -> dict[str, Any]:
    return asyncio.run(documents.get(client))


def test_a_document_is_read_once_from_where_its_name_says(site: Site) -> None:
    client = site.id_of("/document")
    said = {"client_id": client, "client_name": "Somebody's", "redirect_uris": ["http://127.0.0.1/cb"]}
    site.answers["/document"] = 200, json.dumps(said).encode()
    documents = Documents(here, site.trust)
    assert fetched(documents, client) == said
    assert fetched(documents, client) == said
    assert site.asked == [("/document", f"localhost:{site.port}")], "kept after the first time"


def test_a_server_in_our_own_network_is_not_asked(site: Site) -> None:
    client = site.id_of("/document")
    site.answers["/document"] = 200, json.dumps({"client_id": client}).encode()
    with pytest.raises(DocumentFailed, match="finds no public address") as refused:
        fetched(Documents(context=site.trust), client)
    assert refused.value.why is Why.ADDRESS
    with pytest.raises(DocumentFailed) as unknown:
        fetched(Documents(context=site.trust), "https://nowhere.invalid/document")
    assert unknown.value.why is Why.ADDRESS, "a stranger doesn't learn which names there are in our network"
    assert (site.asked, site.connections) == ([], 0)


def test_none_is_read_where_they_are_off(site: Site) -> None:
    with pytest.raises(DocumentFailed, match="BACKROOM_CLIENT_ID_DOCUMENTS is off"):
        fetched(Documents(here, site.trust, enabled=False), site.id_of("/document"))
    assert site.connections == 0


def test_a_proxy_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look the host up itself, and so lead wherever it reaches."""
    client = site.id_of("/document")
    site.answers["/document"] = 200, json.dumps({"client_id": client}).encode()
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetched(Documents(here, site.trust), client) == {"client_id": client}


def test_the_certificate_must_be_good(site: Site) -> None:
    client = site.id_of("/document")
    site.answers["/document"] = 200, json.dumps({"client_id": client}).encode()
    with pytest.raises(DocumentFailed, match=r"there is no connection to it .*certificate"):
        fetched(Documents(here), client)
    by_number = site.id_of("/document", "127.0.0.1")
    with pytest.raises(Invalid):
        fetched(Documents(here, site.trust), by_number)
    assert (site.asked, site.connections) == ([], 2)


def test_what_is_no_document(site: Site) -> None:
    good = site.id_of("/document")
    site.answers |= {
        "/document": (200, json.dumps({"client_id": good}).encode()),
        "/moved": (302, b""),
        "/other": (200, json.dumps({"client_id": good}).encode()),
        "/list": (200, b"[]"),
        "/broken": (200, b"{"),
        "/large": (200, json.dumps({"client_id": site.id_of("/large"), "x": "y" * LARGEST}).encode()),
    }
    documents = Documents(here, site.trust)
    for path, cause in (
        ("/moved", "answers with the status 302"),
        ("/other", "of another program"),
        ("/list", "isn't a JSON object"),
        ("/broken", "isn't a JSON object"),
        ("/large", "more than 32,768 bytes"),
        ("/missing", "answers with the status 404"),
    ):
        with pytest.raises(DocumentFailed, match=cause) as refused:
            fetched(documents, site.id_of(path))
        assert refused.value.why is Why.CONTENT
        assert site.id_of(path) in refused.value.message
    assert fetched(documents, good) == {"client_id": good}


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(DocumentFailed, match="there is no connection to it") as refused:
        fetched(Documents(here), f"https://localhost:{free_port()}/document")
    assert refused.value.why is Why.CONNECTION


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 -- judged, not bound
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::a00:1", False),
        ("2002:7f00:1::1", False),
        ("2001:0:7f00:1::", False),
        ("2001:db8::1", False),
        ("ff02::1", False),
    ],
)
def test_addresses_of_the_internet(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("client", "is_one"),
    [
        ("https://app.example.com/client.json", True),
        ("https://app.example.com:8443/a/b?x=1", True),
        ("http://app.example.com/client.json", False),
        ("https://app.example.com", False),
        ("https://app.example.com/", False),
        ("https://app.example.com/a/../b", False),
        ("https://user:pw@app.example.com/client.json", False),
        ("https://app.example.com/client.json#x", False),
        ("https://app.example.com/client .json", False),
        ("https://app.example.com:99999/client.json", False),
        ("https://[/x", False),
        ("https:///x", False),
        (f"https://a.example/{'x' * 500}", False),
        ("6f1d", False),
    ],
)
def test_ids_that_are_addresses(client: str, is_one: bool) -> None:
    assert is_document_id(client) is is_one
