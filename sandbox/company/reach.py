"""Through which provider is which account reached?

Two accounts are reached twice, so that it can be proven that one account stays one.
"""

from __future__ import annotations

from collections.abc import Mapping

REACH: Mapping[str, tuple[str, ...]] = {
    "plaid": ("usd_operating", "usd_card", "usd_loan"),
    "teller": ("usd_operating", "usd_savings", "usd_travel_card"),
    "gocardless": ("eur_operating", "eur_savings", "eur_card", "jpy_current"),
    "enablebanking": ("eur_operating", "eur_reserve", "kwd_current"),
}
# Institutions whose feed writes a card's purchases as positive amounts.
INVERTED_INSTITUTIONS = frozenset({"Karten Direkt"})
# Which entity keeps its books where.
BOOKS_AT: Mapping[str, str] = {"us": "quickbooks", "eu": "xero"}
