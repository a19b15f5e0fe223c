"""What did a bank account hold before its first known line? So that a ledger can begin.

The balance that the bank reported first, less the lines that are known. It is kept from then on:
every later report is a test of the ledger, not a reason to begin it anew. Only lines of days before
the beginning move it back: the balance before them is what it was, less what they moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reconciliation.accounts import Line


@dataclass(frozen=True, slots=True)
class Report:
    """A booked balance as the bank reported it, and the raw row that says so."""

    reported_on: date
    amount_minor: int
    source_table: str
    source_id: str
    source_version: int


@dataclass(frozen=True, slots=True)
class Opening:
    """What an account held before a day, and the report that tells it."""

    on: date
    amount_minor: int
    source_table: str
    source_id: str
    source_version: int


def opening_of(
    kept: Opening | None, lines: Sequence[Line], reports: Sequence[Report]
) -> Opening | None:
    """Return where an account's ledger begins; None while no balance was ever reported.

    Args:
        kept: What was said of the same account before.
        lines: Every posted line of it, each once.
        reports: Its booked balances.
    """
    first = min((line.booked_on for line in lines), default=None)
    if kept is not None:
        if first is None or first >= kept.on:
            return kept
        earlier = sum(line.amount_minor for line in lines if line.booked_on < kept.on)
        return Opening(
            first, kept.amount_minor - earlier, kept.source_table, kept.source_id,
            kept.source_version,
        )  # fmt: skip
    if not reports:
        return None
    report = min(reports, key=lambda report: (report.reported_on, report.source_id))
    known = sum(line.amount_minor for line in lines if line.booked_on <= report.reported_on)
    return Opening(
        min(first or report.reported_on, report.reported_on), report.amount_minor - known,
        report.source_table, report.source_id, report.source_version,
    )  # fmt: skip
