"""What a dialect refuses for what it says, its OpenAPI document doesn't allow: each value of a request in its corners.

The random requests beside this would find it too, in some run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.schema import test_miniback, test_patchrooms
from tests.schema.conftest import House
from tests.schema.corners import Corners
from tests.schema.trial import Json, Refusal

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

NEEDS_FILES = Refusal(400, r"^Send screenshots and audio as multipart/form-data")
NO_SUCH_REPORT = Refusal(400, r"^before must be the id of a report of this project")
REFUSALS = test_patchrooms.REFUSALS | test_miniback.REFUSALS | {f"GET {test_patchrooms.FEEDBACK}": (NO_SUCH_REPORT,)}
"""What the documents can't tell; that a report is there is what they are narrowed to elsewhere."""
LABELS = [label for label in test_patchrooms.LABELS + test_miniback.LABELS if not label.startswith("OPTIONS")]


@pytest.fixture(scope="module")
def documents(house: House) -> dict[str, Json]:
    """Both documents, by the beginning of their paths."""
    return {door: house.http.get(f"{door}/openapi.json").json() for door in ("/api/v1", "/api")}


@pytest.fixture
def corners(house: House, documents: dict[str, Json], label: str) -> Corners:
    project = house.cast.owner.project
    named = {
        "projectId": house.spare_project if label in test_miniback.SPOILING else project.id,
        "projectKey": project.project_key,
        "reportId": house.reports[0],
        "feedbackId": house.reports[0],
        "fileId": house.files[0],
        "channelKey": house.channel,
    }
    return Corners(documents["/api/v1" if "/api/v1" in label else "/api"], label, named, REFUSALS.get(label, ()))


@pytest.mark.parametrize("label", LABELS)
def test_what_the_document_allows_is_taken(house: House, corners: Corners, label: str) -> None:
    """And what it doesn't allow is not done."""
    headers = house.miniback | {"Authorization": f"Bearer {house.cast.owner.key}"}
    for request, allowed in asked(corners):
        answer = corners.send(house.http, headers, **request)
        told = f"{str(request)[:500]}: {answer.status_code} {answer.text[:200]}"
        assert answer.status_code < 500, told
        assert not (allowed and corners.refused(answer)), f"The document allows {told}"
        assert allowed or answer.status_code >= 400, f"The document doesn't allow {told}"


def asked(corners: Corners) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every request of the corners, and whether the document allows it."""
    for body, allowed in corners.bodies():
        yield {"json": body}, allowed
    for query, allowed in corners.queries():
        yield {"params": query}, allowed
