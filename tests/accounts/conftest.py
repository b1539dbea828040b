import pytest

from backroom.store.database import Database
from tests.accounts.team import Team, make_team
from tests.store.fixtures import core_store, db, migrated, room, spares

__all__ = ["core_store", "db", "migrated", "room", "spares", "team"]


@pytest.fixture
def team(db: Database) -> Team:
    """Somebody of every role, and an outsider."""
    return make_team(db)
