"""Is what landed well formed, fresh, and from healthy connections? Asset checks on the raw edge.

Each check is a pure `evaluate_…(…) -> AssetCheckResult` over rows that one query (or one read of
Postgres) brought for all tables together. Great Expectations' suites: `expectations.py`; the
comparison with the provider: `audit.py`. The checks about a provider's connections stand on its
first table, since Dagster keeps every check on an asset.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.translator import ingest_specs, object_of, raw_key
from core.clock import epoch_microseconds, utc_now
from core.connections import Connection, ConnectionStore
from core.settings import Settings
from core.tenancy import CONNECTION_PATTERN, WORKSPACE_PATTERN
from core.warehouse import Warehouse
from pipelines import registry
from pipelines.ingest import prepare_warehouse
from pipelines.raw import RawTable

WELL_FORMED = "rows_are_well_formed"
FRESH = "connections_are_fresh"
HEALTHY = "connections_are_healthy"
APPLIED = "events_are_applied"
APPLIED_WITHIN = timedelta(minutes=5)
FRESH_WITHIN = timedelta(hours=1)  # unless the provider's package names its own
ORIGINS = ("backfill", "poll", "webhook", "replay")
FIRST_VERSION = epoch_microseconds(datetime(2010, 1, 1, tzinfo=UTC))  # before any provider of ours
CLOCK_TOLERANCE = timedelta(minutes=10)

_TABLE_FACTS = """
select '{object}' as object, count() as rows, countIf(id = '') as without_id,
    countIf(not match(workspace_id, '^{workspace}$') or not match(connection_id, '^{connection}$'))
        as without_owner,
    countIf(origin not in {{origins:Array(String)}}) as of_unknown_origin,
    min(version) as first_version, max(version) as last_version
from raw.{table}
"""


def evaluate_rows(facts: Mapping[str, Any], now: datetime) -> AssetCheckResult:
    """Judge one table: every row has an id, an owner, a known origin and a possible version."""
    rows = int(facts["rows"])
    problems = {
        name: int(facts[name])
        for name in ("without_id", "without_owner", "of_unknown_origin")
        if int(facts[name])
    }
    latest = epoch_microseconds(now + CLOCK_TOLERANCE)
    if rows and not int(facts["first_version"]) >= FIRST_VERSION:
        problems["version_too_early"] = int(facts["first_version"])
    if rows and not int(facts["last_version"]) <= latest:
        problems["version_in_the_future"] = int(facts["last_version"])
    return AssetCheckResult(
        passed=not problems,
        metadata={
            "rows": MetadataValue.int(rows),
            **{name: MetadataValue.int(count) for name, count in problems.items()},
        },
    )


def evaluate_freshness(
    connections: Sequence[Connection], now: datetime, within: timedelta = FRESH_WITHIN
) -> AssetCheckResult:
    """Judge whether every connection that can be asked was read whole a short while ago."""
    stale = {
        connection.key: connection.last_synced_at
        for connection in connections
        if connection.status in ("active", "degraded")
        and (connection.last_synced_at is None or now - connection.last_synced_at > within)
    }
    return AssetCheckResult(
        passed=not stale,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "connections": MetadataValue.int(len(connections)),
            "stale": MetadataValue.json(
                {key: moment.isoformat() if moment else "never" for key, moment in stale.items()}
            ),
        },
    )


def evaluate_health(connections: Sequence[Connection]) -> AssetCheckResult:
    """Judge whether the provider takes every connection's key."""
    unwell = {
        connection.key: f"{connection.status}: {connection.status_reason}"
        for connection in connections
        if connection.status != "active"
    }
    return AssetCheckResult(
        passed=not unwell,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "connections": MetadataValue.int(len(connections)),
            "not_active": MetadataValue.json(unwell),
        },
    )


