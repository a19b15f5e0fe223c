"""How does a dbt command run with our settings, and its results become Dagster events?

dagster-dbt's `DbtCliResource` starts dbt with this process's environment, asks `dbt --version` in a
process of its own and opens a second adapter. Ours may hold settings that no environment has (the
command line starts engines and runs assets in one process), so this module starts the same
`DbtCliInvocation` with the environment that the settings make, and nothing else.
"""

import shutil
from collections.abc import Iterator, Sequence
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
STREAMING = ("path:models/staging", "path:models/unified")
MARTS = ("path:models/marts", "resource_type:seed")
_STREAMING_NAMES = ("oppulence.staging.", "oppulence.unified.")


def layered(selection: Sequence[str]) -> list[list[str]]:
    """Return what to build in one start of dbt, and what in a second one over what that has filled.

    dbt takes a streaming table for done when it is made, before its views fill it: a mart in the
    same run could be built, and tested, over an empty one.

    Args:
        selection: As dagster-dbt writes it, `--select` and names; `fqn:*` is everything.
    """
    names = " ".join(selection[1:]).split()
    if names == ["fqn:*"]:
        streaming, rest = list(STREAMING), list(MARTS)
    else:
        streaming = [name for name in names if name.startswith(_STREAMING_NAMES)]
        rest = [name for name in names if name not in streaming]
    starts = []
    if streaming:
        # Tests that look at marts as well belong to the second start.
        starts.append(["--select", " ".join(streaming), "--exclude", MARTS[0]])
    if rest:
        starts.append(["--select", " ".join(rest)])
    return starts


@dataclass(frozen=True, slots=True)
class DbtCli:
    """Runs dbt for assets. The artifacts of the last few runs stay in the data folder."""

    settings: Settings
    kept_runs: int = 5

    def start(
        self, arguments: Sequence[str], context: AssetExecutionContext
    ) -> Iterator[DbtCliInvocation]:
        """Start dbt over the nodes that the run selected, once or twice (`layered`).

        The caller streams the events of each to their end before it asks for the next.
        """
        op_context = context.op_execution_context
        selected = get_updated_cli_invocation_params_for_context(
            context=op_context, manifest={}, dagster_dbt_translator=DagsterDbtTranslator()
        )
        run = self._folder(op_context.run_id)
        for number, selection in enumerate(layered(selected.selection_args), start=1):
            target = self._target(run / str(number))
            yield DbtCliInvocation.run(
                args=[*DBT_COMMAND, *arguments, *selection],
                env=self._environment(target, selected.indirect_selection),
                manifest=selected.manifest,
                dagster_dbt_translator=selected.dagster_dbt_translator,
                project_dir=self.settings.dbt_project_dir,
                target_path=target,
                raise_on_error=True,
                context=op_context,
                adapter=None,
                cli_version=Version(version("dbt-core")),
            )

    def _environment(self, target: Path, indirect_selection: str | None) -> dict[str, str]:
        project_dir = str(self.settings.dbt_project_dir)
        environment = self.settings.dbt_environment() | {
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
            "DBT_LOG_FORMAT": "json",
            "DBT_PROJECT_DIR": project_dir,
            "DBT_PROFILES_DIR": project_dir,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "PYTHONUNBUFFERED": "1",
        }
        if indirect_selection:
            environment["DBT_INDIRECT_SELECTION"] = indirect_selection
        return environment

    def _folder(self, run_id: str) -> Path:
        """Make this run's folder; drop those of old runs."""
        runs = self.settings.data_dir / "dbt-runs"
        runs.mkdir(parents=True, exist_ok=True)
        earlier = sorted(runs.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in earlier[self.kept_runs - 1 :]:
            shutil.rmtree(folder, ignore_errors=True)
        return runs / run_id

    def _target(self, folder: Path) -> Path:
        """Make the artifact folder of one start, with dbt's parse state in it."""
        folder.mkdir(parents=True, exist_ok=True)
        parsed = parsed_folder(self.settings.dbt_project_dir) / PARTIAL_PARSE
        if parsed.is_file():
            shutil.copy(parsed, folder / PARTIAL_PARSE)
        return folder
