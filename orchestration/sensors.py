"""What starts runs by itself when something is new? Connections, and the streaming models.

A new connection becomes a partition and gets its first backfill; a revoked one loses its partition
(its rows stay). Changed staging or unified models are set up again, since nothing else runs them.
"""

from dagster import (
    AddDynamicPartitionsRequest,
    DefaultSensorStatus,
    DeleteDynamicPartitionsRequest,
    DynamicPartitionsDefinition,
    ResourceParam,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from assets.manifest import built_mark, fingerprint, is_built
from assets.partitions import connection_partitions, partitions_name
from core.connections import ConnectionStore
from core.settings import Settings
from orchestration.partitions import PartitionChange, partition_change, range_tags


def connection_sensor(provider: str) -> SensorDefinition:
    """Return the sensor that keeps a provider's partitions equal to its connections."""
    partitions = connection_partitions(provider)

    @sensor(
        name=f"{provider}_connections",
        job_name=f"{provider}_backfill",
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description="New connections get a partition and a backfill, revoked ones lose theirs.",
    )
    def connections_changed(
        context: SensorEvaluationContext, connections: ResourceParam[ConnectionStore]
    ) -> SensorResult | SkipReason:
        known = context.instance.get_dynamic_partitions(partitions_name(provider))
        return connection_tick(partition_change(connections.all_of(provider), known), partitions)

    return connections_changed


def connection_tick(
    change: PartitionChange, partitions: DynamicPartitionsDefinition
) -> SensorResult | SkipReason:
    """Turn a change of partitions into requests: one run for all new connections together."""
    if not (change.added or change.deleted):
        return SkipReason("Every connection has its partition.")
    requests: list[AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest] = []
    if change.added:
        requests.append(partitions.build_add_request(list(change.added)))
    if change.deleted:
        requests.append(partitions.build_delete_request(list(change.deleted)))
    return SensorResult(
        dynamic_partitions_requests=requests, run_requests=first_backfills(change.added)
    )


def first_backfills(added: tuple[str, ...]) -> list[RunRequest]:
    """Return the run over partitions that are being added now, hence next to each other."""
    if not added:
        return []
    # No run key: adding the partitions is what makes this happen once, and a connection that was
    # revoked and comes back is backfilled again.
    tags = range_tags(added[0], added[-1]) | {"oppulence/reason": "first backfill"}
    return [RunRequest(tags=tags)]


@sensor(
    name="streaming_models_changed",
    job_name="streaming",
    minimum_interval_seconds=60,
    default_status=DefaultSensorStatus.RUNNING,
    description="The dbt project's files differ from those last set up.",
)
def streaming_models_changed(
    context: SensorEvaluationContext, settings: ResourceParam[Settings]
) -> RunRequest | SkipReason:
    """Ask for a run of the streaming layer when dbt's files changed."""
    now = fingerprint(settings.dbt_project_dir)
    if context.cursor == now:
        return SkipReason("The models are as they were set up.")
    context.update_cursor(now)
    if is_built(settings.data_dir, now):
        return SkipReason("`oppulence migrate` has set the models up.")
    # What was built in full is no longer what is there, also if the files are put back.
    built_mark(settings.data_dir).unlink(missing_ok=True)
    # No run key: the cursor makes this happen once, and files put back are set up anew.
    return RunRequest()
