"""What goes over the wire in the Patchrooms dialect."""

from __future__ import annotations

from typing import Any

import msgspec


class TextIn(msgspec.Struct, tag="text", tag_field="type"):
    """A text block as sent."""

    text: str


class ScreenshotIn(msgspec.Struct, tag="screenshot", tag_field="type"):
    """A screenshot as sent: `file` names the multipart part with its bytes; sizes in pixels."""

    file: str
    width: int
    height: int
    annotations: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class AudioIn(msgspec.Struct, tag="audio", tag_field="type", rename="camel"):
    """A voice note as sent: `file` names the multipart part with its bytes."""

    file: str
    duration_ms: int


class SelectionIn(msgspec.Struct, tag="selection", tag_field="type"):
    """A quote of page text."""

    quote: str
    selector: str | None = None
    url: str | None = None


class IdentityIn(msgspec.Struct, rename="camel"):
    """Who reports; `signature` is lowercase hex HMAC-SHA256 of the user id."""

    user_id: str | None = None
    signature: str | None = None


class ArtifactIn(msgspec.Struct):
    """What is being reviewed."""

    id: str
    title: str | None = None
    tool: str | None = None
    goal: str | None = None
    constraints: Any = None


class IngestIn(msgspec.Struct, rename="camel"):
    """A report as the widget sends it (Patchrooms, "Ingest")."""

    client_id: str
    blocks: list[TextIn | ScreenshotIn | AudioIn | SelectionIn]
    context: msgspec.Raw = msgspec.Raw(b"{}")
    channel_key: str | None = None
    identity: IdentityIn | None = None
    artifact: ArtifactIn | None = None


class IngestOut(msgspec.Struct, rename="camel"):
    """Where the report went."""

    id: str
    channel_key: str
    status: str
