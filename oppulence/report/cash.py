"""Where did the month's cash go? From what Stripe held, through it, to the bank: it adds up.

    held before + payments + other income = fees + refunds + disputes + payouts + held afterwards

Each side is summed from the ledger; a month in which a flow runs the other way (more refunds taken
back than given) shows it on the other side. Payouts are split by what the bank showed of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_CHARGED = "Payments"
# The ledger's account on the other side of a movement of the Stripe balance.
_OTHER_SIDE = {
    "5010": "Processing fees",
    "1020": "Payouts",
    "5100": "Disputes",
    "1160": "Refunds",
    "1040": "Top-ups",
    "1030": "Connected accounts",
    "4200": "Platform fees",
    "2400": "Customer credit",
}
_BY_TYPE = {
    "stripe_charge": _CHARGED,
    "stripe_charge_failure": "Payments taken back",
    "stripe_refund": "Refunds",
    "stripe_refund_failure": "Refunds",
    "stripe_partial_capture_reversal": _CHARGED,
    "stripe_dispute": "Disputes",
    "stripe_dispute_reversal": "Disputes",
}
AT_BANK = {
    "matched": "In the bank",
    "matched_group": "In the bank",
    "matched_converted": "In the bank, converted",
    "matched_late": "In the bank, late",
    "matched_with_fee": "In the bank, less a fee",
    "in_transit": "On its way",
    "missing_in_bank": "Missing at the bank",
    "amount_differs": "Another amount at the bank",
    "failed": "Failed payouts",
    "not_covered": "Not covered by a bank",
    "unexplained": "Unexplained",
}


@dataclass(frozen=True, slots=True)
class CashChain:
    """A currency's flows through the Stripe balance; every amount is positive.

    Attributes:
        sources: What came in, what was held before first.
        uses: What went out, what is held afterwards last.
        arrivals: What became of the payouts; empty where they do not come to the flow of payouts.
    """

    currency: str
    sources: Sequence[tuple[str, int]]
    uses: Sequence[tuple[str, int]]
    arrivals: Sequence[tuple[str, int]]


def cash_chains(
    held: Iterable[Mapping[str, Any]],
    flows: Sequence[Mapping[str, Any]],
    payouts: Sequence[Mapping[str, Any]],
) -> list[CashChain]:
    """Return each currency's chain, the most movements first."""
    chains = []
    for row in held:
        own = [flow for flow in flows if flow["currency"] == row["currency"]]
        arrived = [one for one in payouts if one["currency"] == row["currency"]]
        chain = _chain(row, own, arrived)
        if own or chain.uses:
            chains.append((len(own), chain))
    chains.sort(key=lambda pair: (-pair[0], pair[1].currency))
    return [chain for _, chain in chains]


def _chain(
    held: Mapping[str, Any],
    flows: Iterable[Mapping[str, Any]],
    payouts: Iterable[Mapping[str, Any]],
) -> CashChain:
    amounts: dict[str, int] = {}
    for flow in flows:
        name = _name(str(flow["journal_type"]), str(flow["account_code"]))
        amounts[name] = amounts.get(name, 0) + int(flow["amount_minor"])
    opening, closing = int(held["opening_minor"]), int(held["closing_minor"])
    come = [(name, amount) for name, amount in amounts.items() if amount > 0]
    gone = [(name, -amount) for name, amount in amounts.items() if amount < 0]
    come.sort(key=lambda pair: -pair[1])
    gone.sort(key=lambda pair: -pair[1])
    # A balance below zero is owed to Stripe: at the start it takes, at the end it gives.
    sources = [("Held before", opening)] * (opening > 0) + come
    sources += [("Owed afterwards", -closing)] * (closing < 0)
    uses = [("Owed before", -opening)] * (opening < 0) + gone
    uses += [("Held afterwards", closing)] * (closing > 0)
    arrivals: dict[str, int] = {}
    for one in payouts:
        name = AT_BANK.get(str(one["verdict"]), str(one["verdict"]).replace("_", " "))
        arrivals[name] = arrivals.get(name, 0) + int(one["amount_minor"])
    is_whole = sum(arrivals.values()) == dict(gone).get("Payouts")
    return CashChain(
        str(held["currency"]), sources, uses,
        sorted(arrivals.items(), key=lambda pair: -pair[1]) if is_whole else [],
    )  # fmt: skip


def _name(journal_type: str, account_code: str) -> str:
    if account_code in _OTHER_SIDE:
        return _OTHER_SIDE[account_code]
    return _BY_TYPE.get(journal_type, "Adjustments")
