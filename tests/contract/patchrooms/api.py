"""What the Patchrooms contract tests share: a client, reports to send, pictures and sounds to go with them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image

WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm" + bytes(
    40
)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(40)
UNKNOWN_ID = "65f000000000000000000000"

Json = dict[str, Any]


@dataclass
class Api:
    """One person's way to one project. `http` has the server's address; `key` is sent with every call."""

    http: httpx.Client
    project: str
    project_key: str
    key: str

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Calls `/api/v1/projects/{project}{path}`; `key=` another key, None for none."""
        key = more.pop("key", self.key)
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {key}"} if key is not None else {})
        return self.http.request(method, f"/api/v1/projects/{self.project}{path}", headers=headers, **more)

    def get(self, path: str = "", **query: Any) -> Json:
        """The answer, which must be 200."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def send(self, report: Json | bytes, **headers: str) -> httpx.Response:
        """Sends a report as JSON."""
        body = report if isinstance(report, bytes) else json.dumps(report).encode()
        headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): v for name, v in headers.items()}
        return self.http.post(f"/api/v1/ingest/{self.project_key}", content=body, headers=headers)

    def sent(self, report: Json) -> Json:
        """Sends a report that must be new; returns the answer."""
        answer = self.send(report)
        assert answer.status_code == 201, answer.text
        body: Json = answer.json()
        return body

    def send_form(self, report: Json, *parts: tuple[str, bytes], **headers: str) -> httpx.Response:
        """Sends a report with files as multipart/form-data."""
        files: list[tuple[str, tuple[str | None, bytes, str]]]
        files = [("report", (None, json.dumps(report).encode(), "application/json"))]
        files += [(name, (f"{name}.bin", data, "application/octet-stream")) for name, data in parts]
        return self.http.post(f"/api/v1/ingest/{self.project_key}", files=files, headers=headers)

    def stored(self, answer: httpx.Response) -> Json:
        """The report that an ingest answered."""
        assert answer.status_code in (200, 201), answer.text
        return self.get(f"/feedback/{answer.json()['id']}")


def report(*blocks: Json, **more: Any) -> Json:
    """A report of these blocks, or of one text."""
    return {"clientId": str(uuid4()), "blocks": list(blocks or [text("It broke")]), "context": {}} | more


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def screenshot(file: str = "shot", width: int = 1, height: int = 1, **more: Any) -> Json:
    return {"type": "screenshot", "file": file, "width": width, "height": height} | more


def audio(file: str = "voice", duration: int = 1200) -> Json:
    return {"type": "audio", "file": file, "durationMs": duration}


def picture(kind: str = "PNG", width: int = 7, height: int = 5) -> bytes:
    """The bytes of a small picture."""
    out = BytesIO()
    Image.new("RGB", (width, height), "#c0392b").save(out, kind)
    return out.getvalue()


def failure(answer: httpx.Response) -> tuple[int, str]:
    """A failure's status and code; it must have the dialect's shape (Patchrooms, REST: Errors)."""
    body = answer.json()
    assert body.keys() == {"error", "code"}
    assert isinstance(body["error"], str)
    assert body["error"]
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, body["code"]
