"""Which tests `make test` runs on SQLite alone, and `make test-more` on PostgreSQL, too.

They are about what is decided before the store is asked, or about how a door words what the store said: roles and
scopes, forms, bodies that are refused. What the engines do by different SQL is tested on both in `tests/store`,
`tests/reports`, `tests/projects` and `tests/accounts`, and so is every door's way in and out.
"""

import pytest

DECIDED_BEFORE = {
    "tests/accounts": {"test_roles"},
    "tests/projects": {"test_roles"},
    "tests/contract/patchrooms": {
        "test_access",
        "test_channels",
        "test_errors",
        "test_hostile",
        "test_origins",
        "test_project",
        "test_routing",
        "test_uploads",
    },
    "tests/contract/miniback": {"test_errors", "test_hostile", "test_keys", "test_outsider", "test_sessions"},
    "tests/contract/mcp": {
        "test_injection",
        "test_oauth",
        "test_oauth_answers",
        "test_pages",
        "test_protocol",
        "test_reading",
    },
    "tests/web/dashboard": {
        "test_account",
        "test_channels",
        "test_copied",
        "test_entry",
        "test_integrations",
        "test_mended",
        "test_projects",
        "test_settings",
        "test_workspace",
    },
    "tests/web/widget": {"test_earlier", "test_pages", "test_scripts"},
}
"""Modules by their folder."""


def mark_later(item: pytest.Item) -> None:
    """Marks the test as one of `make test-more` where it is one of those, on PostgreSQL."""
    folder = item.path.parent.relative_to(item.config.rootpath).as_posix()
    if "postgresql" in item.name and item.path.stem in DECIDED_BEFORE.get(folder, ()):
        item.add_marker(pytest.mark.more)
