from tests.store.fixtures import migrated

__all__ = ["migrated"]
