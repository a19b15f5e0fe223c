"""How do connections become partitions, and partitions runs?

Dagster targets several dynamic partitions in one run as a range, in the order in which they were
added. So any set of connections is a few ranges, and "all of them" or "the new ones" is one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dagster import DagsterInstance

from assets.partitions import partitions_name
from core.connections import Connection

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
PARTITION_TAG = "dagster/partition"


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """What the sensor has to do: partitions to add (in this order) and to delete."""

    added: tuple[str, ...]
    deleted: tuple[str, ...]


def partition_change(connections: Iterable[Connection], known: Sequence[str]) -> PartitionChange:
    """Compare the connections that are not revoked with Dagster's partitions."""
    wanted = [connection.key for connection in connections if connection.status != "revoked"]
    return PartitionChange(
        added=tuple(key for key in wanted if key not in set(known)),
        deleted=tuple(key for key in known if key not in set(wanted)),
    )


def ranges(keys: Iterable[str], known: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fewest (first, last) ranges of `known` that hold exactly `keys`.

    Raises:
        ValueError: A key is no partition.
    """
    wanted = set(keys)
    if missing := wanted - set(known):
        raise ValueError(f"Not a partition: {', '.join(sorted(missing))}")
    found: list[tuple[str, str]] = []
    open_range: tuple[str, str] | None = None
    for key in known:
        if key in wanted:
            open_range = (open_range[0] if open_range else key, key)
        elif open_range:
            found.append(open_range)
            open_range = None
    return [*found, open_range] if open_range else found


def range_tags(first: str, last: str) -> dict[str, str]:
    """Return the tags that bind a run to the partitions from `first` to `last`."""
    if first == last:
        return {PARTITION_TAG: first}
    return {RANGE_START_TAG: first, RANGE_END_TAG: last}


def ensure_partitions(
    instance: DagsterInstance, provider: str, connections: Iterable[Connection]
) -> Sequence[str]:
    """Add the partitions of `connections` that are missing and return all known keys, in order."""
    name = partitions_name(provider)
    known = set(instance.get_dynamic_partitions(name))
    if added := [c.key for c in connections if c.key not in known]:
        instance.add_dynamic_partitions(name, added)
    return instance.get_dynamic_partitions(name)
