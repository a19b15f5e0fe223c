"""What do Stripe's charges tell of the tries that were made?"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.money import from_stripe
from recovery.declines import NOTHING, Declines, Meaning, Refusal
from recovery.engine.observing import SeenAttempt

_CARD_LIKE = ("card", "sepa_debit", "us_bank_account", "bacs_debit", "au_becs_debit", "acss_debit")


def attempts_of(
    charges: Iterable[Mapping[str, Any]], declines: Declines
) -> tuple[SeenAttempt, ...]:
    """Return the tries, oldest first."""
    seen = [_attempt(charge, declines) for charge in charges]
    return tuple(sorted(seen, key=lambda one: (one.at, one.id)))


def meaning_of_charge(charge: Mapping[str, Any], declines: Declines) -> Meaning:
    """Return what a charge's refusal means; nothing of one that succeeded."""
    if charge["status"] != "failed":
        return NOTHING
    outcome = charge.get("outcome") or {}
    method = method_of(charge)
    return declines.meaning(
        Refusal(
            decline_code=code_of(charge),
            advice_code=str(outcome.get("advice_code") or ""),
            network=str(method.get("network") or method.get("brand") or ""),
            network_advice_code=str(outcome.get("network_advice_code") or ""),
        )
    )


def code_of(charge: Mapping[str, Any]) -> str:
    """Return the issuer's reason; `failure_code` says card_declined of nearly everything."""
    if charge["status"] != "failed":
        return ""
    outcome = charge.get("outcome") or {}
    return str(outcome.get("reason") or charge.get("failure_code") or "")


def method_of(charge: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is told of the method that was tried."""
    details = charge.get("payment_method_details") or {}
    found: Mapping[str, Any] = details.get(details.get("type")) or {}
    return found


def fingerprint_of(method: Mapping[str, Any]) -> str:
    """Return the card's or account's own name, the same under every payment method's id."""
    for kind in _CARD_LIKE:
        if (details := method.get(kind)) and details.get("fingerprint"):
            return str(details["fingerprint"])
    return str(method.get("fingerprint") or method.get("id") or "")


def last4_of(method: Mapping[str, Any]) -> str:
    """Return the last digits of a card; empty for other methods."""
    return str((method.get("card") or {}).get("last4") or "")


def _attempt(charge: Mapping[str, Any], declines: Declines) -> SeenAttempt:
    meaning = meaning_of_charge(charge, declines)
    money = from_stripe(charge["amount"], charge["currency"])
    details = charge.get("payment_method_details") or {}
    return SeenAttempt(
        id=str(charge["id"]),
        at=datetime.fromtimestamp(charge["created"], UTC),
        fingerprint=fingerprint_of(details) or str(charge.get("payment_method") or ""),
        is_success=charge["status"] != "failed",
        decline_code=code_of(charge),
        decline_class=meaning.decline_class,
        decline_reason=meaning.reason,
        wait_hours=int(meaning.wait.total_seconds()) // 3600,
        amount_minor=money.amount_minor,
        currency=money.currency,
        is_returned=bool(charge.get("failure_balance_transaction")),
    )
