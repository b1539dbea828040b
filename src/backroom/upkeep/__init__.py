"""Looking after a store: backup, restore, doctor and sample data."""
