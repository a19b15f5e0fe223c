"""How is an amount said in words? Exactly, with the decimals of its currency."""

from __future__ import annotations

from core.money import Money


def worded(amount_minor: int, currency: str) -> str:
    """`1234.50 EUR`."""
    return str(Money(amount_minor, currency))
