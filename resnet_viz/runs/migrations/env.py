"""What Alembic asks for: which connection to work on. The caller has begun its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
