"""How do the databases come to the present schema? Everything that is missing, in order, again.

Postgres' roles and tables, ClickHouse's databases and raw tables, dbt's models, Dagster's home:
each step is idempotent, so this runs at every start of `oppulence up` and before every deployment.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from assets.dbt_docs import docs_page, write_docs
from assets.manifest import (
    built_mark,
    fingerprint,
    is_built,
    load_manifest,
    parse_due,
    parsed_folder,
)
from core.bootstrap import prepare_database
from core.errors import OppulenceError
from core.settings import Settings
from core.warehouse import Warehouse
from core.warehouse_reader import prepare_reader, readers_of
from local.stack import prepare_engines
from local.up import MODELS_FAILED_EXIT_CODE
from ml import tables as findings
from oppulence.output import print_line
from oppulence.session import command_session
from orchestration.instance import open_instance
from pipelines.ingest import prepare_warehouse
from reconciliation import tables as verdicts


class ModelsFailedError(OppulenceError):
    """dbt could not bring the models to their present definition."""

    code = "models_failed"
    title = "The warehouse's models do not build"
    exit_code = MODELS_FAILED_EXIT_CODE


def migrate_everything(*, changed_only: bool, full_refresh: bool) -> None:
    """Migrate what settings point at, saying each step."""
    with command_session("migrate") as settings:
        migrate(settings, changed_only=changed_only, full_refresh=full_refresh)


def migrate(
    settings: Settings,
    *,
    changed_only: bool = False,
    full_refresh: bool = False,
    say: Callable[[str], None] = print_line,
) -> None:
    """Bring every database of complete settings to the present schema; idempotent.

    Args:
        settings: Complete, with the owner's URL.
        changed_only: Skip dbt when its project is the one last built from this data folder.
        full_refresh: Build every model anew from the raw tables, as a changed column needs; the
            ledger's entries, which are never rewritten, are kept.
        say: Told each step as it begins.

    Raises:
        ModelsFailedError: dbt failed; the detail is its last words.
    """
    prepare_databases(settings, say=say)
    mark = built_mark(settings.data_dir)
    now = fingerprint(settings.dbt_project_dir)
    if changed_only and not full_refresh and is_built(settings.data_dir, now):
        say("ClickHouse: dbt's models are as they were built")
        if not docs_page(settings.data_dir).is_file():
            document_models(settings)
    else:
        say("ClickHouse: dbt's models")
        mark.unlink(missing_ok=True)
        build_models(settings, full_refresh=full_refresh)
        mark.write_text(now)


def prepare_databases(settings: Settings, *, say: Callable[[str], None] = print_line) -> None:
    """Bring everything but dbt's models to the present schema; idempotent."""
    say("Postgres: roles and tables")
    prepare_database(settings)
    with ThreadPoolExecutor(1) as pool:
        tables = pool.submit(_prepare_clickhouse, settings, say)
        say("Dagster: home and tables")
        with open_instance(settings):  # processes that start side by side would make them at once
            pass
        tables.result()


def _prepare_clickhouse(settings: Settings, say: Callable[[str], None]) -> None:
    say("ClickHouse: databases and raw tables")
    prepare_engines(settings, ("clickhouse",))
    prepare_warehouse(settings)
    prepare_findings(settings)
    for reader in readers_of(settings):
        say(f"ClickHouse: {reader.what}")
        warehouse = Warehouse.connect(settings, pool_size=1)
        try:
            prepare_reader(settings, warehouse, reader)
        finally:
            warehouse.close()


def document_models(settings: Settings) -> None:
    """Write the pages that explain the models, of the project as it is."""
    manifest = load_manifest(settings.dbt_project_dir, settings.dbt_environment())
    write_docs(manifest, docs_page(settings.data_dir))


def build_models(
    settings: Settings, *, full_refresh: bool = False, with_marts: bool = True
) -> None:
    """Run every dbt seed and model, or only the layers that fill themselves.

    The marts come in a second command: dbt takes a streaming table for done when it is made, before
    its views fill it, and marts in the same command could be built over empty ones.

    Raises:
        ModelsFailedError: dbt failed; the detail is its last words.
    """
    project = str(settings.dbt_project_dir)
    environment = settings.dbt_environment()
    artifacts = settings.data_dir / "dbt-migrate"
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [
        *("--no-write-json", "build", "--exclude-resource-type", "test"),
        *("--exclude-resource-type", "unit_test"),
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", str(artifacts), "--log-path", str(artifacts)),
        # A line for each of hundreds of models costs a fifth of the build, and nobody reads it.
        *("--log-level", "error", "--log-level-file", "warn"),
        *(("--full-refresh",) if full_refresh else ()),
    ]
    commands = [[*command, "--exclude", "path:models/marts"]]
    if with_marts:
        commands.append([*command, "--select", "path:models/marts"])
    # Parsed once for this run and for Dagster, which would otherwise parse at its own start.
    with parse_due(settings.dbt_project_dir) as parse:
        if parse:
            commands.insert(0, parse)
        else:
            parsed = parsed_folder(settings.dbt_project_dir) / "partial_parse.msgpack"
            shutil.copy(parsed, artifacts / parsed.name)
        _run_dbt(commands, environment)
    document_models(settings)


def _run_dbt(commands: list[list[str]], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assets.dbt_commands", json.dumps(commands)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stdout.strip() or done.stderr.strip()
        raise ModelsFailedError(
            f"dbt said: {' | '.join(said.splitlines()[-12:])}",
            next_step="Mend the model that it names and run `oppulence migrate` again, with"
            " --full-refresh if its columns have changed (the ledger keeps its entries).",
        )


def prepare_findings(settings: Settings) -> None:
    """Create the tables of the enrichment and of the reconciliation.

    So that the API and dbt's models may ask them from their first hour.
    """
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        findings.prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
        verdicts.prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
    finally:
        warehouse.close()
