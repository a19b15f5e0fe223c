"""Does the warehouse hold everything that the provider lists? The daily audit, as an asset check.

`pipelines.<provider>.audit` reads the provider anew, compares counts and hashes per object and day,
and keeps its verdicts in `raw.completeness`. Here they become one verdict per provider that names
each gap. A connection that cannot be read is a gap of its own: the others are audited all the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from importlib import import_module
from typing import Protocol

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSpec,
    Config,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)
from pydantic import Field

from assets.checks import named
from assets.sync import askable
from assets.translator import ingest_specs
from core.clock import utc_now
from core.connections import ConnectionStore
from core.errors import ProviderError
from core.logs import redact
from core.secrets import SecretUnreadableError
from core.settings import Settings

COMPLETE = "nothing_is_missing"
MOST_GAPS_SHOWN = 50


class Tally(Protocol):
    """How many objects one side has."""

    count: int


class Verdict(Protocol):
    """One object of one connection on one day, compared."""

    @property
    def object(self) -> str: ...  # noqa: D102
    @property
    def created_on(self) -> date: ...  # noqa: D102
    @property
    def provider(self) -> Tally: ...  # noqa: D102
    @property
    def warehouse(self) -> Tally: ...  # noqa: D102
    @property
    def is_complete(self) -> bool: ...  # noqa: D102


class AuditConfig(Config):
    """Which days the audit compares; today is still moving and is left out."""

    days: int = Field(default=7, ge=1, le=3650, description="Whole days up to yesterday.")


def evaluate_completeness(
    verdicts: Mapping[str, Sequence[Verdict]], unread: Mapping[str, str]
) -> AssetCheckResult:
    """Judge the audits of all connections: no day and object differs, none went unread."""
    gaps = [
        f"| {key.replace('|', ' ')} | {v.object} | {v.created_on} | {v.provider.count} |"
        f" {v.warehouse.count} |"
        for key, found in verdicts.items()
        for v in found
        if not v.is_complete
    ]
    head = [
        "| connection | object | day | provider | warehouse |",
        "| --- | --- | --- | --: | --: |",
    ]
    compared = sum(len(found) for found in verdicts.values())
    return AssetCheckResult(
        passed=not gaps and not unread,
        metadata={
            "connections": MetadataValue.int(len(verdicts)),
            "days_and_objects": MetadataValue.int(compared),
            "gaps": MetadataValue.int(len(gaps)),
            "unread": MetadataValue.json(dict(unread)),
            "first_gaps": MetadataValue.md("\n".join(head + gaps[:MOST_GAPS_SHOWN])),
        },
    )


def build_audit_checks(provider: str) -> AssetChecksDefinition:
    """Return the audit of every connection of a provider as one check."""
    anchor = ingest_specs(provider)[0].key

    @multi_asset_check(
        name=f"{provider}_audit_checks",
        specs=[AssetCheckSpec(COMPLETE, asset=anchor, description=evaluate_completeness.__doc__)],
    )
    def audit_checks(
        context: AssetCheckExecutionContext,
        config: AuditConfig,
        settings: ResourceParam[Settings],
        connections: ResourceParam[ConnectionStore],
    ) -> Iterator[AssetCheckResult]:
        audit = import_module(f"pipelines.{provider}.audit").audit
        today = utc_now().date()
        verdicts: dict[str, Sequence[Verdict]] = {}
        unread: dict[str, str] = {}
        for connection in askable(connections.all_of(provider), None):
            try:
                verdicts[connection.key] = audit(
                    settings,
                    connection,
                    since_on=today - timedelta(days=config.days),
                    until_on=today,
                )
            except (ProviderError, SecretUnreadableError) as error:
                unread[connection.key] = str(redact(error.detail))
        yield named(evaluate_completeness(verdicts, unread), anchor, COMPLETE)

    return audit_checks
