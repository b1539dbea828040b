"""What goes over the wire in the Patchrooms dialect."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from backroom.files.sniff import PIXELS
from backroom.projects.rules import CHANNEL_KEY, CHANNEL_NAME_LENGTH, COLOR, HEAVIEST, MASCOTS
from backroom.reports.rules import (
    AUDIO_MS,
    MOST_BLOCKS,
    TEXT_LENGTH,
    USER_ID_LENGTH,
    AudioBlock,
    ScreenshotBlock,
    SelectionBlock,
    Status,
    TextBlock,
)
from backroom.web.openapi import SPACES

UUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
TIME = Annotated[str, Meta(examples=["2026-06-03T09:14:22.000Z"], extra_json_schema={"format": "date-time"})]

# What only documents a rule that the core checks stands in extra_json_schema, so that it is checked once
# and in the core's words; the other limits are msgspec's to check.
ChannelKey = Annotated[str, Meta(extra_json_schema={"pattern": f"^{CHANNEL_KEY.pattern[:-2]}$"})]
ChannelName = Annotated[
    str,
    Meta(
        extra_json_schema={
            "minLength": 1,
            "maxLength": CHANNEL_NAME_LENGTH,
            "pattern": rf"^[^\u0000-\u001f]*[^{SPACES}\u0000-\u001f][^\u0000-\u001f]*$",
        }
    ),
]
Color = Annotated[str, Meta(extra_json_schema={"pattern": f"^{COLOR.pattern[:-2]}$"})]
Mascot = Annotated[str, Meta(extra_json_schema={"enum": list(MASCOTS)})]
BaseWeight = Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": HEAVIEST})]
HintWord = Annotated[str, Meta(extra_json_schema={"enum": ["suggest", "max"]})]
HintNumber = Annotated[float, Meta(extra_json_schema={"minimum": -HEAVIEST, "maximum": HEAVIEST})]
StatusIn = Annotated[str, Meta(extra_json_schema={"enum": [*Status, "new", "in_progress"]})]
# No text has a NUL character. That is checked over the whole body at once, and each field only says so.
NO_NUL = {"pattern": r"^[^\u0000]*$"}
Text = Annotated[str, Meta(extra_json_schema=NO_NUL)]
LongText = Annotated[Text, Meta(max_length=TEXT_LENGTH)]
UserId = Annotated[Text, Meta(max_length=USER_ID_LENGTH)]
HintUserId = Annotated[UserId, Meta(extra_json_schema={"minLength": 1})]
# Whole numbers, also written as 7.0: some clients have no other numbers, and to JSON Schema both are one.
Pixels = Annotated[float, Meta(ge=1, le=PIXELS, multiple_of=1)]
Milliseconds = Annotated[float, Meta(ge=1, le=AUDIO_MS, multiple_of=1)]


class ErrorOut(msgspec.Struct):
    """What every failure answers (Patchrooms, "REST", Errors)."""

    error: str
    code: str


class ProjectOut(msgspec.Struct, rename="camel"):
    """A project (Patchrooms, "REST")."""

    id: str
    name: str
    project_key: str
    url_patterns: list[str]
    default_channel_key: str
    identity_secret_set: bool
    created_at: TIME


class IdentityOut(msgspec.Struct, rename="camel"):
    """Who reported; `verified` where the signature was right."""

    user_id: str
    verified: bool


class ArtifactOut(msgspec.Struct, omit_defaults=True):
    """What was reviewed."""

    id: str
    title: str | None = None
    tool: str | None = None
    goal: str | None = None
    constraints: str | list[str] | None = None


class ReportOut(msgspec.Struct, rename="camel"):
    """A report (Patchrooms, "REST", Report); `artifact` only where one was reviewed."""

    id: str
    channel_key: str
    status: Status
    blocks: list[TextBlock | ScreenshotBlock | AudioBlock | SelectionBlock]
    context: dict[str, Any]
    identity: IdentityOut | None
    created_at: TIME
    artifact: ArtifactOut | UnsetType = UNSET


class ReportPage(msgspec.Struct, rename="camel"):
    """A page of reports, newest first; `nextCursor` is the next page's `before`, null on the last."""

    items: list[ReportOut]
    next_cursor: str | None


