"""Is what dbt reads as fresh as its sources promise? `dbt source freshness`, as asset checks.

The promises stand beside the sources (`dbt/models/staging/*/_*__sources.yml`). A table without rows
has nobody connected to it and is left out: dbt would call it stale. One dbt process answers for all
providers.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.checks import named
from assets.dbt_cli import PARTIAL_PARSE
from assets.manifest import DBT_COMMAND, parsed_folder
from assets.translator import raw_key
from core.errors import OppulenceError
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.ingest import prepare_warehouse

FRESH_SOURCE = "source_is_fresh"
_FILLED = "select name from system.tables where database = 'raw' and total_rows > 0"


class FreshnessUnreadableError(OppulenceError):
    """dbt did not tell how fresh its sources are."""

    code = "freshness_unreadable"
    title = "dbt could not read its sources"


def promised(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the raw tables whose freshness is promised, and dbt's id of each."""
    return {
        node["identifier"]: unique_id
        for unique_id, node in manifest["sources"].items()
        if (freshness := node.get("freshness"))
        and any((freshness.get(name) or {}).get("count") for name in ("warn_after", "error_after"))
    }


def evaluate_freshness(result: Mapping[str, Any] | None) -> AssetCheckResult:
    """Judge whether a source's newest row is as young as dbt's project promises."""
    if result is None:
        return AssetCheckResult(passed=True, metadata={"status": MetadataValue.text("no rows")})
    hours = round(float(result.get("max_loaded_at_time_ago_in_s") or 0) / 3600, 1)
    is_error = result["status"] in ("error", "runtime error")
    return AssetCheckResult(
        passed=result["status"] == "pass",
        severity=AssetCheckSeverity.ERROR if is_error else AssetCheckSeverity.WARN,
        metadata={
            "status": MetadataValue.text(str(result.get("error") or result["status"])),
            "newest_row_at": MetadataValue.text(str(result.get("max_loaded_at"))),
            "hours_ago": MetadataValue.float(hours),
        },
    )


def build_source_freshness_checks(manifest: Mapping[str, Any]) -> AssetChecksDefinition:
    """Return the promises of every source as checks on the raw tables."""
    sources = promised(manifest)

    @multi_asset_check(
        name="source_freshness_checks",
        can_subset=True,
        specs=[
            AssetCheckSpec(
                FRESH_SOURCE, asset=raw_key(f"raw.{name}"), description=evaluate_freshness.__doc__
            )
            for name in sources
        ],
    )
    def source_freshness(
        context: AssetCheckExecutionContext,
        settings: ResourceParam[Settings],
        warehouse: ResourceParam[Warehouse],
    ) -> Iterator[AssetCheckResult]:
        prepare_warehouse(settings)
        filled = {row["name"] for row in warehouse.rows(_FILLED)}
        chosen = [name for name in sources if _key(name) in context.selected_asset_check_keys]
        results = read_freshness(settings, [sources[name] for name in chosen if name in filled])
        for name in chosen:
            verdict = evaluate_freshness(results.get(sources[name]))
            yield named(verdict, raw_key(f"raw.{name}"), FRESH_SOURCE)

    return source_freshness


def read_freshness(settings: Settings, sources: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Ask dbt how fresh some sources are, by its ids of them.

    Raises:
        FreshnessUnreadableError: dbt failed before it could tell.
    """
    if not sources:
        return {}
    project = str(settings.dbt_project_dir)
    with tempfile.TemporaryDirectory() as folder:
        parsed = parsed_folder(settings.dbt_project_dir) / PARTIAL_PARSE
        if parsed.is_file():  # dbt parses the project for many seconds where it finds nothing
            shutil.copy(parsed, folder)
        done = subprocess.run(
            [
                *(*DBT_COMMAND, "source", "freshness", "--quiet", "--select"),
                *(f"source:{source.split('.', 2)[2]}" for source in sources),
                *("--project-dir", project, "--profiles-dir", project),
                *("--target-path", folder, "--log-path", folder),
            ],
            env=settings.dbt_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        told = Path(folder) / "sources.json"
        if not told.exists():  # a stale source is a failure of dbt's as well, but one that it tells
            raise FreshnessUnreadableError(
                f"dbt said: {' | '.join(done.stdout.strip().splitlines()[-5:])}",
                next_step="Run `oppulence migrate`, then look at dbt's sources.",
            )
        results = json.loads(told.read_text())["results"]
    return {result["unique_id"]: result for result in results}


def _key(table: str) -> AssetCheckKey:
    return AssetCheckKey(AssetKey(["raw", table]), FRESH_SOURCE)
