"""What is done about failed payments that no flow takes? One step, after the marts, over the API.

Nothing happens in a workspace for which no API key was given (`OPPULENCE_RECOVERY_API_KEYS`).
"""

import httpx
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
)
from obstore.store import ObjectStore

from assets.enrichment import MODELS
from assets.recovery_acting import act_on, keys_of
from assets.translator import OWNERS, RECOVERY_GROUP
from core.clock import utc_now
from core.database import Database
from core.errors import EngineUnavailableError
from core.settings import Settings
from core.warehouse import Warehouse
from ml.propensity.model import NAME
from ml.store import OpenModels, champions

ACTIONS = AssetKey(["recovery", "actions"])
MART = AssetKey(["marts", "fct_recovery_episodes"])
TIMEOUT_SECONDS = 30.0


def build_recovery_assets() -> AssetsDefinition:
    """Return the step that asks the API for actions."""

    @asset(
        key=ACTIONS, group_name=RECOVERY_GROUP, owners=OWNERS, kinds={"python"},
        description="What was asked of the API for open failures that no flow takes: tries that are"
        " likely enough, else a word to the payer, once.",
        deps=[MART, MODELS],
    )  # fmt: skip
    def recovery_actions(
        context: AssetExecutionContext,
        settings: ResourceParam[Settings],
        warehouse: ResourceParam[Warehouse],
        system_database: ResourceParam[Database],
        objects: ResourceParam[ObjectStore],
    ) -> MaterializeResult[None]:
        done = act_for_all(settings, warehouse, system_database, objects)
        context.log.info("Acted in %d workspaces.", len(done))
        return MaterializeResult(metadata={"asked": MetadataValue.json(done)})

    return recovery_actions


def act_for_all(
    settings: Settings, warehouse: Warehouse, database: Database, objects: ObjectStore
) -> dict[str, dict[str, int]]:
    """Act in every workspace that gave a key; return what was asked, by workspace.

    A workspace that the API refuses, or does not answer, keeps no other waiting.

    Raises:
        ConfigurationError: The keys are not written as they should be.
        EngineUnavailableError: Names the workspaces that failed; the others are done.
    """
    keys = settings.recovery_api_keys
    opened, failed = OpenModels(objects), []
    done: dict[str, dict[str, int]] = {}
    for tenant, key in keys_of("" if keys is None else keys.get_secret_value()).items():
        with database.system() as rows:
            known = champions(rows, str(tenant)).get(NAME)
        model = None if known is None else opened.opened({NAME: known})[NAME]
        headers = {"Authorization": f"Bearer {key}", "X-Workspace-Id": str(tenant)}
        with httpx.Client(
            base_url=settings.public_address, headers=headers, timeout=TIMEOUT_SECONDS
        ) as api:
            try:
                done[str(tenant)] = act_on(warehouse, tenant, model, api, utc_now())
            except (EngineUnavailableError, httpx.HTTPError) as error:
                failed.append(f"{tenant}: {error}")
    if failed:
        raise EngineUnavailableError(
            f"{len(failed)} of {len(failed) + len(done)} workspaces failed. {' '.join(failed)}",
            next_step="Check OPPULENCE_RECOVERY_API_KEYS and the API's log.",
        )
    return done