class StatusChange(msgspec.Struct, forbid_unknown_fields=True):
    """The status that a report gets; `new` stands for `open`, `in_progress` for `in-progress`."""

    status: StatusIn


class StatusOut(msgspec.Struct):
    """A report's status as it is now."""

    id: str
    status: Status


class ChannelOut(msgspec.Struct, rename="camel"):
    """A channel (Patchrooms, "REST", Channel)."""

    id: str
    key: str
    name: str
    color: str
    mascot: str
    base_weight: float
    archived: bool


class ChannelList(msgspec.Struct):
    """A project's channels, oldest first."""

    items: list[ChannelOut]


class NewChannel(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A channel to be; its key never changes."""

    key: ChannelKey
    name: ChannelName
    color: Color = "#c0392b"
    mascot: Mascot = "fox"
    base_weight: BaseWeight = 1.0


class ChannelChange(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What changes of a channel; what is left out stays."""

    name: ChannelName | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    mascot: Mascot | UnsetType = UNSET
    base_weight: BaseWeight | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class NewHint(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A bias towards a channel for five minutes, for one user or for everybody."""

    channel_key: str
    weight: HintWord | HintNumber
    user_id: HintUserId | None = None


class OkOut(msgspec.Struct):
    """Done."""

    ok: bool = True


class TextIn(TextBlock, tag="text", tag_field="type", frozen=True):
    """Words of the reporter."""

    text: Annotated[Text, Meta(min_length=1, max_length=TEXT_LENGTH)]


class ScreenshotIn(msgspec.Struct, tag="screenshot", tag_field="type", frozen=True):
    """A screenshot: `file` names the multipart part with its bytes, PNG or JPEG, at most 2 MB; sizes in pixels.

    What is stored are the measures that the bytes tell. `annotations` is any JSON of at most 64 KB.
    """

    file: Text
    width: Pixels
    height: Pixels
    annotations: msgspec.Raw | UnsetType = UNSET


class AudioIn(msgspec.Struct, tag="audio", tag_field="type", rename="camel", frozen=True):
    """A voice note: `file` names the multipart part with its bytes, WebM or MP4, at most 10 MB."""

    file: Text
    duration_ms: Milliseconds


class SelectionIn(SelectionBlock, tag="selection", tag_field="type", frozen=True, omit_defaults=True):
    """A quote of page text; `selector` where the reporter picked an element."""

    quote: LongText
    selector: Annotated[Text, Meta(max_length=1_000)] | None = None
    url: Annotated[Text, Meta(max_length=8_000)] | None = None


class IdentityIn(msgspec.Struct, rename="camel"):
    """Who reports; `signature` is lowercase hex HMAC-SHA256 of the user id under the project's secret."""

    user_id: UserId | None = None
    signature: Text | None = None


class ArtifactIn(msgspec.Struct, omit_defaults=True):
    """What is being reviewed; `id` is stable across regenerations and names the room."""

    id: Annotated[Text, Meta(min_length=1, max_length=200)]
    title: Annotated[Text, Meta(max_length=500)] | None = None
    tool: Annotated[Text, Meta(max_length=500)] | None = None
    goal: LongText | None = None
    constraints: LongText | Annotated[list[LongText], Meta(max_length=MOST_BLOCKS)] | None = None


class IngestIn(msgspec.Struct, rename="camel"):
    """A report as the widget sends it (Patchrooms, "Ingest"); fields that aren't known are ignored.

    `clientId` makes a retry answer the first result. `context` is an object of at most 64 KB.
    No text has a NUL character.
    """

    client_id: Annotated[str, Meta(extra_json_schema={"format": "uuid", "pattern": UUID_PATTERN})]
    blocks: Annotated[list[TextIn | ScreenshotIn | AudioIn | SelectionIn], Meta(min_length=1, max_length=MOST_BLOCKS)]
    context: Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})] | UnsetType = UNSET
    channel_key: Text | None = None
    identity: IdentityIn | None = None
    artifact: ArtifactIn | None = None


class IngestOut(msgspec.Struct, rename="camel"):
    """Where the report went. `receiptUrl` leads to a page that shows its state, to whoever has that address."""

    id: str
    channel_key: str
    status: Status
    receipt_url: str
