"""How does an empty Postgres become ours? Roles, Dagster's database and the schema, repeatably.

Run by `oppulence up` and `oppulence migrate` under the owner's URL. The roles take their names and
passwords from the URLs that the application and orchestration will use, so that there is one place
to set a password and none in an image or a script.
"""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine

from core.database import APPLICATION_ROLE, DAGSTER_ROLE, SYSTEM_ROLE
from core.errors import ConfigurationError
from core.settings import Settings

# No request waits longer for a statement, and a process that was stopped in the middle of a
# transaction does not keep its locks. Dagster's own role sets what it needs.
TIME_LIMITS = {
    APPLICATION_ROLE: {
        "statement_timeout": "20s",
        "idle_in_transaction_session_timeout": "30s",
    },
    SYSTEM_ROLE: {
        "statement_timeout": "60s",
        "idle_in_transaction_session_timeout": "60s",
    },
}


MIGRATIONS = Path(__file__).parent / "migrations"


def prepare_database(settings: Settings) -> None:
    """Create what is missing and migrate the schema to its newest revision; idempotent.

    Raises:
        ConfigurationError: A URL is unset, or names another role than the schema grants to.
    """
    owner_url = settings.required("database_owner_url")
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(715801)")  # two starts at once take turns
        _ensure_role(connection, APPLICATION_ROLE, settings.required("database_url"))
        _ensure_role(connection, SYSTEM_ROLE, settings.required("database_system_url"))
        _ensure_role(connection, DAGSTER_ROLE, settings.required("dagster_database_url"))
        _ensure_database(connection, settings.required("dagster_database_url"), DAGSTER_ROLE)
        _migrate(owner_url)


def _ensure_role(connection: psycopg.Connection, role: str, url: str) -> None:
    parts = conninfo_to_dict(url)
    if parts.get("user") != role or not parts.get("password"):
        raise ConfigurationError(
            f"The URL for the role {role} must name that user and its password.",
            next_step=f"Use postgresql://{role}:PASSWORD@HOST/DATABASE.",
        )
    known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = "alter" if known else "create"
    connection.execute(
        sql.SQL(verb + " role {} login nosuperuser nobypassrls password {}").format(
            sql.Identifier(role), sql.Literal(str(parts["password"]))
        )
    )
    for name, value in TIME_LIMITS.get(role, {}).items():
        connection.execute(
            sql.SQL("alter role {} set {} = {}").format(
                sql.Identifier(role), sql.Identifier(name), sql.Literal(value)
            )
        )


def _ensure_database(connection: psycopg.Connection, url: str, owner: str) -> None:
    """Create the database of a role of its own, so that Dagster holds no key to the platform's."""
    name = str(conninfo_to_dict(url)["dbname"])
    if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        return
    role = sql.Identifier(owner)
    # A migrating role that is no superuser may give a database only to a role it belongs to.
    connection.execute(sql.SQL("grant {} to current_user").format(role))
    connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), role))


def _migrate(owner_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
