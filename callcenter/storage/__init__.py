"""Where everything is kept: one engine, one Alembic history, the journal's writer, and the readers of it."""
