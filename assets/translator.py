"""What is each asset called, and where is it shown? Key, group, kinds and owners, in one place.

The key of an asset is where its rows are: `database/table` in ClickHouse. Ingest assets and dbt's
sources therefore meet in one node, and lineage runs from the provider's object to the mart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetKey, AssetSpec

from pipelines import registry
from pipelines.raw import RawTable

OBJECT_METADATA = "oppulence/object"
OWNERS = ("team:data",)
ENRICHMENT_GROUP = "enrichment"
RECOVERY_GROUP = "recovery"


def raw_key(table: str) -> AssetKey:
    """Return the key of a raw table, given as `raw.stripe_charge`."""
    return AssetKey(table.split("."))


def ingest_specs(provider: str) -> list[AssetSpec]:
    """Return a provider's raw tables as assets, grouped as the provider's package groups them."""
    groups: Mapping[str, Sequence[str]] = registry.provider(provider).GROUPS
    return [
        AssetSpec(
            raw_key(RawTable(provider, name).name),
            group_name=f"{provider}_{group}",
            description=f"Every {name} of each connection, verbatim, newest version wins.",
            owners=OWNERS,
            kinds={provider, "dlt", "clickhouse"},
            metadata={OBJECT_METADATA: name},
            skippable=True,
        )
        for group, names in groups.items()
        for name in names
    ]


def object_of(spec: AssetSpec) -> str:
    """Return the provider's name of an ingest asset's object."""
    return str(spec.metadata[OBJECT_METADATA])


def model_key(node: Mapping[str, Any]) -> AssetKey:
    """Return the key of a dbt model, seed or source: its relation."""
    name = node.get("alias") or node.get("identifier") or node["name"]
    return AssetKey([node["schema"], name])


def model_group(node: Mapping[str, Any]) -> str:
    """Return the group of a dbt node: `staging_stripe`, `unified`, `marts`."""
    layer, *folders = node["fqn"][1:-1] or ["dbt"]
    return f"{layer}_{folders[0]}" if layer == "staging" and folders else str(layer)


def feeding(manifest: Mapping[str, Any], unique_id: str) -> list[str]:
    """Return the nodes whose rows reach a target through its feeds.

    A target is an empty table for dbt, and its feeds (materialized views named `<target>__…`) point
    at it; the rows go the other way, from what a feed reads into the target.
    """
    parents: Mapping[str, Sequence[str]] = manifest["parent_map"]
    target = manifest["nodes"].get(unique_id)
    if target is None:
        return []
    feeds = [
        child
        for child in manifest["child_map"].get(unique_id, [])
        if child.startswith("model.")
        and manifest["nodes"][child]["config"]["materialized"] == "materialized_view"
        and manifest["nodes"][child]["name"].startswith(f"{target['name']}__")
    ]
    read = {parent for feed in feeds for parent in parents.get(feed, [])} - {unique_id}
    return sorted(node for node in read if node.startswith(("model.", "source.")))
