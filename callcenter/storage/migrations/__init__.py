"""The one Alembic history of both packages' tables."""
