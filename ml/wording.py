"""How is an amount said in words, for a whole column at once?"""

from __future__ import annotations

import polars as pl

from core.money import DEFAULT_EXPONENT, EXPONENTS
from ml.terms import Line, Term


def money_of(amount: str, currency: str = "currency") -> Term:
    """Return the same as a term, which says it of one row as well.

    Examples
    --------
    >>> money_of("minor").of({"minor": -5, "currency": "EUR"})
    '0.05 EUR'
    """

    def worded(line: Line) -> str | None:
        minor, code = line[amount], line[currency]
        if minor is None or code is None:
            return None
        places = EXPONENTS.get(code, DEFAULT_EXPONENT)
        digits = str(abs(minor)).rjust(places + 1, "0")
        return f"{digits} {code}" if not places else f"{digits[:-places]}.{digits[-places:]} {code}"

    return Term(money(amount, currency), worded)


def money(amount: str, currency: str = "currency") -> pl.Expr:
    """Return `1234.50 EUR` of a column of minor units, its sign left off.

    Parameters
    ----------
    amount, currency
        The columns' names.

    Examples
    --------
    >>> rows = pl.DataFrame({"minor": [-5, 160000], "currency": ["EUR", "JPY"]})
    >>> rows.select(money("minor"))["minor"].to_list()
    ['0.05 EUR', '160000 JPY']
    """
    places = pl.col(currency).replace_strict(
        EXPONENTS, default=DEFAULT_EXPONENT, return_dtype=pl.Int64
    )
    digits = pl.col(amount).abs().cast(pl.Int64).cast(pl.String).str.zfill(places + 1)
    whole = digits.str.slice(0, digits.str.len_chars().cast(pl.Int64) - places)
    rest = digits.str.slice(digits.str.len_chars().cast(pl.Int64) - places)
    decimal = pl.when(places == 0).then(whole).otherwise(pl.format("{}.{}", whole, rest))
    return pl.format("{} {}", decimal, currency).alias(amount)
