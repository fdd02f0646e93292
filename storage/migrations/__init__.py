"""Alembic migrations of the two stores. They only grow; a test holds their end against storage.tables."""
