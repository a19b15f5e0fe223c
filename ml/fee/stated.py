"""Which fee does a line's own text state? Wordings with an amount and a currency, as rows."""

from __future__ import annotations

import re

import polars as pl

from core.money import DEFAULT_EXPONENT, EXPONENTS

# What banks call it when they print it beside a payment. Extend here.
WORDS = (
    r"(?:fx|foreign(?: transaction| exchange)?|conversion|international|atm|wire|transfer|card"
    r"|service|handling)? ?fee",
    r"(?:auslandseinsatz|fremdw(?:ae|ä)hrungs|w(?:ae|ä)hrungs)?entgelt",
    r"(?:auslands|bank)?geb(?:ue|ü)hr(?:en)?",
    r"kosten",
    r"frais",
    r"commissions?|comisi(?:o|ó)n",
)
_FEE = rf"\b(?:{'|'.join(WORDS)})[: ]{{1,2}}"
_NUMBER = r"(\d{1,6})[.,](\d{2})"
_STATED = re.compile(rf"{_FEE}(?:([a-z]{{3}}) ?{_NUMBER}(?![\d.,]*\d)|{_NUMBER} ?([a-z]{{3}})\b)")
READ: dict[str, pl.DataType] = {"stated_minor": pl.Int64(), "stated_currency": pl.String()}
HOLDING = rf"(?i){_FEE}(?:[a-z]{{3}} ?)?\d"


def stated(text: str) -> tuple[int | None, str | None]:
    """Return the fee that a text states, in minor units, and its currency.

    An amount without its currency says too little, and one of a currency without hundredths would
    be misread: of these nothing is returned.

    Examples
    --------
    >>> stated("AMAZON US 25.00 USD FX FEE EUR 0,75"), stated("WIRE FEE 25.00")
    ((75, 'EUR'), (None, None))
    """
    found = _STATED.search(text.lower())
    if found is None:
        return None, None
    before, whole, cents, other_whole, other_cents, behind = found.groups()
    currency = (before or behind).upper()
    if EXPONENTS.get(currency, DEFAULT_EXPONENT) != DEFAULT_EXPONENT:
        return None, None
    return int((whole or other_whole) + (cents or other_cents)), currency
