"""What may a flow ask about an episode? The vocabulary of facts, each with its type.

A fact that is not known is absent: every comparison with it is false, `known` tells. `metadata.x`
(the customer's) and `arm.x` (which arm of an experiment) are texts and need no row here; `goal.x`
says whether a goal of the flow was reached. Other names with a dot are of the unified layer
(`recovery.known`): they are looked up when they are asked for, and kept with what was decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FactType = Literal["integer", "money", "text", "date", "boolean", "texts"]
Fact = int | str | bool | tuple[str, ...]
Facts = Mapping[str, Fact]

OPEN_PREFIXES = ("metadata.", "arm.")
GOAL_PREFIX = "goal."
OWN_PREFIXES = (*OPEN_PREFIXES, GOAL_PREFIX)


@dataclass(frozen=True, slots=True)
class FactKind:
    """One fact's type, what it says, and the values it takes where they are few."""

    type: FactType
    says: str
    values: tuple[str, ...] = ()


CAUSES = (
    "renewal", "first_payment", "one_off", "action_required", "debit_returned", "dispute_lost",
    "card_expiring", "upcoming_renewal", "past_due",
)  # fmt: skip
DECLINE_CLASSES = ("soft", "hard", "action_needed", "none")

VOCABULARY: dict[str, FactKind] = {
    "cause": FactKind("text", "How the payment fails, or is about to", CAUSES),
    "amount": FactKind("money", "What is owed, in minor units of its currency"),
    "currency": FactKind("text", "ISO 4217 code of the amount"),
    "paid": FactKind("money", "What was paid of the invoice so far"),
    "decline_class": FactKind("text", "What the newest refusal means", DECLINE_CLASSES),
    "decline_code": FactKind("text", "The provider's code of the newest refusal"),
    "decline_reason": FactKind("text", "The taxonomy's reason of it: funds, issuer, risk, …"),
    "attempts": FactKind("integer", "Attempts on this invoice, whoever made them"),
    "attempts_ours": FactKind("integer", "Attempts that this episode made"),
    "messages": FactKind("integer", "Messages that this episode sent"),
    "days_open": FactKind("integer", "Whole days since the episode began"),
    "payment_method_type": FactKind("text", "card, sepa_debit, …"),
    "card_brand": FactKind("text", "visa, mastercard, …"),
    "card_funding": FactKind("text", "credit, debit, prepaid, unknown"),
    "card_country": FactKind("text", "ISO 3166 code of the card's bank"),
    "card_expires_on": FactKind("date", "The last day of the card's last month"),
    "card_expires_in_days": FactKind("integer", "Days to that day, negative once it is over"),
    "due_at": FactKind("integer", "Second since 1970 at which an invoice that was sent was due"),
    "days_past_due": FactKind("integer", "Whole days since then"),
    "country": FactKind("text", "ISO 3166 code of the customer's address"),
    "timezone": FactKind("text", "The customer's IANA time zone, where it is known"),
    "locale": FactKind("text", "The customer's first preferred language"),
    "plans": FactKind("texts", "Ids and nicknames of the subscription's prices, and its products"),
    "customer_since": FactKind("integer", "Second since 1970 at which the customer came to be"),
    "tenure_days": FactKind("integer", "Days since the customer came to be"),
    "subscription_status": FactKind("text", "active, past_due, unpaid, incomplete, canceled"),
    "has_email": FactKind("boolean", "An address to write to is known"),
    "has_payment_method": FactKind("boolean", "There is a method that could be charged"),
    "propensity": FactKind("integer", "Chance that the next try succeeds, per thousand"),
    "today": FactKind("date", "The day on which it is asked, UTC"),
}


def own_kind_of(fact: str) -> FactKind | None:
    """Return what an episode itself knows of a fact's name; None for one that it does not."""
    _, dot, rest = fact.partition(".")
    if dot and rest and fact.startswith(OPEN_PREFIXES):
        return FactKind("text", "Free text")
    if dot and rest and fact.startswith(GOAL_PREFIX):
        return FactKind("boolean", "Whether this goal of the flow was reached")
    return VOCABULARY.get(fact)


def is_looked_up(fact: str) -> bool:
    """Say whether a fact is the unified layer's: asked for when it is needed, not carried along."""
    return "." in fact and not fact.startswith(OWN_PREFIXES)
