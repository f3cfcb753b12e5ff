"""Alembic's entry: runs the migrations on the connection that `workspace_place.migrate` hands over."""

from alembic import context

from assistant.store.workspace_tables import WorkspaceBase

context.configure(
    connection=context.config.attributes["connection"], target_metadata=WorkspaceBase.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
