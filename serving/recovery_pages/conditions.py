"""How does a flow's condition read to a person? `Decline class is one of soft, none`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recovery.flows.conditions import AllOf, Comparison, Condition, NotOf, Operator, looked_at
from recovery.known.vocabulary import kind_of
from serving.recovery_pages.words import plain
from serving.web.formats import money

_OPERATORS: dict[Operator, str] = {
    "eq": "is", "ne": "is not", "lt": "is below", "lte": "is at most", "gt": "is above",
    "gte": "is at least", "in": "is one of", "not_in": "is none of", "contains": "contain",
}  # fmt: skip


def said(condition: Condition, *, is_inner: bool = False) -> str:
    """Return a condition in words."""
    if isinstance(condition, Comparison):
        return _compared(condition)
    if isinstance(condition, NotOf):
        return f"not ({said(condition.not_)})"
    parts = condition.all if isinstance(condition, AllOf) else condition.any
    joined = (" and " if isinstance(condition, AllOf) else " or ").join(
        said(part, is_inner=True) for part in parts
    )
    return f"({joined})" if is_inner and len(parts) > 1 else joined


def compared(condition: Condition, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the facts that a condition looks at, as they are known."""
    return known(looked_at([condition], facts))


def known(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return facts that were looked at in words; None for what was not known."""
    found = []
    for name, value in facts.items():
        fact, _, currency = name.partition(":")
        text = "not known" if value is None else fact_text(value, fact)
        if currency and isinstance(value, int):
            text = money(value, currency)
        found.append((fact_name(fact), text))
    return found


def fact_name(fact: str) -> str:
    """Return what a fact is called: `books.open_receivable` is "Books: open receivable"."""
    place, dot, name = fact.removeprefix("unified.").removeprefix("marts.").partition(".")
    if not dot:
        return plain(fact)
    return f"{plain(place)}: {name.replace('_', ' ')}"


def fact_text(value: Any, name: str = "") -> str:
    """Return a fact's value as people read it."""
    if name == "customer_since" and isinstance(value, int):
        return f"{datetime.fromtimestamp(value, UTC):%-d %b %Y}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


def _compared(one: Comparison) -> str:
    fact = fact_name(one.fact)
    if one.op == "known":
        return f"{fact} is {'' if one.value else 'not '}known"
    kind = kind_of(one.fact)
    is_money = kind is not None and kind.type == "money" and one.currency is not None
    value = money(int(str(one.value)), str(one.currency)) if is_money else fact_text(one.value)
    return f"{fact} {_OPERATORS[one.op]} {value}"
