"""Who may do what."""

from __future__ import annotations

import pytest

from backroom.access import ALL_SCOPES, Actor, KeyScope, operator
from backroom.errors import Denied

PATCHROOMS_SCOPES = {
    "project:read",
    "project:write",
    "feedback:read",
    "feedback:write",
    "channel:read",
    "channel:write",
}


def test_the_scopes_are_the_dialects() -> None:
    """Patchrooms, "Keys and hosts", D."""
    assert set(KeyScope) == PATCHROOMS_SCOPES
    assert {str(scope) for scope in ALL_SCOPES} == PATCHROOMS_SCOPES


@pytest.mark.parametrize("scope", KeyScope)
def test_an_actor_needs_the_very_scope(scope: KeyScope) -> None:
    Actor("key", "k", "w", "p", frozenset({scope})).require(scope)
    with pytest.raises(Denied, match=scope):
        Actor("key", "k", "w", "p", ALL_SCOPES - {scope}).require(scope)


def test_an_actor_that_is_bound_reaches_its_project_only() -> None:
    bound = Actor("key", "k", "w", "p", ALL_SCOPES)
    bound.require_project("p")
    with pytest.raises(Denied):
        bound.require_project("q")
    operator("w").require_project("q")
