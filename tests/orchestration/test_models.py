"""dbt through Dagster, on two models of the real project: chosen, built, counted, checked."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, Definitions, get_dagster_logger, job, op

from assets.progress import Listener
from core.clock import epoch_microseconds
from core.settings import Settings
from core.tenancy import new_id
from core.warehouse import Warehouse
from orchestration.definitions import ingest_definitions, model_definitions, with_resources
from orchestration.outcomes import outcome_of
from orchestration.runs import _execute
from pipelines.ingest import prepare_warehouse
from pipelines.raw import COLUMNS

# The company has none of this object, so its rows are ours.
RAW = "raw.stripe_fee_refund"
TARGET = AssetKey(["staging", "stg_stripe__application_fee_refunds"])
FEED = AssetKey(["staging", "stg_stripe__application_fee_refunds__feed"])
PAYLOAD = (
    '{{"id": "{id}", "object": "fee_refund", "amount": 500, "currency": "usd",'
    ' "created": 1767225600, "fee": "fee_1"}}'
)


def test_a_selected_target_is_built_with_its_feed_and_its_rows_are_counted(
    engines: Settings, instance: DagsterInstance, tmp_path: Path
):
    settings = engines.model_copy(update={"data_dir": tmp_path})
    prepare_warehouse(settings)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    workspace, version = new_id("ws"), epoch_microseconds(moment)
    warehouse = Warehouse.connect(settings, pool_size=1)
    rows = [
        (workspace, "conn_a", name, version, 0, "backfill", moment, PAYLOAD.format(id=name))
        for name in ("fr_1", "fr_2")
    ]
    warehouse.insert_rows(RAW, rows, COLUMNS)
    warehouse.close()
    heard: dict[str, int] = {}
    parts = Definitions.merge(ingest_definitions(), model_definitions(settings))
    bound = with_resources(parts, lambda: settings, Listener(heard.update, is_quiet=True))

    result = bound.resolve_job_def("streaming").execute_in_process(
        asset_selection=[TARGET, FEED], instance=instance, raise_on_error=False
    )

    outcome = outcome_of(result, instance)
    assert outcome.error == ""
    assert outcome.rows == heard == {"staging.stg_stripe__application_fee_refunds": 2}
    materialized = {event.asset_key for event in result.get_asset_materialization_events()}
    assert materialized == {TARGET, FEED}
    assert all(check.passed for check in outcome.checks)


def test_a_command_line_run_prints_no_line_of_dagsters_own_logger(caplog: pytest.LogCaptureFixture):
    heard_below = logging.getLogger("dagster.builtin")

    @op
    def talks() -> None:
        get_dagster_logger().warning("said inside a run")

    @job
    def talking() -> None:
        talks()

    with DagsterInstance.ephemeral() as instance:
        assert _execute(instance, Definitions(jobs=[talking]), "talking", {}).success
    assert "said inside a run" not in caplog.text
    assert heard_below.propagate
