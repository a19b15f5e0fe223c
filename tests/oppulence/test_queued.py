"""Does a command say how a queued run gets on, and end as the run did?"""

import threading
from pathlib import Path
from uuid import uuid4

from dagster import (
    AssetKey,
    AssetMaterialization,
    DagsterInstance,
    Failure,
    MetadataValue,
    OpExecutionContext,
    job,
    op,
)

from assets.progress import Listener
from oppulence.queued import followed

CHARGES = AssetKey(["raw", "stripe_charge"])


def test_a_run_is_told_from_its_start_to_its_end(tmp_path: Path) -> None:
    heard: list[str] = []
    is_told = threading.Event()

    @op
    def load(context: OpExecutionContext) -> None:
        context.log.info("an internal line")
        progress = Listener().or_log(context.log.info, every_seconds=0)
        progress({"charge": 1_200, "refund": 34})
        assert is_told.wait(120), "nobody heard of it while it ran"
        metadata = {"dagster/partition_row_count": MetadataValue.int(1_234)}
        context.log_event(AssetMaterialization(CHARGES, partition="ws_a|conn_a", metadata=metadata))

    @job
    def stripe_sync() -> None:
        load()

    def say(line: str) -> None:
        heard.append(line)
        if "rows landed" in line:
            is_told.set()

    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        run_id = str(uuid4())
        thread = threading.Thread(
            target=stripe_sync.execute_in_process, kwargs={"instance": instance, "run_id": run_id}
        )
        thread.start()
        outcome = followed(instance, run_id, "stripe_sync", say, silence_seconds=3600)
        thread.join()
    assert heard[-2:] == ["stripe_sync: 1,234 rows landed so far", "stripe_sync is done"]
    assert set(heard[:-2]) <= {"stripe_sync starts", "stripe_sync runs"}
    assert (outcome.success, outcome.rows) == (True, {"raw.stripe_charge": 1_234})


def test_a_failed_run_fails_the_command_with_the_connections_reasons(tmp_path: Path) -> None:
    @op
    def load() -> None:
        raise Failure(
            "1 of 1 connections did not land",
            metadata={"failed_connections": MetadataValue.json({"ws_a|conn_a": "Expired key"})},
            allow_retries=False,
        )

    @job
    def stripe_sync() -> None:
        load()

    heard: list[str] = []
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = stripe_sync.execute_in_process(instance=instance, raise_on_error=False)
        outcome = followed(instance, run.run_id, "stripe_sync", heard.append)
    assert heard == ["stripe_sync failed"]
    assert (outcome.success, outcome.error) == (False, "")
    assert outcome.failed_connections == {"ws_a|conn_a": "Expired key"}
