"""What is known of the failures of the past? Tries in their order, as the warehouse has them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from recovery.declines import NOTHING, DeclineClass, Declines, Meaning, Refusal
from recovery.flows.facts import Facts


@dataclass(frozen=True, slots=True)
class PastTry:
    """One try of a past payment."""

    at: datetime
    is_success: bool
    decline_class: DeclineClass
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class PastFailure:
    """One payment that failed: its tries, the first of which was declined.

    `card` names what was charged: the payment method, where it is not known the customer. The
    connection, the invoice and the first try name the rows that the unified layer has of it.
    """

    id: str
    customer_id: str
    cause: str
    amount_minor: int
    currency: str
    facts: Facts
    tries: tuple[PastTry, ...]
    card: str = ""
    connection_id: str = ""
    invoice_id: str = ""
    charge_id: str = ""

    @property
    def failed_at(self) -> datetime:
        """When it first failed."""
        return self.tries[0].at

    @property
    def is_recovered(self) -> bool:
        """Whether a later try was paid."""
        return any(one.is_success for one in self.tries)


def failures_of(rows: Iterable[Mapping[str, Any]], declines: Declines) -> list[PastFailure]:
    """Return the failures in rows of tries, ordered by payment and time.

    Args:
        rows: `connection_id`, `id`, `payment_id`, `customer_id`, `invoice_id`, `amount_minor`,
            `currency`, `status`, `decline_code`, `advice_code`, `payment_method_type`,
            `payment_method_id`, `occurred_at`.
        declines: The taxonomy.
    """
    found = []
    for payment_id, group in groupby(rows, key=lambda row: str(row["payment_id"])):
        failure = _failure(payment_id, list(group), declines)
        if failure is not None:
            found.append(failure)
    return found


def _failure(
    payment_id: str, rows: Sequence[Mapping[str, Any]], declines: Declines
) -> PastFailure | None:
    failed = [number for number, row in enumerate(rows) if row["status"] == "failed"]
    if not failed or failed[0] != 0:
        return None  # it was paid, and what came after is another story
    first = rows[0]
    tries = tuple(
        PastTry(row["occurred_at"], row["status"] == "succeeded", said.decline_class, said.wait)
        for row in rows
        if row["status"] in ("failed", "succeeded")
        for said in (_meaning(row, declines),)
    )
    meaning = declines.meaning(_refusal(first))
    facts: dict[str, Any] = {
        "decline_class": meaning.decline_class, "decline_reason": meaning.reason, "attempts": 1,
        "decline_code": str(first["decline_code"] or ""),
        "payment_method_type": str(first["payment_method_type"] or "card"),
        "has_email": True, "has_payment_method": True,
    }  # fmt: skip
    cause = "renewal" if first["invoice_id"] else "one_off"
    if meaning.decline_class == "action_needed":
        cause = "action_required"
    return PastFailure(
        payment_id, str(first["customer_id"] or ""), cause, int(first["amount_minor"]),
        str(first["currency"]), facts, tries,
        str(first["payment_method_id"] or first["customer_id"] or payment_id),
        str(first["connection_id"]), str(first["invoice_id"] or ""), str(first["id"]),
    )  # fmt: skip


def _meaning(row: Mapping[str, Any], declines: Declines) -> Meaning:
    return declines.meaning(_refusal(row)) if row["status"] == "failed" else NOTHING


def _refusal(row: Mapping[str, Any]) -> Refusal:
    return Refusal(str(row["decline_code"] or ""), str(row["advice_code"] or ""))
