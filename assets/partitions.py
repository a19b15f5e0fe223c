"""Which partitions does a provider's data have? One per connection, of every workspace.

The partition's key is `Connection.key`: `{workspace}|{connection}`. The set is dynamic: the
connection sensor adds what Postgres knows and removes what is revoked.
"""

from dagster import DynamicPartitionsDefinition


def partitions_name(provider: str) -> str:
    """Return the name under which Dagster stores a provider's partitions."""
    return f"{provider}_connections"


def connection_partitions(provider: str) -> DynamicPartitionsDefinition:
    """Return the partitions of a provider's assets."""
    return DynamicPartitionsDefinition(name=partitions_name(provider))
