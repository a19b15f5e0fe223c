"""What is said of money that went to the payment provider, and of its entry in the books?

A line of a bank that pays the provider names it, as a deposit does, and no payout explains it. The
balance there may: where it holds the other side (a top-up, found by `transfers`), all is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from reconciliation.records import Outcome, Verdict
from reconciliation.verdicts import NOT_EXPLAINED, both

EXPLAINED = "a top-up of the payment provider's balance, which holds its other side"


def with_topups(outcomes: Sequence[Outcome], topups: Collection[str]) -> list[Outcome]:
    """Return the outcomes, with those of top-ups explained.

    Args:
        outcomes: What the matching found.
        topups: The keys of the lines that are top-ups.
    """
    return [_explained(outcome) if _tells_of(outcome, topups) else outcome for outcome in outcomes]


def _tells_of(outcome: Outcome, topups: Collection[str]) -> bool:
    return (
        outcome.kind in ("deposit", "entry")
        and outcome.bank_verdict == "unexplained"
        and not outcome.payouts
        and bool(outcome.deposits)
        and all(key in topups for key in outcome.deposits)
    )


def _explained(outcome: Outcome) -> Outcome:
    bank: Verdict = "matched"
    books: Verdict = bank if outcome.books_verdict == "unexplained" else outcome.books_verdict
    return replace(
        outcome, verdict=both(bank, books), bank_verdict=bank, books_verdict=books,
        reason=outcome.reason.replace(NOT_EXPLAINED, EXPLAINED),
    )  # fmt: skip
