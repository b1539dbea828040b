from tests.store.fixtures import core_store, db, migrated, room

__all__ = ["core_store", "db", "migrated", "room"]
