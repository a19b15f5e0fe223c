"""How do the databases come to the present schema? Everything that is missing, in order, again.

Postgres' roles and tables, ClickHouse's databases and raw tables, dbt's models, Dagster's home:
each step is idempotent, so this runs at every start of `oppulence up` and before every deployment.
"""

import subprocess
import sys

from core.bootstrap import prepare_database
from core.errors import OppulenceError
from core.settings import Settings
from local.stack import prepare_engines
from oppulence.output import print_line
from oppulence.session import command_session


class ModelsFailedError(OppulenceError):
    """dbt could not bring the models to their present definition."""

    code = "models_failed"
    title = "The warehouse's models do not build"


def migrate_everything() -> None:
    """Migrate what settings point at, saying each step."""
    with command_session("migrate") as settings:
        migrate(settings)


def migrate(settings: Settings) -> None:
    """Bring every database of complete settings to the present schema; idempotent.

    Raises:
        ModelsFailedError: dbt failed; the detail is its last words.
    """
    from orchestration.instance import prepare_home
    from pipelines.ingest import prepare_warehouse

    print_line("Postgres: roles and tables")
    prepare_database(settings)
    print_line("ClickHouse: databases and raw tables")
    prepare_engines(settings, ("clickhouse",))
    prepare_warehouse(settings)
    print_line("ClickHouse: dbt's models")
    run_models(settings)
    print_line("Dagster: home")
    prepare_home(settings)


def run_models(settings: Settings) -> None:
    """Run every dbt seed and model.

    Raises:
        ModelsFailedError: dbt failed; the detail is its last words.
    """
    project = str(settings.dbt_project_dir)
    artifacts = settings.data_dir / "dbt-migrate"
    artifacts.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "build", "--exclude-resource-type", "test"),
            *("--exclude-resource-type", "unit_test"),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(artifacts), "--log-path", str(artifacts)),
        ],
        env=settings.dbt_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ModelsFailedError(
            f"dbt said: {' | '.join(done.stdout.strip().splitlines()[-12:])}",
            next_step="Mend the model that it names and run `oppulence migrate` again.",
        )
