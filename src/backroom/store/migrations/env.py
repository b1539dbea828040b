"""Alembic's entry: runs the revisions on the connection that `migrate` hands in."""

from alembic import context

from backroom.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
