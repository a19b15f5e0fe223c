"""How do the steps from MRR to cash (marts.fct_cash_bridge) read on a page, and what are they?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oppulence.report.currencies import by_currency

# By step: its name, and what stands in it.
STEPS: Mapping[str, tuple[str, str]] = {
    "mrr": ("MRR", "what is billed again and again, by the month, at the month's end"),
    "longer_periods": (
        "Billed for longer than a month",
        "what was billed for quarters and years, less the MRR that such subscriptions have",
    ),
    "changes_within_the_month": (
        "Changes within the month",
        "what was billed by the month, less the MRR at its end: what began, changed or ended"
        " after it was billed",
    ),
    "prorations": ("Prorations", "charged or given back for parts of a period after a change"),
    "usage": ("Use that was billed", "what meters counted"),
    "one_off": ("One-off items", "billed once, not again and again"),
    "tax": ("Tax", "on the month's invoices"),
    "credited_before_payment": (
        "Credited before payment", "credit notes on invoices that nobody had paid yet",
    ),
    "paid_by_balance": ("Paid from credit", "what customers had left with the company before"),
    "still_owed": ("Still owed", "open on the month's invoices, as is known now"),
    "written_off": ("Written off", "on the month's invoices, as uncollectible"),
    "paid_elsewhere": (
        "Paid elsewhere", "counted as paid, by no money of the processor: marked by hand",
    ),
    "paid_in_another_month": ("Paid in another month", "for invoices of this one"),
    "paid_for_another_month": ("Paid for another month", "in this one, for invoices of others"),
    "under_way": (
        "Under way",
        "came for an invoice that does not count it: not yet, or it was paid already",
    ),
    "without_invoice": ("Without an invoice", "payments that no invoice asked for"),
    "refunds": ("Refunds", "given back to customers"),
    "converted": (
        "Converted",
        "by the processor, when it took a payment in one currency into the balance of another",
    ),
    "disputes": ("Disputes", "taken by customers' banks, and given back by them"),
    "fees": ("Fees", "of the processor"),
    "other_income": ("Other income", "movements of any other kind"),
    "moved_to_and_from_banks": (
        "To and from banks", "payouts, top-ups, and what went to connected accounts",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bridge:
    """A currency's steps from a month's MRR to what its cash changed by: (what, how much)."""

    currency: str
    steps: Sequence[tuple[str, int]]

    @property
    def total_minor(self) -> int:
        """What the processor's balance changed by."""
        return sum(amount for _, amount in self.steps)


def bridges_of(rows: Sequence[Mapping[str, Any]]) -> list[Bridge]:
    """Return each currency's steps from MRR to cash, by currency."""
    return [
        Bridge(
            currency,
            [
                (STEPS.get(row["step"], (row["step"], ""))[0], int(row["amount_minor"]))
                for row in told
            ],
        )
        for currency, told in sorted(by_currency(rows).items())
    ]


def meanings(bridges: Iterable[Bridge]) -> list[tuple[str, str]]:
    """Return what each of the steps shown is, once, in their order."""
    shown = {name for bridge in bridges for name, _ in bridge.steps}
    return [(name, meaning) for name, meaning in STEPS.values() if name in shown]
