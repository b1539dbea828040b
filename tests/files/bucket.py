"""A place that speaks S3: moto's server on loopback, which checks every signature."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import httpx
import obstore
from obstore.store import S3Store

from tests.harness.processes import end, free_port, spawn, tail, wait_until

MOTO = Path(sys.executable).with_name("moto_server")
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
UNSIGNED = "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


class Bucket:
    """One bucket of the server. `env` are the variables with which Backroom finds it; `secret` is in them."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.secret = server.secret
        self.store = S3Store(
            name,
            access_key_id=server.key,
            secret_access_key=server.secret,
            endpoint=server.url,
            client_options={"allow_http": True},
        )
        self.credentials = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": server.key,
            "AWS_SECRET_ACCESS_KEY": server.secret,
        }

    @property
    def url(self) -> str:
        """The bucket with a path in it."""
        return f"s3://{self.name}/some/path"

    @property
    def env(self) -> dict[str, str]:
        """Everything that a Backroom needs for it."""
        return {"BACKROOM_FILES_URL": self.url, **self.credentials}

    def contents(self) -> dict[str, bytes]:
        """Everything in the bucket, by its whole key."""
        keys = [each["path"] for page in obstore.list(self.store) for each in page]
        return {key: bytes(obstore.get(self.store, key).bytes()) for key in keys}

    def put(self, key: str, data: bytes) -> None:
        """Puts something into the bucket as anybody might."""
        obstore.put(self.store, key, data)


class Server:
    """A running server, with one user who may do everything."""

    def __init__(self, log: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._child = spawn([MOTO, "-H", "127.0.0.1", "-p", str(port)], log=log)
        self._buckets = 0
        try:
            wait_until(lambda: self._child.poll() is not None or self._answers(), "the bucket's server")
            assert self._child.poll() is None, tail(log)
            self.key, self.secret = self._make_user()
        except BaseException:
            self.kill()
            raise

    def bucket(self) -> Bucket:
        """A new bucket."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        self._check("inf")
        self._ask("s3", "PUT", f"/{name}")
        self._check("0")
        return Bucket(self, name)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """For the time of the block it takes connections and says nothing."""
        self._child.send_signal(SIGSTOP)
        try:
            yield
        finally:
            self._child.send_signal(SIGCONT)

    def kill(self) -> None:
        """Ends it at once; everything in it is gone."""
        end(self._child, SIGKILL)

    def _make_user(self) -> tuple[str, str]:
        said = ""
        for name, more in (
            ("CreateUser", {}),
            ("PutUserPolicy", {"PolicyName": "all", "PolicyDocument": POLICY}),
            ("CreateAccessKey", {}),
        ):
            said = self._ask("iam", "POST", "/", {"Action": name, "UserName": "backroom", **more})
        found = [re.search(rf"<{name}>([^<]+)</{name}>", said) for name in ("AccessKeyId", "SecretAccessKey")]
        assert found[0]
        assert found[1]
        return found[0][1], found[1][1]

    def _ask(self, service: str, method: str, path: str, form: dict[str, str] | None = None) -> str:
        headers = {"Authorization": UNSIGNED.format(service)}
        answer = httpx.request(method, self.url + path, headers=headers, data=form)
        return answer.raise_for_status().text

    def _check(self, free_calls: str) -> None:
        """From so many calls on, it checks who calls."""
        headers = {"Content-Type": "text/plain"}
        answer = httpx.post(f"{self.url}/moto-api/reset-auth", headers=headers, content=free_calls)
        answer.raise_for_status()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/moto-api/data.json").is_success
        except httpx.TransportError:
            return False


@contextmanager
def s3_server(log: Path) -> Iterator[Server]:
    """A server for the time of the block."""
    server = Server(log)
    try:
        yield server
    finally:
        server.kill()
