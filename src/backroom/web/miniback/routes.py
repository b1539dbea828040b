"""Every route of the Miniback dialect (Miniback, "Routes"). The one that runs all day stands first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backroom.web.http import Operation, Parameter
from backroom.web.miniback import feedback, intake, projects
from backroom.web.miniback.about import ABOUT
from backroom.web.miniback.auth import Work, keyed, keyed_or_signed_in
from backroom.web.miniback.parameters import KEY_OPTIONAL, KEY_OR_SESSION, METERED, PAGES, RETRIED, SENDING, WINDOW
from backroom.web.miniback.shapes import (
    FeedbackAnswer,
    FeedbackIn,
    FeedbackPage,
    GoneAnswer,
    KeyMaskedAnswer,
    KeyShownAnswer,
    ProjectAnswer,
    ProjectChange,
    ProjectFeedbackPage,
    ProjectIn,
    ProjectsAnswer,
    ReceiptAnswer,
    StatusIn,
    WidgetFeedbackIn,
)
from backroom.web.openapi import description_operations

ALWAYS = (401, 403, 429, 500, 503)
"""What an operation that asks for a key may always answer."""


def _sending(path: str, work: Any, about: str, body: Any, *, public: bool = False) -> Operation[Any]:
    failures = (400, 404, 413, 415, *ALWAYS)
    extra = RETRIED | (KEY_OPTIONAL if public else {})
    return Operation("POST", path, work, about, ReceiptAnswer, 201, body, None, SENDING, failures, public, extra)


def _paid(
    method: str,
    path: str,
    work: Work,
    about: str,
    answer: Any,
    *,
    body: Any = None,
    status: int = 200,
    parameters: Sequence[Parameter] = (),
    failures: Sequence[int] = (),
    people: bool = False,
) -> Operation[Any]:
    """An operation for the paid plans, for `people` too or only for keys; `failures` are those that its path and
    body don't tell."""
    failures = (*failures, *ALWAYS, *((404,) if "{" in path else ()), *((400, 413, 415) if body else ()))
    who, extra = (keyed_or_signed_in, KEY_OR_SESSION) if people else (keyed, {})
    extra = extra | {"responses": {str(status): METERED}}
    return Operation(
        method, path, who(work), about, answer, status, body, None, parameters, sorted(failures), extra=extra
    )


# fmt: off
OPERATIONS: list[Operation[Any]] = [
    _sending("/projects/{projectId}/feedback", intake.post_project_feedback,
             "Send feedback, on any plan.", FeedbackIn),
    _sending("/feedback", intake.post_feedback,
             "Send feedback by the project's slug; a widget needs no key.", WidgetFeedbackIn, public=True),
    Operation("OPTIONS", "/feedback", intake.allow_feedback,
              "Let pages of any site send feedback.", status=204, public=True),

    _paid("GET", "/projects/{projectId}/feedback", feedback.list_project_feedback,
          "List a project's feedback.", ProjectFeedbackPage, parameters=WINDOW, failures=(304, 400)),
    _paid("GET", "/feedback", feedback.list_feedback,
          "List all feedback of the workspace, with a key or signed in to the dashboard.", FeedbackPage,
          parameters=PAGES, failures=(400, 404), people=True),
    _paid("GET", "/feedback/{feedbackId}", feedback.get_feedback,
          "Show one piece of feedback.", FeedbackAnswer),
    _paid("PUT", "/feedback/{feedbackId}", feedback.update_feedback,
          "Set the status of feedback.", FeedbackAnswer, body=StatusIn),
    _paid("DELETE", "/feedback/{feedbackId}", feedback.delete_feedback,
          "Delete feedback for good.", GoneAnswer),

    _paid("GET", "/projects", projects.list_projects,
          "List all projects of the workspace.", ProjectsAnswer),
    _paid("POST", "/projects", projects.create_project,
          "Create a project.", ProjectAnswer, body=ProjectIn, status=201),
    _paid("GET", "/projects/{projectId}", projects.get_project,
          "Show a project.", ProjectAnswer),
    _paid("PUT", "/projects/{projectId}", projects.update_project,
          "Change a project's name or slug.", ProjectAnswer, body=ProjectChange),
    _paid("DELETE", "/projects/{projectId}", projects.delete_project,
          "Delete a project and all its feedback for good.", GoneAnswer),
    _paid("GET", "/projects/{projectId}/api-key", projects.get_key,
          "Show how a project's key begins.", KeyMaskedAnswer),
    _paid("POST", "/projects/{projectId}/api-key", projects.regenerate_key,
          "Give a project a new key, shown this once; the old one ends.", KeyShownAnswer),
    *description_operations(ABOUT),
]
