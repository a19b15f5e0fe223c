"""Can every migration be taken back? Down the whole chain and up again, the schema is the same."""

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, create_engine

from core.bootstrap import MIGRATIONS
from core.settings import Settings
from core.tenancy import new_id

_SCHEMA = """
select 'table', relname, relkind::text, relacl::text,
    concat(relrowsecurity, relforcerowsecurity), ''
from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S', 'p')
union all
select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    concat(a.attnotnull, a.attacl::text), pg_get_expr(d.adbin, d.adrelid)
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
union all
select 'index', tablename, indexname, indexdef, '', '' from pg_indexes where schemaname = 'public'
union all
select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
union all
select 'policy', tablename, policyname, roles::text, qual, with_check
from pg_policies where schemaname = 'public'
union all
select 'function', proname, pg_get_function_identity_arguments(oid), md5(prosrc), '', ''
from pg_proc where pronamespace = 'public'::regnamespace
union all
select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', ''
from pg_trigger where not tgisinternal
order by 1, 2, 3, 4, 5, 6
"""


@pytest.fixture
def empty_database(postgres: Settings):
    """A database of its own beside the migrated one, owned by whoever migrates."""
    owner, name = postgres.required("database_owner_url"), new_id("migrations")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield psycopg.conninfo.make_conninfo(owner, dbname=name)
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


def test_every_migration_can_be_taken_back_and_made_again(empty_database: str):
    """At each revision on the way down the schema is what it was on the way up."""
    folder = str(MIGRATIONS)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(empty_database))
    config = Config()
    config.set_main_option("script_location", folder)
    chain = [one.revision for one in ScriptDirectory(folder).walk_revisions()][::-1]

    def schema(connection: Connection) -> list[tuple[object, ...]]:
        connection.commit()  # of what was migrated: the next begins anew
        found = [tuple(row) for row in connection.exec_driver_sql(_SCHEMA)]
        connection.commit()
        return [row for row in found if row[1] != "alembic_version"]

    with engine.connect() as connection:
        config.attributes["connection"] = connection
        was = {"base": schema(connection)}
        for revision in chain:
            command.upgrade(config, revision)
            was[revision] = schema(connection)
        for revision, before in zip(chain[::-1], [*chain[-2::-1], "base"], strict=True):
            command.downgrade(config, before)
            assert schema(connection) == was[before], f"{revision} leaves something behind"
        command.upgrade(config, "head")
        assert schema(connection) == was[chain[-1]]
    engine.dispose()
