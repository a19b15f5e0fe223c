"""What do the tests of loading share? The session's gateway, and folders of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.ingest import prepare_warehouse
from pipelines.raw import RawTable


@pytest.fixture(scope="session")
def warehouse_settings(clickhouse_gateway, tmp_path_factory) -> Settings:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("pipelines"),
        clickhouse_url=SecretStr(clickhouse_gateway.url),
        stripe_requests_per_second=1000,
        poll_seconds=0.5,
    )
    prepare_warehouse(settings)
    return settings


@pytest.fixture
def fresh(warehouse_settings: Settings, tmp_path: Path) -> Settings:
    """The same warehouse from another machine: an empty disk."""
    return warehouse_settings.model_copy(update={"data_dir": tmp_path})


@pytest.fixture(scope="session")
def warehouse(warehouse_settings: Settings):
    opened = Warehouse.connect(warehouse_settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def held(warehouse: Warehouse) -> Callable[[str, str], dict[str, tuple[int, str]]]:
    """Return (is_deleted, payload) by id: what a workspace holds of an object."""

    def read(workspace: str, name: str) -> dict[str, tuple[int, str]]:
        rows = warehouse.rows(
            "select id, argMax((is_deleted, payload), version) as state"
            f" from {RawTable('stripe', name).name}"
            " where workspace_id = {workspace:String} group by id",
            {"workspace": workspace},
        )
        return {row["id"]: tuple(row["state"]) for row in rows}

    return read
