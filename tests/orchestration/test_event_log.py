"""Are the events of many partitions kept as they would be one by one? In Dagster's own Postgres."""

import pytest
from dagster import (
    AssetExecutionContext,
    AssetKey,
    DagsterEventType,
    Definitions,
    DynamicPartitionsDefinition,
    EventRecordsFilter,
    asset,
    define_asset_job,
)
from sqlalchemy import event

from assets.partition_metadata import add_partition_metadata
from core.settings import Settings
from core.tenancy import new_id
from orchestration.instance import open_instance
from orchestration.partitions import range_tags

KEYS = [f"ws|conn_{number}" for number in range(40)]


def test_partitions_are_planned_and_materialised_in_batches_each_with_its_metadata(
    engines: Settings, tmp_path_factory: pytest.TempPathFactory
):
    name = new_id("table")
    partitions = DynamicPartitionsDefinition(name=name)

    @asset(name=name, partitions_def=partitions)
    def table(context: AssetExecutionContext) -> None:
        rows = {(AssetKey(name), key): {"rows": place} for place, key in enumerate(KEYS)}
        add_partition_metadata(context, rows)

    settings = engines.model_copy(update={"data_dir": tmp_path_factory.mktemp("event-log")})
    job = Definitions([table], jobs=[define_asset_job("land", [table])]).resolve_job_def("land")
    inserts: list[str] = []
    with open_instance(settings) as instance:
        engine = instance.event_log_storage._engine

        @event.listens_for(engine, "before_cursor_execute")
        def watch(_c: object, _k: object, statement: str, *_: object) -> None:
            if statement.startswith("INSERT INTO event_logs"):
                inserts.append(statement)

        instance.add_dynamic_partitions(name, KEYS)
        tags = range_tags(KEYS[0], KEYS[-1])
        assert job.execute_in_process(instance=instance, tags=tags).success
        assert instance.get_materialized_partitions(AssetKey(name)) == set(KEYS)
        for kind in (
            DagsterEventType.ASSET_MATERIALIZATION_PLANNED, DagsterEventType.ASSET_MATERIALIZATION
        ):  # fmt: skip
            found = instance.event_log_storage.get_event_records(
                EventRecordsFilter(kind, asset_key=AssetKey(name))
            )
            assert {record.partition_key for record in found} == set(KEYS)
            assert len(found) == len(KEYS)
        told = {
            record.partition_key: record.asset_materialization.metadata["rows"].value
            for record in found
            if record.asset_materialization is not None
        }
        assert told == {key: place for place, key in enumerate(KEYS)}
        assert instance.get_latest_materialization_event(AssetKey(name)) is not None
    assert len(inserts) < len(KEYS), "an asset's events are one statement"
