"""Which facets have what to do in a workspace, by what their last run went by?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from ml.facet import Facet
from ml.registry import BY_NAME, with_those_before
from ml.store import Registered


@dataclass(frozen=True, slots=True)
class Plan:
    """Which facets answer the new rows, which also what hangs together with them, and which all."""

    scored_to: int
    fresh: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    last: date | None = None
    accounts: str = ""


def planned(
    runs: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, str],
    newest_at: int,
    today: date,
) -> Plan | None:
    """Say which facets have what to do; None for nothing.

    A history is read as of a day: on the next, its facets have something to do.
    """
    fresh: list[str] = []
    touched: list[str] = []
    whole: list[str] = []
    days: set[date] = set()
    accounts: set[str] = set()
    scored_to = newest_at
    for name, version in inputs.items():
        run = runs.get(name)
        noted, _, shown = ("", "", "") if run is None else run["inputs_version"].partition("/")
        if run is None or noted != version:
            whole.append(name)
            continue
        to, on = _milliseconds(run["scored_to"]), run["enriched_at"].date()
        is_history = BY_NAME[name].reads == "history"
        if to < newest_at or (is_history and on != today):
            (touched if is_history else fresh).append(name)
        scored_to = min(scored_to, to)
        if is_history:
            days.add(on)
            accounts.add(shown)
    if touched and len(accounts) > 1:
        whole, touched = [*whole, *touched], []
    if not fresh and not touched and not whole:
        return None
    return Plan(
        scored_to, tuple(fresh), tuple(touched), tuple(whole), min(days, default=None),
        next(iter(accounts), "") if touched else "",
    )  # fmt: skip


def inputs_version(
    facet: Facet, registered: Mapping[str, Registered], corrections: pl.DataFrame
) -> str:
    """Return what differs whenever a facet would answer the same row otherwise."""
    parts = []
    for one in with_those_before([facet.name]):
        model = registered.get(one.name)
        own = corrections.filter(pl.col("facet") == one.name)
        parts += [one.name, one.version, model.sha256 if model else "", own.write_csv()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
