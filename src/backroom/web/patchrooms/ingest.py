"""The public way in: `POST /api/v1/ingest/:projectKey` (Patchrooms, "Ingest")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request

from backroom.clock import now_ms
from backroom.errors import Denied, Invalid, NotFound
from backroom.projects.directory import ProjectFacts, Stale
from backroom.projects.rules import origin_allowed, signature_is_right
from backroom.reports import rules
from backroom.reports.submit import Submission, Submitted, submit_report
from backroom.web.http import Answer, decode_json, header, raw_answer, read_body, require_json
from backroom.web.patchrooms.shapes import IdentityIn, IngestIn, TextIn

if TYPE_CHECKING:
    from backroom.web.patchrooms.door import PatchroomsDoor

ATTEMPTS = 3
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")

_decoder = msgspec.json.Decoder(IngestIn)
_context_decoder = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.encode


async def ingest(door: PatchroomsDoor, request: Request) -> Answer:
    """Takes a report; answers once it is on disk."""
    scope = request.scope
    project_key: str = scope["path_params"]["projectKey"]
    require_json(scope)
    body = await read_body(request, door.settings.max_json)
    sent = decode_json(body, _decoder)
    origin = header(scope, b"origin")
    for _ in range(ATTEMPTS):
        project = door.directory.kept_project(project_key) or await door.db.read_short(
            door.directory.by_project_key, project_key
        )
        if project is None:
            raise NotFound("There is no project with this key.")
        if not origin_allowed(project.allowed_origins, None if origin is None else origin.decode("latin-1")):
            raise Denied("This origin isn't among the project's allowed origins.")
        try:
            done = await door.db.write(submit_report, submission_of(sent, project, body, now_ms()))
        except Stale:
            await door.db.read_short(door.directory.by_project_key, project_key)
            continue
        return _answer(done)
    raise Stale("The project's settings keep changing; send this again.")


def submission_of(sent: IngestIn, project: ProjectFacts, body: bytes, now: int) -> Submission:
    """What was sent, checked, as the store takes it. Raises Invalid."""
    if not UUID.match(sent.client_id):
        raise Invalid("clientId must be a UUID.")
    if not 1 <= len(sent.blocks) <= rules.MOST_BLOCKS:
        raise Invalid(f"blocks must have 1 to {rules.MOST_BLOCKS} entries.")
    blocks = sent.blocks
    context = bytes(sent.context)
    facts = _context_decoder.decode(context)
    url = facts.get("url")
    identity, user_id = _identity(sent.identity, project)
    texts = [block for block in blocks if isinstance(block, TextIn)]
    return Submission(
        project,
        now,
        "WIDGET",
        sent.client_id.lower(),
        sent.channel_key,
        rules.title_from(texts[0].text) if texts else rules.UNTITLED,
        "\n\n".join(block.text for block in texts),
        _encode(blocks),
        context,
        identity,
        user_id,
        url if isinstance(url, str) else None,
        None if sent.artifact is None else sent.artifact.id,
    )


def _identity(sent: IdentityIn | None, project: ProjectFacts) -> tuple[bytes | None, str | None]:
    if sent is None or not sent.user_id:
        return None, None
    verified = signature_is_right(project.identity_secret, sent.user_id, sent.signature)
    return _encode({"userId": sent.user_id, "verified": verified}), sent.user_id


def _answer(done: Submitted) -> Answer:
    body = b'{"id":"%b","channelKey":"%b","status":"%b"}' % (
        done.id.encode(),
        done.channel_key.encode(),
        done.status.encode(),
    )
    return raw_answer(body, 201 if done.created else 200, [(b"access-control-allow-origin", b"*")])
