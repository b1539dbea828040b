from tests.store.fixtures import core_store, db, migrated, room, spares

__all__ = ["core_store", "db", "migrated", "room", "spares"]
