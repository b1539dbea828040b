"""What reporters send, through the public way in."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import httpx
from PIL import Image

from tests.harness.cast import Project


class Sender:
    """Sends reports to a project's ingest."""

    def __init__(self, client: httpx.Client, project: Project) -> None:
        self._client = client
        self._path = f"/api/v1/ingest/{project.project_key}"

    def __call__(self, text: str, **fields: Any) -> str:
        """A report of one text; returns its id."""
        return self.blocks([{"type": "text", "text": text}], **fields)

    def blocks(self, blocks: list[dict[str, Any]], **fields: Any) -> str:
        """A report of those blocks; returns its id."""
        return self._id(self._client.post(self._path, json=_report(blocks, fields)))

    def with_picture(self, text: str, size: tuple[int, int] = (640, 400), **extra: Any) -> str:
        """A report with a text and a screenshot; returns its id."""
        picture = io.BytesIO()
        Image.new("RGB", size, "#7950f2").save(picture, "PNG")
        shot = {"type": "screenshot", "file": "shot", "width": size[0], "height": size[1], **extra}
        report = _report([{"type": "text", "text": text}, shot], {})
        files: Any = {"report": (None, json.dumps(report)), "shot": ("shot.png", picture.getvalue(), "image/png")}
        return self._id(self._client.post(self._path, files=files))

    def _id(self, answer: httpx.Response) -> str:
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def _report(blocks: list[dict[str, Any]], fields: dict[str, Any]) -> dict[str, Any]:
    context = {"url": "https://app.example.com/checkout?step=3", "userAgent": "Mozilla/5.0 (X11; Linux) Chrome/140"}
    return {"clientId": str(uuid.uuid4()), "blocks": blocks, "context": context, **fields}
