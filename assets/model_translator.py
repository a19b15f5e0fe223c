"""How does dagster-dbt learn our names? Applies `translator.py` to each node of the manifest.

Apart from `translator.py` only because importing dbt takes seconds that a backfill need not spend.
"""

from collections.abc import Mapping
from typing import Any

from dagster import AssetDep, AssetSpec

from assets.dagster_dbt_alone import DagsterDbtTranslator, DbtProject
from assets.translator import OWNERS, feeding, model_group, model_key


class ModelTranslator(DagsterDbtTranslator):
    """Names dbt's models, seeds and sources by the relation that holds them."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetSpec:
        """Return the spec of a dbt node; a streaming target depends on what its feeds read."""
        node = self.get_resource_props(manifest, unique_id)
        spec = super().get_asset_spec(manifest, unique_id, project)
        if node["resource_type"] == "source":
            return spec.replace_attributes(key=model_key(node))
        known = {dep.asset_key for dep in spec.deps}
        fed_by = {
            self.get_asset_spec(manifest, parent, project).key
            for parent in feeding(manifest, unique_id)
        }
        return spec.replace_attributes(
            key=model_key(node),
            group_name=model_group(node),
            deps=[*spec.deps, *(AssetDep(key) for key in sorted(fed_by - known))],
            owners=OWNERS,
            kinds={"dbt", "clickhouse"},
        )
