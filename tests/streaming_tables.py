"""How does a streaming table of dbt's come to be without dbt? From its own files, rendered alone.

For tests and benchmarks of what reads the table: a run of dbt costs ten seconds and more.
"""

from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment

from core.settings import PROJECT_ROOT
from core.warehouse import Warehouse

MODELS = PROJECT_ROOT / "dbt" / "models"


def create_streaming_table(warehouse: Warehouse, model: str) -> None:
    """Create the table `unified.transactions` of its model's columns, key, settings, projections.

    Args:
        warehouse: Where.
        model: The table's name in full; nothing happens if it is there.
    """
    database, name = model.split(".")
    folder = MODELS / database / name
    (declared,) = yaml.safe_load((folder / f"{name}.yml").read_text())["models"]
    config = _rendered(folder / f"{name}.sql")[0]
    parts = [f"{column['name']} {column['data_type']}" for column in declared["columns"]]
    parts += [f"projection {one['name']} ({one['query']})" for one in config.get("projections", [])]
    settings = [f"{key} = {value!r}" for key, value in config.get("settings", {}).items()]
    warehouse.command(
        f"create table if not exists {model} ({', '.join(parts)}) engine = {config['engine']}"
        f" order by ({', '.join(config['order_by'])})"
        f"{' settings ' if settings else ''}{', '.join(settings)}"
    )


def create_feed(warehouse: Warehouse, target: str, feed: str) -> None:
    """Create the view that feeds `target` from another streaming table: `…__transactions`."""
    database, name = target.split(".")
    sql = _rendered(MODELS / database / name / f"{name}__{feed}.sql")[1]
    warehouse.command(
        f"create materialized view if not exists {target}__{feed} to {target} as {sql}"
    )


def _rendered(path: Path) -> tuple[dict[str, Any], str]:
    config: dict[str, Any] = {}
    database = path.relative_to(MODELS).parts[0]
    template = Environment().from_string(path.read_text())
    sql = template.render(
        config=lambda **given: config.update(given) or "",
        ref=lambda name: f"{database}.{name}",
        materialization_target_table=lambda _: "",
        replacing_engine=lambda: "ReplacingMergeTree(version, is_deleted)",
        granules=granules,
        empty_table=lambda: "",
    )
    return config, sql


def granules(projections: bool = False) -> dict[str, Any]:
    """Return the settings that the macro of this name gives; a test holds them to dbt's."""
    kept = {"index_granularity": 256, "min_compress_block_size": 8192}
    modes = ("deduplicate_merge_projection_mode", "lightweight_mutation_projection_mode")
    return kept | (dict.fromkeys(modes, "rebuild") if projections else {})
