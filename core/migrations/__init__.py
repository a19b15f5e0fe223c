"""Alembic's folder: the history of Postgres's schema."""
