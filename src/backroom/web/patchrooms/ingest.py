"""The public way in: `POST /api/v1/ingest/:projectKey` (Patchrooms, "Ingest")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.types import Scope

from backroom.clock import now_ms
from backroom.errors import Denied, Invalid, NotFound, TooLarge, WrongType
from backroom.projects.directory import ProjectFacts, Stale
from backroom.projects.rules import signature_is_right
from backroom.reports import rules
from backroom.reports.places import find_agent
from backroom.reports.submit import StoredFile, Submission, Submitted, submit_report
from backroom.web.http import JSON, Answer, decode_json, header, read_body
from backroom.web.patchrooms.bodies import decode_part, refuse_nul
from backroom.web.patchrooms.cors import NO_ORIGIN, PREFLIGHT, REFUSED, admits, cors_headers
from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.patchrooms.shapes import AudioIn, IdentityIn, IngestIn, ScreenshotIn
from backroom.web.patchrooms.upload import Upload

ATTEMPTS = 10
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
MULTIPART = "multipart/form-data"
NEEDS_FILES = f"Send screenshots and audio as {MULTIPART}: the report in the part 'report', each file in its own."
WIDGET = rules.Source.WIDGET.value

_decoder = msgspec.json.Decoder(IngestIn)
_context_decoder = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.encode


async def ingest(door: PatchroomsDoor, request: Request) -> Answer:
    """Takes a report; answers once it is on disk."""
    scope = request.scope
    project_key: str = scope["path_params"]["projectKey"]
    project = door.directory.kept_project(project_key)
    if project is None or not admits(scope, project):
        project = await _admit(door, scope, project_key)
    door.limits.check(scope, project.id)
    try:
        if is_form(header(scope, b"content-type")):
            return await _ingest_form(door, request, project)
        sent = decode_report(await read_body(request, door.settings.max_json))
        for block in sent.blocks:
            if isinstance(block, (ScreenshotIn, AudioIn)):
                raise Invalid(NEEDS_FILES)
        done = await _store(door, scope, project, sent, sent.blocks)  # type: ignore[arg-type]
    except (Invalid, TooLarge, WrongType):
        # Only a write finds out whether the copy of the project was the present one.
        await _admit(door, scope, project_key)
        raise
    return _answer(door, scope, project, done)


async def preflight(door: PatchroomsDoor, request: Request) -> Answer:
    """Tells a browser whether the page may send; an unknown key is left to the request itself to be told.

    Forms and text, which are sent without asking, are refused readably by the request itself.
    """
    scope = request.scope
    project = await door.find_project(scope["path_params"]["projectKey"])
    if project is not None and not admits(scope, project):
        scope["cors"] = NO_ORIGIN
        raise Denied(REFUSED)
    return Answer(204, b"", [*cors_headers(scope), *PREFLIGHT])


async def _ingest_form(door: PatchroomsDoor, request: Request, project: ProjectFacts) -> Answer:
    """The same with files: their bytes are on disk before the report that refers to them is."""
    scope, settings = request.scope, door.settings
    async with Upload(door.db, door.blobs, project.id) as upload:
        sent = decode_report(await upload.read(request, settings.max_body, settings.max_json))
        blocks = await upload.keep(sent.blocks)
        return _answer(door, scope, project, await _store(door, scope, project, sent, blocks, upload.files))


async def _admit(door: PatchroomsDoor, scope: Scope, project_key: str) -> ProjectFacts:
    """The project as it is now. Raises NotFound; Denied for a page that it doesn't allow."""
    project = await door.find_project(project_key)
    if project is None:
        door.limits.check(scope, "")
        raise NotFound("There is no project with this key.")
    if not admits(scope, project):
        door.limits.check(scope, "")
        raise Denied(REFUSED)
    return project


async def _store(
    door: PatchroomsDoor,
    scope: Scope,
    project: ProjectFacts,
    sent: IngestIn,
    blocks: Sequence[rules.Block],
    files: Sequence[StoredFile] = (),
) -> Submitted:
    for _ in range(ATTEMPTS):
        try:
            return await door.db.write(submit_report, submission_of(sent, blocks, files, project, now_ms()))
        except Stale:
            project = await _admit(door, scope, project.project_key)
    raise Stale("The project's settings keep changing; send this again.")


def is_form(declared: bytes | None) -> bool:
    """Whether the content type is a form with files; JSON else, also as text/plain, which `sendBeacon` says.

    Raises WrongType.
    """
    if declared is None or declared == JSON[1]:
        return False
    kind = declared.split(b";", 1)[0].strip().lower()
    if kind == MULTIPART.encode():
        return True
    if kind in (JSON[1], b"text/plain") or kind.endswith(b"+json"):
        return False
    raise WrongType(f"The content type must be application/json or {MULTIPART}.")


def decode_report(body: bytes) -> IngestIn:
    """The report as sent, its fields checked one by one. Raises Invalid."""
    sent = decode_json(body, _decoder)
    refuse_nul(body)
    if not UUID.match(sent.client_id):
        raise Invalid("clientId must be a UUID.")
    return sent


def submission_of(
    sent: IngestIn, blocks: Sequence[rules.Block], files: Sequence[StoredFile], project: ProjectFacts, now: int
) -> Submission:
    """The report as the store takes it, with `blocks` as they are to be read. Raises Invalid."""
    context = b"{}" if sent.context is UNSET else bytes(sent.context)
    facts = decode_part("context", context, _context_decoder)
    url = facts.get("url")
    identity, user_id = _identity(sent.identity, project)
    return Submission(
        project=project,
        now=now,
        source=WIDGET,
        client_id=sent.client_id.lower(),
        channel=sent.channel_key,
        title=rules.title_of(blocks),
        message=rules.message_of(blocks),
        blocks=_encode(blocks),
        context=context,
        identity=identity,
        user_id=user_id,
        url=url if isinstance(url, str) else None,
        artifact_id=None if sent.artifact is None else sent.artifact.id,
        artifact=None if sent.artifact is None else _encode(sent.artifact),
        files=files,
        agent=find_agent(facts),
    )


def _identity(sent: IdentityIn | None, project: ProjectFacts) -> tuple[bytes | None, str | None]:
    if sent is None or not sent.user_id:
        return None, None
    verified = signature_is_right(project.identity_secret, sent.user_id, sent.signature)
    return _encode({"userId": sent.user_id, "verified": verified}), sent.user_id


def _answer(door: PatchroomsDoor, scope: Scope, project: ProjectFacts, done: Submitted) -> Answer:
    body = b'{"id":"%b","channelKey":"%b","status":"%b","receiptUrl":"/s/%b"}' % (
        done.id.encode(),
        done.channel_key.encode(),
        done.status.encode(),
        door.receipts.token(project.id, done.id).encode(),
    )
    return Answer(201 if done.created else 200, body, [JSON, *cors_headers(scope)])
