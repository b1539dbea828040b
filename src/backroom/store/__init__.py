"""The durable store: tables, migrations, the group-committing writer, search. SQLite or PostgreSQL."""
