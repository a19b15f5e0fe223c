"""When does a branch, a trigger or an exit hold? Typed expressions as data; nothing is executed.

`holds` answers yes or no. `may_hold` answers for a whole set of episodes of which only some facts
are known: True, False or None for "it depends"; validation reasons with it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from recovery.flows.facts import Fact, Facts, FactType, kind_of

Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "known"]
Value = StrictBool | StrictInt | StrictStr | Annotated[tuple[StrictStr, ...], Field(max_length=200)]

_ORDERED: tuple[Operator, ...] = ("eq", "ne", "lt", "lte", "gt", "gte")
OPERATORS: dict[FactType, tuple[Operator, ...]] = {
    "integer": (*_ORDERED, "known"),
    "money": (*_ORDERED, "known"),
    "text": ("eq", "ne", "in", "not_in", "known"),
    "boolean": ("eq", "known"),
    "texts": ("contains", "known"),
}
MOST_DEEP = 6


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(_Frozen):
    """One fact compared; `currency` says which money an amount is meant in."""

    fact: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]{1,40})?$")]
    op: Operator
    value: Value = True
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None


class AllOf(_Frozen):
    """Every one holds."""

    all: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=50)]


class AnyOf(_Frozen):
    """At least one holds."""

    any: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=50)]


class NotOf(_Frozen):
    """It does not hold."""

    not_: Annotated["Condition", Field(alias="not")]
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )


Condition = Comparison | AllOf | AnyOf | NotOf
for _model in (AllOf, AnyOf, NotOf):
    _model.model_rebuild()


def holds(condition: Condition, facts: Facts) -> bool:
    """Say whether the condition holds of these facts; unknown facts satisfy no comparison."""
    if isinstance(condition, Comparison):
        return _compare(condition, facts)
    if isinstance(condition, AllOf):
        return all(holds(each, facts) for each in condition.all)
    if isinstance(condition, AnyOf):
        return any(holds(each, facts) for each in condition.any)
    return not holds(condition.not_, facts)


def may_hold(condition: Condition, known: Mapping[str, Fact]) -> bool | None:
    """Say whether it holds whatever the other facts are: yes, no, or None where they decide."""
    if isinstance(condition, Comparison):
        return _compare(condition, known) if condition.fact in known else None
    if isinstance(condition, NotOf):
        inner = may_hold(condition.not_, known)
        return None if inner is None else not inner
    parts = [
        may_hold(each, known)
        for each in (condition.all if isinstance(condition, AllOf) else condition.any)
    ]
    decisive = isinstance(condition, AnyOf)  # one True decides an any, one False decides an all
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def facts_of(condition: Condition) -> frozenset[str]:
    """Return the facts that a condition compares."""
    if isinstance(condition, Comparison):
        return frozenset({condition.fact})
    if isinstance(condition, NotOf):
        return facts_of(condition.not_)
    parts = condition.all if isinstance(condition, AllOf) else condition.any
    return frozenset().union(*(facts_of(each) for each in parts))


def faults(condition: Condition, depth: int = 1) -> list[str]:
    """Return what is wrong with a condition: unknown facts, operators and values of other types."""
    if depth > MOST_DEEP:
        return [f"It is nested deeper than {MOST_DEEP} levels."]
    if isinstance(condition, NotOf):
        return faults(condition.not_, depth + 1)
    if isinstance(condition, Comparison):
        return _faults(condition)
    inner = condition.all if isinstance(condition, AllOf) else condition.any
    return [fault for each in inner for fault in faults(each, depth + 1)]


def _compare(comparison: Comparison, facts: Facts) -> bool:
    held = facts.get(comparison.fact)
    value, op = comparison.value, comparison.op
    if op == "known":
        return (held is not None) is value
    if held is None or (comparison.currency and facts.get("currency") != comparison.currency):
        return False
    if op in ("in", "not_in", "contains"):
        found = value in held if isinstance(held, tuple) else held in _texts(value)
        return found is (op != "not_in")
    if op in ("eq", "ne"):
        return (held == value) is (op == "eq")
    if not isinstance(held, int) or not isinstance(value, int):
        return False
    return {"lt": held < value, "lte": held <= value, "gt": held > value, "gte": held >= value}[op]


def _texts(value: Value) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _faults(comparison: Comparison) -> list[str]:
    kind = kind_of(comparison.fact)
    if kind is None:
        return [f"There is no fact {comparison.fact}."]
    if comparison.op not in OPERATORS[kind.type]:
        return [f"{comparison.fact} ({kind.type}) knows no operator {comparison.op}."]
    if (kind.type == "money" and comparison.op != "known") != (comparison.currency is not None):
        return [f"{comparison.fact}: a currency is named where money is compared, and only there."]
    value = comparison.value
    wanted: type = {"integer": int, "money": int, "boolean": bool}.get(kind.type, str)
    if comparison.op == "known":
        wanted = bool
    elif comparison.op in ("in", "not_in"):
        wanted = tuple
    if type(value) is not wanted:
        return [f"{comparison.fact} {comparison.op} takes a value of another type."]
    named = [text for text in _texts(value) if isinstance(text, str)]
    if kind.values and (foreign := [text for text in named if text not in kind.values]):
        return [f"{comparison.fact} is never {', '.join(map(str, foreign))}."]
    return []
