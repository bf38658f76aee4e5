"""What Alembic runs: it hands over the connection that `storage.migrate` opened, and never opens one itself."""

from alembic import context

from roadlens.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
