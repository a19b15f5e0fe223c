"""Which facts of the unified layer have names of their own? The one table: add a row."""

from recovery.known import bank, books, enrichment, payer, subscription
from recovery.known.fact import KnownFact

# A group's name, and how the builder heads it.
GROUPS = {
    "payer": "The payer",
    "subscription": "Their subscription",
    "books": "Your books (QuickBooks, Xero)",
    "bank": "Your banks",
    "enrichment": "What enrichment found",
}
CATALOGUE: dict[str, KnownFact] = {
    fact.name: fact
    for group in (payer, subscription, books, bank, enrichment)
    for fact in group.FACTS
}