def evaluate_lag(
    figures: Mapping[str, float], told_at: datetime | None, now: datetime
) -> AssetCheckResult:
    """Judge whether what arrived is in both stores, and nothing was given up."""
    behind = {
        name: value
        for name, value in figures.items()
        if name.startswith("inbox_lag_seconds") and value > APPLIED_WITHIN.total_seconds()
    }
    dead = sum(v for name, v in figures.items() if name.startswith("inbox_dead_letters"))
    # Figures that nobody has told for a while are no good news: the worker is silent.
    is_silent = told_at is not None and now - told_at > APPLIED_WITHIN
    return AssetCheckResult(
        passed=not behind and not dead and not is_silent,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "figures": MetadataValue.json(dict(figures)),
            "told_at": MetadataValue.text(told_at.isoformat() if told_at else "never"),
        },
    )


def inbox_figures(connections: ConnectionStore) -> tuple[dict[str, float], datetime | None]:
    """Return what the worker tells of the inbox, and when it last did."""
    with connections.database.system() as rows:
        found = rows.execute("select name, label, value, told_at from engine_figures").fetchall()
    told_at = max((row["told_at"] for row in found if row["name"] == "inbox_pending"), default=None)
    return {f"{row['name']} {row['label']}".strip(): row["value"] for row in found}, told_at


def table_facts(
    warehouse: Warehouse, provider: str, objects: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the figures that `evaluate_rows` judges, of all tables in one query."""
    if not objects:
        return []
    selects = [
        _TABLE_FACTS.format(
            object=name,
            table=RawTable(provider, name).table,
            workspace=WORKSPACE_PATTERN.pattern,
            connection=CONNECTION_PATTERN.pattern,
        )
        for name in objects
    ]
    return warehouse.rows(" union all ".join(selects), {"origins": list(ORIGINS)})


def build_raw_checks(provider: str) -> AssetChecksDefinition:
    """Return the checks over all raw tables of a provider and over its connections."""
    specs = ingest_specs(provider)
    anchor = specs[0].key
    # The inbox is one for all providers: its check stands on the events of the first that sent any.
    events = [spec.key for spec in specs if provider == "stripe" and object_of(spec) == "event"]

    @multi_asset_check(
        name=f"{provider}_raw_checks",
        can_subset=True,
        specs=[
            *(
                AssetCheckSpec(WELL_FORMED, asset=spec.key, description=evaluate_rows.__doc__)
                for spec in specs
            ),
            AssetCheckSpec(FRESH, asset=anchor, description=evaluate_freshness.__doc__),
            AssetCheckSpec(HEALTHY, asset=anchor, description=evaluate_health.__doc__),
            *(
                AssetCheckSpec(APPLIED, asset=key, description=evaluate_lag.__doc__)
                for key in events
            ),
        ],
    )
    def raw_checks(
        context: AssetCheckExecutionContext,
        settings: ResourceParam[Settings],
        connections: ResourceParam[ConnectionStore],
        warehouse: ResourceParam[Warehouse],
    ) -> Iterator[AssetCheckResult]:
        prepare_warehouse(settings)
        now, chosen = utc_now(), context.selected_asset_check_keys
        objects = [object_of(s) for s in specs if AssetCheckKey(s.key, WELL_FORMED) in chosen]
        for facts in table_facts(warehouse, provider, objects):
            key = raw_key(RawTable(provider, facts["object"]).name)
            yield named(evaluate_rows(facts, now), key, WELL_FORMED)
        known = connections.all_of(provider)
        if AssetCheckKey(anchor, FRESH) in chosen:
            within = getattr(registry.provider(provider), "FRESH_WITHIN", FRESH_WITHIN)
            yield named(evaluate_freshness(known, now, within), anchor, FRESH)
        if AssetCheckKey(anchor, HEALTHY) in chosen:
            yield named(evaluate_health(known), anchor, HEALTHY)
        for key in events:
            if AssetCheckKey(key, APPLIED) in chosen:
                yield named(evaluate_lag(*inbox_figures(connections), now), key, APPLIED)

    return raw_checks


def named(result: AssetCheckResult, asset: AssetKey, check: str) -> AssetCheckResult:
    """Return a verdict with the check that it answers."""
    return result._replace(asset_key=asset, check_name=check)
