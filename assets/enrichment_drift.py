"""Does enrichment still see what it saw? Population stability, confidence and abstention, by facet.

The last 30 days of transactions are compared with the 180 before them. Nothing here knows what is
right: a drift says that somebody should look, not that answers are wrong.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity, AssetKey, MetadataValue

from ml.feature_queries import DRIFT as DRIFTED

DRIFT = "findings_do_not_drift"
__all__ = ["DRIFT", "DRIFTED", "evaluate_drift", "stability"]

# The usual reading of the index: under 0.1 alike, over 0.25 another population.
MOST_INSTABILITY = 0.25
MOST_CONFIDENCE_LOST = 0.10
MOST_ABSTENTION_GAINED = 0.15
# With fewer rows on either side the index measures chance.
LEAST_ROWS = 300


def evaluate_drift(rows: Sequence[Mapping[str, Any]]) -> AssetCheckResult:
    """Judge each facet's last 30 days against the 180 before: values, confidence, abstention."""
    over: dict[str, list[str]] = {}
    measured: dict[str, dict[str, float]] = {}
    for facet in sorted({row["facet"] for row in rows}):
        own = [row for row in rows if row["facet"] == facet]
        now = {row["value"]: row for row in own if row["is_recent"]}
        before = {row["value"]: row for row in own if not row["is_recent"]}
        if min(_rows(now.values()), _rows(before.values())) < LEAST_ROWS:
            continue
        figures = {
            "population_stability_index": stability(now, before),
            "confidence_lost": _mean(before, "confidence") - _mean(now, "confidence"),
            "abstention_gained": _mean(now, "abstained") - _mean(before, "abstained"),
        }
        measured[facet] = {name: round(value, 4) for name, value in figures.items()}
        limits = (MOST_INSTABILITY, MOST_CONFIDENCE_LOST, MOST_ABSTENTION_GAINED)
        judged = zip(figures.items(), limits, strict=True)
        beyond = [name for (name, value), most in judged if value > most]
        if beyond:
            over[facet] = beyond
    return AssetCheckResult(
        asset_key=AssetKey(["unified", "enrichments"]),
        check_name=DRIFT,
        passed=not over,
        severity=AssetCheckSeverity.WARN,
        metadata={"drifted": MetadataValue.json(over), "measured": MetadataValue.json(measured)},
    )


def stability(
    now: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]
) -> float:
    """Return the population stability index of the values' shares, half a row for those unseen."""
    total_now, total_before = _rows(now.values()), _rows(before.values())
    index = 0.0
    for value in {*now, *before}:
        share = max(now[value]["findings"] if value in now else 0, 0.5) / total_now
        usual = max(before[value]["findings"] if value in before else 0, 0.5) / total_before
        index += (share - usual) * math.log(share / usual)
    return index


def _rows(of: Iterable[Mapping[str, Any]]) -> int:
    return sum(int(row["findings"]) for row in of)


def _mean(of: Mapping[str, Mapping[str, Any]], name: str) -> float:
    return float(sum(row[name] for row in of.values())) / max(_rows(of.values()), 1)
