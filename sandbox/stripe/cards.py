"""How do Stripe's test cards behave?

Numbers and `pm_card_...` names to brands, declines and disputes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestCard:
    """One test card: what an attempt to charge it (or to attach it) does."""

    number: str
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: str | None = None
    attachable: bool = True
    disputed: bool = False
    authentication: bool = False


_CARDS = {
    "visa": TestCard("4242424242424242"),
    "visa_debit": TestCard("4000056655665556", funding="debit"),
    "mastercard": TestCard("5555555555554444", "mastercard"),
    "mastercard_debit": TestCard("5200828282828210", "mastercard", funding="debit"),
    "amex": TestCard("378282246310005", "amex"),
    "discover": TestCard("6011111111111117", "discover"),
    "de": TestCard("4000002760000016", country="DE"),
    "gb": TestCard("4000008260000000", country="GB", funding="debit"),
    "jp": TestCard("4000003920000003", country="JP"),
    "chargeDeclined": TestCard("4000000000000002", decline="generic_decline", attachable=False),
    "visa_chargeDeclined": TestCard("4000000000000002", decline="generic_decline",
    attachable=False),
    "chargeDeclinedInsufficientFunds": TestCard("4000000000009995", decline="insufficient_funds",
    attachable=False),
    "visa_chargeDeclinedInsufficientFunds": TestCard("4000000000009995",
    decline="insufficient_funds", attachable=False),
    "visa_chargeDeclinedLostCard": TestCard("4000000000009987", decline="lost_card",
    attachable=False),
    "visa_chargeDeclinedStolenCard": TestCard("4000000000009979", decline="stolen_card",
    attachable=False),
    "chargeDeclinedExpiredCard": TestCard("4000000000000069", decline="expired_card",
    attachable=False),
    "chargeDeclinedIncorrectCvc": TestCard("4000000000000127", decline="incorrect_cvc",
    attachable=False),
    "chargeDeclinedProcessingError": TestCard("4000000000000119", decline="processing_error",
    attachable=False),
    "chargeDeclinedFraudulent": TestCard("4100000000000019", decline="fraudulent",
    attachable=False),
    "visa_chargeDeclinedVelocityLimitExceeded": TestCard("4000000000006975",
    decline="card_velocity_exceeded", attachable=False),
    "chargeCustomerFail": TestCard("4000000000000341", decline="generic_decline"),
    "authenticationRequired": TestCard("4000002760003184", country="DE", authentication=True),
    "authenticationRequiredOnSetup": TestCard("4000002500003155", authentication=True),
    "createDispute": TestCard("4000000000000259", disputed=True),
}  # fmt: skip
BY_NUMBER = {card.number: card for card in _CARDS.values()}


def card_named(token: str) -> TestCard | None:
    """The test card behind `pm_card_visa`, `tok_visa` and their like."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return _CARDS.get(token.removeprefix(prefix))
    return None
