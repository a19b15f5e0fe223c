"""How is a rule said once, for a column and for a single row? As a term of columns, read two ways.

polars answers a term for a column. To plan a query costs it some 0.2 ms whatever the query holds,
and all facets ask dozens, so of one row a term is asked directly: of a mapping from column to
value. Both ways know null as polars does: what is compared with it is null, `&` and `|` have three
values, and `when` takes null for no (`tests/ml/test_terms.py` holds them together).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

import polars as pl

Line = Mapping[str, Any]


class Term:
    """A value of each row: what polars selects, and what one row says.

    Examples
    --------
    >>> is_large = (field("paid") > 100) & field("payee").is_not_null()
    >>> is_large.of({"paid": 200, "payee": "Shell"}), is_large.of({"paid": None, "payee": "Shell"})
    (True, None)
    >>> pl.DataFrame({"paid": [200, 1], "payee": ["Shell", None]}).select(is_large.expr)
    ... # doctest: +SKIP
    """

    __slots__ = ("expr", "of")
    __hash__ = None  # type: ignore[assignment]  # `==` makes a term, as polars' does

    def __init__(self, expr: pl.Expr, of: Callable[[Line], Any]) -> None:
        """Take both readings; they must agree."""
        self.expr, self.of = expr, of

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return _both(self, other, operator.eq)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return _both(self, other, operator.ne)

    def __lt__(self, other: object) -> Term:
        return _both(self, other, operator.lt)

    def __le__(self, other: object) -> Term:
        return _both(self, other, operator.le)

    def __gt__(self, other: object) -> Term:
        return _both(self, other, operator.gt)

    def __ge__(self, other: object) -> Term:
        return _both(self, other, operator.ge)

    def __mul__(self, other: object) -> Term:
        return _both(self, other, operator.mul)

    def __neg__(self) -> Term:
        return self._one(-self.expr, operator.neg)

    def __invert__(self) -> Term:
        return self._one(~self.expr, operator.not_)

    def __and__(self, other: Term) -> Term:
        return _decided(self, other, self.expr & other.expr, by=False)

    def __or__(self, other: Term) -> Term:
        return _decided(self, other, self.expr | other.expr, by=True)

    def is_null(self) -> Term:
        """Say whether there is no value."""
        of = self.of
        return Term(self.expr.is_null(), lambda line: of(line) is None)

    def is_not_null(self) -> Term:
        """Say whether there is a value."""
        of = self.of
        return Term(self.expr.is_not_null(), lambda line: of(line) is not None)

    def is_in(self, values: Collection[str]) -> Term:
        """Say whether the value is one of these."""
        known = frozenset(values)
        return self._one(self.expr.is_in(sorted(known)), known.__contains__)

    def starts_with(self, text: str) -> Term:
        """Say whether the text begins so."""
        return self._one(self.expr.str.starts_with(text), lambda value: value.startswith(text))

    def up_to(self, mark: str) -> Term:
        """Return the text before a mark; all of it where the mark is not in it."""
        before = self.expr.str.split(mark).list.first()
        return self._one(before, lambda value: value.split(mark, 1)[0])

    def stripped(self) -> Term:
        """Return the text without the blanks around it."""
        return self._one(self.expr.str.strip_chars(_BLANKS), lambda value: value.strip(_BLANKS))

    def fill_null(self, value: object) -> Term:
        """Return the value, or another where there is none."""
        return first_of(self, value)

    def _one(self, expr: pl.Expr, act: Callable[[Any], Any]) -> Term:
        of = self.of

        def asked(line: Line) -> Any:
            value = of(line)
            return None if value is None else act(value)

        return Term(expr, asked)


_BLANKS = " \t\r\n\u00a0"


def field(name: str) -> Term:
    """Return the term of a column."""
    return Term(pl.col(name), operator.itemgetter(name))


def always(value: object) -> Term:
    """Return the term that says the same of every row."""
    expr = pl.lit(value) if value is not None else pl.lit(None, pl.String)
    return Term(expr, lambda _line: value)


def when(fits: Term, then: object, otherwise: object = None) -> Term:
    """Return one of two terms, the other where it does not fit or cannot be told."""
    yes, no, fit = _term(then), _term(otherwise), fits.of
    expr = pl.when(fits.expr).then(yes.expr).otherwise(no.expr)
    of_yes, of_no = yes.of, no.of
    return Term(expr, lambda line: of_yes(line) if fit(line) else of_no(line))


def first_of(*terms: object) -> Term:
    """Return the first of some terms that says something.

    Examples
    --------
    >>> first_of(field("counterparty"), field("merchant")).of({"counterparty": None, "merchant": 1})
    1
    """
    several = [_term(term) for term in terms]
    asked = [term.of for term in several]

    def first(line: Line) -> Any:
        for of in asked:
            if (value := of(line)) is not None:
                return value
        return None

    return Term(pl.coalesce([term.expr for term in several]), first)


def text(*parts: Term | str) -> Term:
    """Return texts put together; null where one of them is.

    Examples
    --------
    >>> text("Read from '", field("raw"), "'.").of({"raw": "SHELL"})
    "Read from 'SHELL'."
    """
    several = [_term(part) for part in parts]
    asked = [part.of for part in several]

    def joined(line: Line) -> str | None:
        said = [of(line) for of in asked]
        return None if None in said else "".join(said)

    return Term(pl.concat_str([part.expr for part in several]), joined)


def _term(value: object) -> Term:
    return value if isinstance(value, Term) else always(value)


def _both(one: Term, other: object, act: Callable[[Any, Any], Any]) -> Term:
    second = _term(other)
    of_one, of_second = one.of, second.of

    def asked(line: Line) -> Any:
        left, right = of_one(line), of_second(line)
        return None if left is None or right is None else act(left, right)

    return Term(act(one.expr, second.expr), asked)


def _decided(one: Term, other: Term, expr: pl.Expr, *, by: bool) -> Term:
    """Of two truths one may decide alone (`by`); else null says that it cannot be told."""
    of_one, of_other = one.of, other.of

    def asked(line: Line) -> bool | None:
        left = of_one(line)
        if left is by:
            return by
        right = of_other(line)
        if right is by:
            return by
        return None if left is None or right is None else not by

    return Term(expr, asked)
