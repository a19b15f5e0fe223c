"""Which runs a set of connections needs, and which partitions come and go."""

from itertools import pairwise
from typing import Any

from dagster import DagsterInstance, SensorResult, SkipReason, build_sensor_context
from hypothesis import given
from hypothesis import strategies as st

from assets.partitions import connection_partitions
from core.settings import Settings
from orchestration.partitions import PartitionChange, ensure_partitions, range_tags, ranges
from orchestration.resources import open_connections
from orchestration.sensors import connection_sensor, connection_tick

KNOWN = ["a", "b", "c", "d", "e"]


@given(st.lists(st.sampled_from(KNOWN), unique=True))
def test_ranges_hold_exactly_the_keys_asked_for_and_are_as_few_as_possible(keys: list[str]):
    found = ranges(keys, KNOWN)
    held = [k for low, high in found for k in KNOWN[KNOWN.index(low) : KNOWN.index(high) + 1]]
    assert held == [key for key in KNOWN if key in keys]
    gaps = [KNOWN.index(b[0]) - KNOWN.index(a[1]) for a, b in pairwise(found)]
    assert all(gap > 1 for gap in gaps)


def test_all_connections_are_one_range_and_one_run():
    assert ranges(KNOWN, KNOWN) == [("a", "e")]
    assert range_tags("a", "e") == {
        "dagster/asset_partition_range_start": "a",
        "dagster/asset_partition_range_end": "e",
    }
    assert range_tags("a", "a") == {"dagster/partition": "a"}


def test_new_connections_share_one_first_backfill_and_revoked_ones_lose_their_partition():
    partitions = connection_partitions("stripe")
    tick = connection_tick(PartitionChange(added=("x", "y"), deleted=("z",)), partitions)
    assert isinstance(tick, SensorResult)
    add, delete = tick.dynamic_partitions_requests or []
    assert (list(add.partition_keys), list(delete.partition_keys)) == (["x", "y"], ["z"])
    [run] = tick.run_requests or []
    assert {k: v for k, v in run.tags.items() if k.startswith("dagster/")} == range_tags("x", "y")


def test_the_sensor_adds_what_postgres_knows_then_has_nothing_to_do(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    mine = workspace.connect("acct_sensed", "sk_test_anything")
    gone = f"{workspace.tenant}|conn_gone"
    instance.add_dynamic_partitions("stripe_connections", [gone])
    sensor = connection_sensor("stripe")
    with open_connections(engines) as store:
        known = {connection.key for connection in store.all_of("stripe")}
        with build_sensor_context(instance=instance, resources={"connections": store}) as context:
            first = sensor(context)
        assert isinstance(first, SensorResult)
        add, delete = first.dynamic_partitions_requests or []
        assert mine.key in known
        assert set(add.partition_keys) == known
        assert list(delete.partition_keys) == [gone]
        instance.delete_dynamic_partition("stripe_connections", gone)
        ensure_partitions(instance, "stripe", store.all_of("stripe"))
        with build_sensor_context(instance=instance, resources={"connections": store}) as context:
            assert isinstance(sensor(context), SkipReason)
