"""How do tests get a table of dbt's without dbt? From the columns that its model declares."""

from pathlib import Path

import yaml

from core.warehouse import Warehouse

MODELS = Path(__file__).parents[1] / "dbt" / "models"


def create_table(warehouse: Warehouse, folder: str, order_by: str) -> None:
    """Create a table of the columns that its dbt model declares, where dbt has not built it."""
    database, model = folder.split("/")[0], folder.split("/")[-1]
    (declared,) = yaml.safe_load((MODELS / Path(folder).parent / f"{model}.yml").read_text())[
        "models"
    ]
    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in declared["columns"])
    warehouse.command(
        f"create table if not exists {database}.{model} ({columns})"
        f" engine = ReplacingMergeTree(version, is_deleted) order by ({order_by})"
    )
