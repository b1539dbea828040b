import pytest

from backroom.store.database import Database
from tests.accounts.team import Team, make_team
from tests.store.fixtures import core_store, db, migrated, room

__all__ = ["core_store", "db", "migrated", "room", "team"]


@pytest.fixture
def team(db: Database) -> Team:
    """Somebody of every role, and an outsider."""
    return make_team(db)
