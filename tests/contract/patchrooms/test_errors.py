"""Failures that no request can bring about on purpose (Patchrooms, "REST", Errors)."""

import json

from backroom.web.patchrooms.errors import answer_failure


def test_an_error_of_ours_tells_nothing() -> None:
    """A 500 with the headers of any other answer, so that a page can read it."""
    status, body, headers = answer_failure(RuntimeError("the password is 1234"), {"path": "/api/v1/ingest/pr_x"})
    assert isinstance(body, bytes)
    assert (status, json.loads(body)) == (500, {"error": "Internal error", "code": "INTERNAL"})
    assert (b"access-control-allow-origin", b"*") in headers
