"""What Alembic runs: it hands over the connection that `storage.migrate` opened, and never opens one itself."""

from alembic import context

from roadlens.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    # Each step commits by itself: its locks are held no longer, and one that has to be tried again is tried alone.
    transaction_per_migration=True,
    on_version_apply=context.config.attributes.get("on_step", ()),
)
with context.begin_transaction():
    context.run_migrations()
