"""The databases of this folder's tests."""

from tests.storage.postgres import database, database_url, postgres_server, postgres_url

__all__ = ["database", "database_url", "postgres_server", "postgres_url"]
