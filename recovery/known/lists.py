"""What do conditions know of many rows? Of lists that are the episode's: count, sums, values.

    unified.<table>.count          how many there are
    unified.<table>.sum_<column>   an amount in the currency that is asked in, or a number of units
    unified.<table>.any_<column>   every value that a row has, as texts; of yes or no, whether any

By dbt's contracts, as columns are. An episode whose list is empty has none of them: 0, and no text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.settings import load_settings
from recovery.flows.facts import FactKind
from recovery.known.columns import PERSONAL, PLUMBING, contract, type_of
from recovery.known.fact import VALUES, KnownFact
from recovery.known.subjects import ASKED


@dataclass(frozen=True, slots=True)
class OwnList:
    """The rows of a table that name what is the episode's own.

    Attributes:
        says: Which rows they are.
        column: The table's column that names it.
        field: What of the debt it names.
    """

    says: str
    column: str
    field: str


OWN_LISTS: dict[str, OwnList] = {
    "unified.invoice_lines": OwnList("the invoice's lines", "invoice_id", "invoice_id"),
    "unified.invoice_payments": OwnList("what pays the invoice", "invoice_id", "invoice_id"),
    "unified.subscription_items": OwnList(
        "the subscription's items", "subscription_id", "subscription_id"
    ),
    "unified.discounts": OwnList(
        "the subscription's discounts", "subscription_id", "subscription_id"
    ),
    "unified.balance_transactions": OwnList(
        "movements of the balance by the newest charge", "transaction_id", "charge_id"
    ),
    "unified.invoices": OwnList("the customer's invoices", "customer_id", "customer_id"),
    "unified.subscriptions": OwnList("the customer's subscriptions", "customer_id", "customer_id"),
    "unified.payments": OwnList("the customer's payments", "customer_id", "customer_id"),
    "unified.payment_attempts": OwnList("the customer's tries", "customer_id", "customer_id"),
}


def lists() -> Mapping[str, KnownFact]:
    """Return every fact of a list, by its name in full."""
    return _lists(load_settings().dbt_project_dir)


@lru_cache(maxsize=4)
def _lists(dbt_project: Path) -> Mapping[str, KnownFact]:
    return {
        fact.name: fact
        for table in OWN_LISTS
        for fact in _facts(table, [dict(one) for one in contract(dbt_project, table)])
    }


def _facts(table: str, declared: list[dict[str, Any]]) -> Iterator[KnownFact]:
    own = OWN_LISTS[table]
    has_currency = any(one["name"] == "currency" for one in declared)
    counted = FactKind("integer", f"How many rows there are of {own.says}")
    yield _fact(table, "count", counted, "countIf(t.is_there)")
    for one in declared:
        name, says = str(one["name"]), str(one.get("description", ""))
        kind = type_of(name, str(one["data_type"]), has_currency=has_currency)
        if name in PLUMBING | PERSONAL | {own.column, "id", "connection_id"} or kind is None:
            continue
        of_them = f"of {own.says}: {says}"
        if kind == "money":
            value = f"sumIf(ifNull(t.{name}, 0), t.currency = k.currency)"
            yield _fact(table, f"sum_{name}", FactKind("money", f"Sum {of_them}"), value)
        elif kind == "integer":
            value = f"sum(ifNull(t.{name}, 0))"
            yield _fact(table, f"sum_{name}", FactKind("integer", f"Sum {of_them}"), value)
        elif kind == "boolean":
            value = f"toBool(maxIf(ifNull(t.{name}, false), t.is_there))"
            yield _fact(table, f"any_{name}", FactKind("boolean", f"Any {of_them}"), value)
        elif kind == "text":
            text = f"ifNull(toString(t.{name}), '')"
            value = f"arraySort(groupUniqArrayIf({text}, {text} != ''))"
            yield _fact(table, f"any_{name}", FactKind("texts", f"Any {of_them}"), value)
        elif kind == "texts":
            value = f"arraySort(arrayDistinct(arrayFlatten(groupArray(t.{name}))))"
            yield _fact(table, f"any_{name}", FactKind("texts", f"Any {of_them}"), value)


def _fact(table: str, name: str, kind: FactKind, value: str) -> KnownFact:
    return KnownFact(f"{table}.{name}", kind, _statement(table), value, is_dated=False)


@lru_cache(maxsize=64)
def _statement(table: str) -> str:
    own = OWN_LISTS[table]
    return f"""{ASKED},
keys as (
    select n, connection_id, currency, {own.field} as id from asked where {own.field} != ''
)
select k.n as n, {VALUES}
from keys as k
left join (
    select *, true as is_there, ifNull({own.column}, '') as its_id from {table} final
    where (connection_id, ifNull({own.column}, '')) in (select connection_id, id from keys)
) as t on t.connection_id = k.connection_id and t.its_id = k.id
group by k.n
"""
