"""How is a gap that the audit found mended? One op: audit, repair what differs, audit again.

`pipelines.<provider>.repair` fetches what the warehouse lacks and buries what the provider has no
more: removals older than the provider's events, which no sync brings. The second audit's verdicts
replace the first's, so a period that is whole again can be closed.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module

from dagster import (
    AssetMaterialization,
    Config,
    Failure,
    MetadataValue,
    OpDefinition,
    OpExecutionContext,
    ResourceParam,
    op,
)
from pydantic import Field

from assets.retries import TRANSIENT, only_transient_retried
from assets.sync import askable
from assets.translator import raw_key
from assets.windows import parse_window
from core.clock import utc_now
from core.connections import Connection, ConnectionStore
from core.errors import InvalidInputError, ProviderError
from core.logs import redact
from core.secrets import SecretUnreadableError
from core.settings import Settings
from pipelines.raw import RawTable


class RepairConfig(Config):
    """Which days are compared and mended; today still moves and is left out."""

    since: str = Field(description="First day: 2025-01-31.")
    until: str | None = Field(None, description="The day after the last; today by default.")
    objects: list[str] | None = Field(None, description="The provider's names; all by default.")
    connections: list[str] | None = Field(None, description="Keys: workspace|connection.")


@dataclass(slots=True)
class Repaired:
    """What became of one connection."""

    gaps: int = 0
    left: int = 0
    landed: Counter[str] = field(default_factory=Counter)
    buried: Counter[str] = field(default_factory=Counter)
    reason: str = ""

    def told(self) -> str:
        """Return a line about it."""
        counts = f"{self.gaps} gaps, {self.landed.total():,} rows landed, {self.buried.total():,}"
        return f"{counts} tombstones, {self.left} gaps left"


def build_repair_op(provider: str) -> OpDefinition:
    """Return the op that mends what the audit finds in a span of days."""

    @op(name=f"{provider}_repair_gaps", retry_policy=TRANSIENT)
    def repair(
        context: OpExecutionContext,
        config: RepairConfig,
        settings: ResourceParam[Settings],
        connections: ResourceParam[ConnectionStore],
    ) -> None:
        started = time.monotonic()
        with only_transient_retried():
            days = days_of(config.since, config.until, now=utc_now())
            chosen = askable(connections.all_of(provider), config.connections)
            done = {c.key: repaired(provider, settings, c, days, config.objects) for c in chosen}
        seconds = round(time.monotonic() - started, 1)
        for key, found in done.items():
            context.log.info(f"{key}: {found.told()}")
            for name in found.landed.keys() | found.buried.keys():
                context.log_event(_materialization(provider, name, key, found, seconds))
        if problem := failure_of_repair(done):
            raise problem

    return repair


def days_of(since: str, until: str | None, *, now: datetime) -> tuple[date, date]:
    """Return the first day and the day after the last, none of them today or later.

    Raises:
        InvalidInputError: Not a day, or no whole day between them.
    """
    window = parse_window(since, until)
    assert window.since_at is not None
    first, today = window.since_at.astimezone(UTC).date(), now.astimezone(UTC).date()
    end = min(window.until_at.astimezone(UTC).date(), today) if window.until_at else today
    if first >= end:
        raise InvalidInputError(
            "There is no whole day to repair: today still moves and is left out.",
            next_step="Name an earlier first day.",
        )
    return first, end


def repaired(
    provider: str,
    settings: Settings,
    connection: Connection,
    days: tuple[date, date],
    objects: Sequence[str] | None,
) -> Repaired:
    """Audit one connection, mend what differs and audit that again; a failure is its own."""
    audit = import_module(f"pipelines.{provider}.audit").audit
    mend = import_module(f"pipelines.{provider}.repair").repair
    span = {"since_on": days[0], "until_on": days[1]}
    result = Repaired()
    try:
        before = audit(settings, connection, **span, objects=objects)
        open_names = sorted({v.object for v in before if not v.is_complete})
        if not open_names:
            return result
        result.gaps = sum(not v.is_complete for v in before)
        mended = mend(settings, connection, before)
        result.landed, result.buried = mended.landed, mended.buried
        after = audit(settings, connection, **span, objects=open_names)
        result.left = sum(not v.is_complete for v in after)
        if result.left:
            names = ", ".join(sorted({v.object for v in after if not v.is_complete}))
            told = next(iter(mended.unclear.values()), "both sides were asked, and still differ")
            result.reason = f"{result.left} gaps left in {names}: {told}"
    except (ProviderError, SecretUnreadableError) as error:
        result.reason = error.detail
    result.reason = str(redact(result.reason))
    return result


def failure_of_repair(done: Mapping[str, Repaired]) -> Failure | None:
    """Return the failure that names every connection that still has gaps, or None."""
    reasons = {key: found.reason for key, found in done.items() if found.reason}
    if not reasons:
        return None
    named = "; ".join(f"{key}: {reason}" for key, reason in sorted(reasons.items()))
    return Failure(
        description=f"{len(reasons)} of {len(done)} connections are not whole: {named}",
        metadata={"failed_connections": MetadataValue.json(reasons)},
        allow_retries=False,
    )


def _materialization(
    provider: str, name: str, key: str, found: Repaired, seconds: float
) -> AssetMaterialization:
    return AssetMaterialization(
        raw_key(RawTable(provider, name).name),
        partition=key,
        metadata={
            "dagster/partition_row_count": MetadataValue.int(
                found.landed[name] + found.buried[name]
            ),
            "tombstones": MetadataValue.int(found.buried[name]),
            "run_seconds": MetadataValue.float(seconds),
        },
    )
