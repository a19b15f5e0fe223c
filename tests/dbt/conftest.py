"""Which project do these tests look at? The real one, built once on an engine of its own."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from assets.dbt_cli import PARTIAL_PARSE
from assets.manifest import load_manifest, parsed_folder
from assets.reconciliation import reconcile_all
from core.clock import utc_now
from core.settings import Settings
from core.warehouse import Warehouse
from local.stack import running_engines
from pipelines.arrow import ARROW_SCHEMA
from pipelines.raw import ensure_raw_tables
from pipelines.registry import raw_tables
from reconciliation.tables import prepare_tables
from sandbox.company.books import Books
from tests.dbt import landed, metered
from tests.dbt.company import WORKSPACE, Company, make_company
from tests.dbt.dbt_process import dbt_process

# No look back at what landed before the last run: a change must be found by its own time alone.
# Slices so small that every larger mart takes several: what holds at once holds of them.
KEYS_PER_SLICE = 250
VARIABLES = f'{{"landing_overlap_seconds": 0, "keys_per_slice": {KEYS_PER_SLICE}}}'

Land = Callable[..., None]
Build = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A gateway of this room's own: dbt's databases have fixed names that others fill too."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("dbt-clickhouse"))
    with running_engines(settings, needed=["clickhouse"]) as complete:
        yield complete


@pytest.fixture(scope="session")
def warehouse(clickhouse: Settings) -> Iterator[Warehouse]:
    """A client of the engine, with every raw table there."""
    client = Warehouse.connect(clickhouse)
    ensure_raw_tables(client, raw_tables())
    prepare_tables(client)
    yield client
    client.close()


@pytest.fixture(scope="session")
def target_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt leaves its artifacts."""
    return tmp_path_factory.mktemp("dbt-target")


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """What dbt understood of the project."""
    settings = Settings()
    return load_manifest(settings.dbt_project_dir, settings.dbt_environment())


@pytest.fixture(scope="session")
def dbt(clickhouse: Settings, manifest: dict[str, Any], target_dir: Path) -> Iterator[Build]:
    """Runs a dbt command to its end; it must succeed."""
    project, target = str(clickhouse.dbt_project_dir), str(target_dir)
    # Nobody reads the thousands of lines of each command, nor the project as dbt writes it anew.
    quiet = ("--log-level-file", "none", "--log-path", target, "--no-write-json")
    places = ("--project-dir", project, "--profiles-dir", project, "--target-path", target)
    shutil.copy(parsed_folder(clickhouse.dbt_project_dir) / PARTIAL_PARSE, target_dir)
    parse = [*quiet, "--quiet", "parse", *places]
    with dbt_process(clickhouse.dbt_environment(), parse) as start:

        def run(*arguments: str, variables: str = VARIABLES) -> subprocess.CompletedProcess[str]:
            result = start([*quiet, *arguments, *places, "--vars", variables])
            assert result.returncode == 0, result.stdout[-4000:]
            return result

        yield run


@pytest.fixture(scope="session")
def built(warehouse: Warehouse, dbt: Build) -> Warehouse:
    """The engine with the seeds and the streaming layers; tests of the marts build those."""
    dbt("build", "--resource-types", "model", "seed", "--exclude", "path:models/marts")
    return warehouse


@pytest.fixture(scope="session")
def broken(built: Warehouse, dbt: Build, target_dir: Path) -> Callable[[str, str], list[Any]]:
    """Finds what one of the project's own tests finds: `broken(name, workspace)`."""
    dbt("compile", "--select", "test_type:singular", "--exclude", "path:models/marts")
    folder = target_dir / "compiled" / "oppulence" / "tests"

    def find(name: str, workspace: str) -> list[Any]:
        sql = (folder / f"{name}.sql").read_text()
        return built.rows(
            f"select * from ({sql}) where workspace_id = {{workspace:String}}",
            {"workspace": workspace},
        )

    return find


@pytest.fixture(scope="session")
def land(warehouse: Warehouse) -> Land:
    """Inserts raw rows: `land("stripe_charge", "ws_x", [(id, version, payload), …])`."""

    def insert(
        table: str,
        workspace: str,
        rows: Sequence[tuple[str, int, str]],
        *,
        is_deleted: int = 0,
    ) -> None:
        now = utc_now()
        fields = [
            [workspace] * len(rows),
            ["conn_test"] * len(rows),
            [identity for identity, _, _ in rows],
            [version for _, version, _ in rows],
            [is_deleted] * len(rows),
            ["poll"] * len(rows),
            [now] * len(rows),
            [payload for _, _, payload in rows],
        ]
        arrays = [
            pa.array(values, field.type) for values, field in zip(fields, ARROW_SCHEMA, strict=True)
        ]
        warehouse.insert_arrow(f"raw.{table}", pa.Table.from_arrays(arrays, schema=ARROW_SCHEMA))

    return insert


@pytest.fixture(scope="session")
def metered_company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Books, list[metered.Rows]]:
    """The books and the rows of a company that sells by use; `company` lands and builds them."""
    return metered.make(tmp_path_factory.mktemp("metered"))


@pytest.fixture(scope="session")
def company(
    built: Warehouse,
    clickhouse: Settings,
    land: Any,
    dbt: Any,
    tmp_path_factory: pytest.TempPathFactory,
    metered_company: tuple[Books, list[metered.Rows]],
) -> Company:
    """The company, half of it landed before the marts' full build and half of it after.

    All coupons come after: discounts that landed before them were worth nothing until then. So do
    its banks and books, which are reconciled then.
    """
    made = make_company(tmp_path_factory.mktemp("company"))
    for workspace, table, rows in metered_company[1]:
        if table != metered.LATE:
            land(table, workspace, rows)
    for landing in landed.before():
        land(landing.table, landing.workspace, landing.rows)
    later = []
    for table, rows in made.rows():
        if table == "stripe_coupon":
            later.append((table, rows))
            continue
        land(table, WORKSPACE, rows[::2])
        later.append((table, rows[1::2]))
    dbt("run", "--select", "marts")
    for table, rows in later:
        if rows:
            land(table, WORKSPACE, rows)
    for workspace, table, rows in metered_company[1]:
        if table == metered.LATE:
            land(table, workspace, rows)
    for landing in landed.after():
        land(landing.table, landing.workspace, landing.rows, is_deleted=landing.is_deleted)
    made.banked.land(built)
    reconcile_all(built, clickhouse)
    dbt("build", "--select", "marts")  # with the unit tests beside the models
    return made
