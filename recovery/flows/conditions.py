"""When does a branch, a trigger or an exit hold? Typed expressions as data; nothing is executed.

`holds` answers yes or no. `may_hold` answers for a whole set of episodes of which only some facts
are known: True, False or None for "it depends"; validation reasons with it. What a condition wants
of the unified layer (`wanted`) is looked up by whoever decides, and is a fact like any other then.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from recovery.flows.facts import Fact, FactKind, Facts, FactType, is_looked_up

Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "known"]
Value = StrictBool | StrictInt | StrictStr | Annotated[tuple[StrictStr, ...], Field(max_length=200)]

_ORDERED: tuple[Operator, ...] = ("eq", "ne", "lt", "lte", "gt", "gte")
OPERATORS: dict[FactType, tuple[Operator, ...]] = {
    "integer": (*_ORDERED, "known"),
    "money": (*_ORDERED, "known"),
    "text": ("eq", "ne", "in", "not_in", "known"),
    "date": (*_ORDERED, "in", "not_in", "known"),
    "boolean": ("eq", "known"),
    "texts": ("contains", "known"),
}
MOST_DEEP = 6
KindOf = Callable[[str], FactKind | None]
# A day, or one that is so many days away from the day of asking.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|today([+-]\d{1,4})?")
_DAY_HELD = re.compile(r"\d{4}-\d{2}-\d{2}")


class Wanted(NamedTuple):
    """A fact of the unified layer that a condition compares; of money, the currency it means."""

    fact: str
    currency: str | None = None

    @property
    def held_as(self) -> str:
        """The name under which facts hold it: amounts of several currencies lie side by side."""
        return f"{self.fact}:{self.currency}" if self.currency else self.fact


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(_Frozen):
    """One fact compared; `currency` says which money an amount is meant in."""

    fact: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]{1,60}){0,2}$", max_length=120)
    ]
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
    return frozenset(one.fact for one in comparisons(condition))


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield a condition's comparisons, in the order in which they are written."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, NotOf):
        yield from comparisons(condition.not_)
    else:
        for each in condition.all if isinstance(condition, AllOf) else condition.any:
            yield from comparisons(each)


def wanted(conditions: Iterable[Condition]) -> frozenset[Wanted]:
    """Return what conditions want of the unified layer."""
    return frozenset(
        Wanted(one.fact, one.currency)
        for condition in conditions
        for one in comparisons(condition)
        if is_looked_up(one.fact)
    )


def looked_at(conditions: Iterable[Condition], facts: Facts) -> dict[str, Fact | None]:
    """Return what conditions look at, as it is held; None for what is not known."""
    return {
        name: facts.get(name)
        for condition in conditions
        for one in comparisons(condition)
        for name in (_held_as(one),)
    }


def faults(condition: Condition, kind_of: KindOf, depth: int = 1) -> list[str]:
    """Return what is wrong with a condition: unknown facts, operators and values of other types."""
    if depth > MOST_DEEP:
        return [f"It is nested deeper than {MOST_DEEP} levels."]
    if isinstance(condition, NotOf):
        return faults(condition.not_, kind_of, depth + 1)
    if isinstance(condition, Comparison):
        return _faults(condition, kind_of)
    inner = condition.all if isinstance(condition, AllOf) else condition.any
    return [fault for each in inner for fault in faults(each, kind_of, depth + 1)]


def _held_as(comparison: Comparison) -> str:
    fact = comparison.fact
    return Wanted(fact, comparison.currency).held_as if is_looked_up(fact) else fact


def _compare(comparison: Comparison, facts: Facts) -> bool:
    held = facts.get(_held_as(comparison))
    value, op = comparison.value, comparison.op
    if op == "known":
        return (held is not None) is value
    if held is None or not _is_in_its_currency(comparison, facts):
        return False
    if isinstance(held, str) and _DAY_HELD.fullmatch(held):
        value = _days(value, facts)
    if op in ("in", "not_in", "contains"):
        found = value in held if isinstance(held, tuple) else held in _texts(value)
        return found is (op != "not_in")
    if op in ("eq", "ne"):
        return (held == value) is (op == "eq")
    order = _order(held, value)
    return order is not None and {
        "lt": order < 0, "lte": order <= 0, "gt": order > 0, "gte": order >= 0,
    }[op]  # fmt: skip


def _order(held: Fact, value: Value) -> int | None:
    """Return -1, 0 or 1 as a number or a day lies before another; None where neither does."""
    if isinstance(held, int) and isinstance(value, int):
        return (held > value) - (held < value)
    if isinstance(held, str) and isinstance(value, str):  # days, written so that they sort
        return (held > value) - (held < value)
    return None


def _is_in_its_currency(comparison: Comparison, facts: Facts) -> bool:
    """Say whether an amount is in the currency that is meant; a looked-up one is held by it."""
    if comparison.currency is None or is_looked_up(comparison.fact):
        return True
    return facts.get("currency") == comparison.currency


def _days(value: Value, facts: Facts) -> Value:
    """Return days that are so many days away as the days that are meant, where a day is held."""
    if isinstance(value, tuple):
        return tuple(_day(each, facts) for each in value)
    return _day(value, facts) if isinstance(value, str) else value


def _day(value: str, facts: Facts) -> str:
    today = facts.get("today")
    if not (value.startswith("today") and _DAY.fullmatch(value) and isinstance(today, str)):
        return value
    away = int(value.removeprefix("today") or 0)
    return (date.fromisoformat(today) + timedelta(days=away)).isoformat()


def _texts(value: Value) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _faults(comparison: Comparison, kind_of: KindOf) -> list[str]:
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
    if kind.type == "date" and (no_days := [text for text in named if not _is_day(text)]):
        said = ", ".join(no_days)
        return [f"{comparison.fact}: {said} is no day such as 2026-11-30, today or today-30."]
    if kind.values and (foreign := [text for text in named if text not in kind.values]):
        return [f"{comparison.fact} is never {', '.join(map(str, foreign))}."]
    return []


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        return text.startswith("today") or bool(date.fromisoformat(text))
    except ValueError:
        return False
