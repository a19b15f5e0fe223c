"""How does a dbt command run with our settings, and its results become Dagster events?

dagster-dbt's `DbtCliResource` starts dbt with this process's environment, asks `dbt --version` in a
process of its own and opens a second adapter. Ours may hold settings that no environment has (the
command line starts engines and runs assets in one process), so this module starts the same
`DbtCliInvocation` with the environment that the settings make, and nothing else.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from dagster import AssetExecutionContext
from packaging.version import Version

from assets.dagster_dbt_alone import (
    DagsterDbtTranslator,
    DbtCliInvocation,
    get_updated_cli_invocation_params_for_context,
)
from assets.manifest import DBT_COMMAND, parsed_folder
from core.settings import Settings

PARTIAL_PARSE = "partial_parse.msgpack"


@dataclass(frozen=True, slots=True)
class DbtCli:
    """Runs dbt for assets. The artifacts of the last few runs stay in the data folder."""

    settings: Settings
    kept_runs: int = 5

    def start(self, arguments: Sequence[str], context: AssetExecutionContext) -> DbtCliInvocation:
        """Start dbt over the nodes that the run selected; the caller streams its events."""
        op_context = context.op_execution_context
        selected = get_updated_cli_invocation_params_for_context(
            context=op_context, manifest={}, dagster_dbt_translator=DagsterDbtTranslator()
        )
        project_dir = self.settings.dbt_project_dir
        target = self._target(op_context.run_id)
        environment = self.settings.dbt_environment() | {
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
            "DBT_LOG_FORMAT": "json",
            "DBT_PROJECT_DIR": str(project_dir),
            "DBT_PROFILES_DIR": str(project_dir),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "PYTHONUNBUFFERED": "1",
        }
        if selected.indirect_selection:
            environment["DBT_INDIRECT_SELECTION"] = selected.indirect_selection
        return DbtCliInvocation.run(
            args=[*DBT_COMMAND, *arguments, *selected.selection_args],
            env=environment,
            manifest=selected.manifest,
            dagster_dbt_translator=selected.dagster_dbt_translator,
            project_dir=project_dir,
            target_path=target,
            raise_on_error=True,
            context=op_context,
            adapter=None,
            cli_version=Version(version("dbt-core")),
        )

    def _target(self, run_id: str) -> Path:
        """Make this run's artifact folder, with dbt's parse state in it; drop those of old runs."""
        runs = self.settings.data_dir / "dbt-runs"
        runs.mkdir(parents=True, exist_ok=True)
        earlier = sorted(runs.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in earlier[self.kept_runs - 1 :]:
            shutil.rmtree(folder, ignore_errors=True)
        target = runs / run_id
        target.mkdir(exist_ok=True)
        parsed = parsed_folder(self.settings.dbt_project_dir) / PARTIAL_PARSE
        if parsed.is_file():
            shutil.copy(parsed, target / PARTIAL_PARSE)
        return target
