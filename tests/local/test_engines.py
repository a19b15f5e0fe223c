"""Do the embedded engines hold what they are given, each tenant apart, and outlive any ending?"""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from redis.exceptions import AuthenticationError

from core.cache import connect_cache
from core.database import Database
from core.errors import ConfigurationError
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.lease import read_live
from local.stack import running_engines
from tests.local.processes import is_running, processes_naming, until

ONE, OTHER = TenantId("ws_engines_one"), TenantId("ws_engines_other")

HOLDER = """
import sys, time
from pathlib import Path
from core.settings import Settings
from local.stack import running_engines
with running_engines(Settings(data_dir=Path(sys.argv[1])), needed=["postgres", "redis"],
                     command="holder") as settings:
    print(settings.required("database_owner_url"), flush=True)
    sys.stdin.readline()
"""


def holder(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_every_engine_answers_and_every_commit_is_on_disk(engines: Settings) -> None:
    with psycopg.connect(engines.required("database_url")) as connection:
        found = connection.execute(
            "select current_user, current_setting('fsync'), current_setting('synchronous_commit')"
        ).fetchone()
    assert found == ("oppulence_app", "on", "on")
    with connect_cache(engines) as cache:
        cache.set("local:engines", b"\x00value")
        assert cache.get("local:engines") == b"\x00value"
    warehouse = Warehouse.connect(engines, pool_size=1)
    assert warehouse.rows(
        "select name from system.databases where name in ('raw', 'staging', 'unified', 'marts')"
        " order by name"
    ) == [{"name": "marts"}, {"name": "raw"}, {"name": "staging"}, {"name": "unified"}]
    warehouse.close()


def test_the_application_role_sees_one_workspace_and_none_without_naming_it(
    postgres: Settings,
) -> None:
    database = Database.connect(postgres, size=1)
    for tenant in (ONE, OTHER):
        with database.tenant(tenant) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'w')", [str(tenant)])
    with database.tenant(ONE) as rows:
        assert rows.execute("select id from workspaces").fetchall() == [{"id": "ws_engines_one"}]
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database.tenant(ONE) as rows,
    ):
        rows.execute("insert into workspaces (id, name) values ('ws_engines_third', 'w')")
    with database.system() as rows:
        assert rows.execute("select id from workspaces").fetchall() == []
    database.close()


def test_the_roles_are_no_superusers_and_bypass_nothing(postgres: Settings) -> None:
    with psycopg.connect(postgres.required("database_owner_url")) as connection:
        found = connection.execute(
            "select rolname, rolsuper, rolbypassrls from pg_roles"
            " where rolname like 'oppulence_%' and rolname <> 'oppulence_owner'"
            " order by rolname"
        ).fetchall()
    assert found == [
        ("oppulence_app", False, False),
        ("oppulence_dagster", False, False),
        ("oppulence_system", False, False),
    ]


def test_dagster_has_a_database_of_its_own_and_reads_nothing_of_ours(postgres: Settings) -> None:
    url = postgres.required("dagster_database_url")
    with psycopg.connect(url) as connection:
        connection.execute("create table runs_of_a_test (n int)")
    with (
        psycopg.connect(url.removesuffix("/dagster") + "/oppulence") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from connections")


def test_a_wrong_password_opens_nothing(postgres: Settings, redis: Settings) -> None:
    url = postgres.required("database_url")
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guessed"))
    place = redis.required("redis_url").split("@")[1]
    bare = redis.model_copy(update={"redis_url": SecretStr(f"redis://{place}")})
    with connect_cache(bare) as cache, pytest.raises(AuthenticationError):
        cache.get("anything")


def test_secrets_are_made_once_and_for_their_owner_only(postgres: Settings) -> None:
    path = postgres.data_dir / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads(path.read_text())
    assert len(set(kept.values())) == 7
    assert postgres.required("encryption_keys") == kept["encryption_key"]
    assert kept["database_password"] in postgres.required("database_url")


def test_data_survives_a_clean_restart(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    with running_engines(settings, needed=["postgres", "clickhouse"]) as first:
        database = Database.connect(first, size=1)
        with database.tenant(ONE) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'kept')", [str(ONE)])
        database.close()
        warehouse = Warehouse.connect(first, pool_size=1)
        warehouse.command("create table raw.kept (n UInt8) engine = MergeTree order by n")
        warehouse.command("insert into raw.kept values (7)")
        warehouse.close()
    assert processes_naming(settings.data_dir) == []
    assert read_live(settings.data_dir) is None
    with running_engines(settings, needed=["postgres", "clickhouse"]) as second:
        database = Database.connect(second, size=1)
        with database.tenant(ONE) as rows:
            assert rows.execute("select name from workspaces").fetchall() == [{"name": "kept"}]
        database.close()
        warehouse = Warehouse.connect(second, pool_size=1)
        assert warehouse.rows("select n from raw.kept") == [{"n": 7}]
        warehouse.close()


def test_a_second_command_joins_the_first_which_waits_for_it(data_dir: Path) -> None:
    first, second = holder(data_dir), holder(data_dir)
    assert first.stdout
    assert second.stdout
    urls = {first.stdout.readline(), second.stdout.readline()}
    assert len(urls) == 1
    live = read_live(data_dir)
    assert live is not None
    owner, guest = (first, second) if live.pid == first.pid else (second, first)
    assert live.command == "holder"
    assert owner.stdin
    owner.stdin.write("\n")
    owner.stdin.flush()
    until(lambda: read_live(data_dir) is None, "withdrawn")
    with psycopg.connect(urls.pop().strip()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert owner.poll() is None
    guest.communicate("\n", timeout=120)
    owner.communicate(timeout=120)
    assert (owner.returncode, guest.returncode) == (0, 0)
    assert processes_naming(data_dir) == []


def test_a_killed_command_leaves_no_process_and_loses_no_commit(data_dir: Path) -> None:
    first = holder(data_dir)
    assert first.stdout
    url = first.stdout.readline().strip()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 7 as n")
    engines = processes_naming(data_dir)
    assert engines
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    # The next command waits for the watcher to end the old engines, then owns the folder.
    with (
        running_engines(Settings(data_dir=data_dir), needed=["postgres", "redis"]) as settings,
        psycopg.connect(settings.required("database_owner_url")) as connection,
    ):
        assert connection.execute("select n from kept").fetchall() == [(7,)]
        assert [pid for pid in engines if is_running(pid)] == []


def test_credentials_are_not_sealed_for_a_lasting_database_under_a_local_key(
    tmp_path: Path, postgres: Settings
) -> None:
    external = Settings(data_dir=tmp_path, database_url=postgres.database_url)
    with (
        pytest.raises(ConfigurationError, match="OPPULENCE_ENCRYPTION_KEYS must be set"),
        running_engines(external, needed=["postgres"]),
    ):
        pass
