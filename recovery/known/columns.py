"""Which columns can a condition name? Those of the episode's own rows, by dbt's contracts.

`unified.<table>.<column>` is that column of the row that the episode's invoice, customer,
subscription, charge, … is. The contracts are the list: a column that is added there can be named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.settings import load_settings
from core.warehouse import TenantQuery
from recovery.flows.facts import Fact, FactKind, FactType
from recovery.known.books import CONTACTS
from recovery.known.subjects import ASKED, BROUGHT

# What says where a row comes from is no fact of the payer.
PLUMBING = frozenset({
    "workspace_id", "source_table", "source_id", "version", "is_deleted", "extracted_at",
    "landed_at", "computed_at", "provider",
})  # fmt: skip
# Compared, but kept with no decision: personal data stays at the provider.
PERSONAL = frozenset({
    "name", "email", "description", "counterparty", "counterparty_account", "reference",
})  # fmt: skip
NOT_KEPT = "(not kept)"
_OF_THINGS = frozenset({"unified.prices", "unified.products", "marts.fct_subscriptions"})


@dataclass(frozen=True, slots=True)
class OwnRow:
    """How the row of a table is found that is the episode's own.

    Attributes:
        says: Which row it is.
        key: The table's column that `keys` name.
        keys: A statement's beginning whose expression `keys` holds n, connection_id and id.
        where: Narrows the table, where its order begins otherwise.
    """

    says: str
    key: str
    keys: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that conditions can name; `has_currency` says that its table has one as well."""

    table: str
    name: str
    kind: FactKind
    has_currency: bool


def _asked(field: str) -> str:
    return f"""{ASKED},
keys as (select n, connection_id, {field} as id from asked where {field} != '')"""


def _through(table: str, field: str, wanted: str) -> str:
    """Return keys that another row names: an invoice its payment, a subscription its items."""
    return f"""{ASKED},
keys as (
    select a.n as n, a.connection_id as connection_id, ifNull(h.wanted, '') as id
    from asked as a
    inner join (
        select connection_id, id as held_id, {wanted} as wanted from {table} final
        where (connection_id, id) in (select connection_id, {field} from asked)
    ) as h on h.connection_id = a.connection_id and h.held_id = a.{field}
)"""


_ITEM = "arrayElement(item_ids, 1)"
_OF_ITEM = f"""{ASKED},
firsts as (
    select a.n as n, a.connection_id as connection_id, h.wanted as id
    from asked as a
    inner join (
        select connection_id, id as held_id, {_ITEM} as wanted from unified.subscriptions final
        where (connection_id, id) in (select connection_id, subscription_id from asked)
    ) as h on h.connection_id = a.connection_id and h.held_id = a.subscription_id
),
keys as (
    select f.n as n, f.connection_id as connection_id, ifNull(i.wanted, '') as id
    from firsts as f
    inner join (
        select connection_id, id as held_id, {{wanted}} as wanted
        from unified.subscription_items final
        where (connection_id, id) in (select connection_id, id from firsts)
    ) as i on i.connection_id = f.connection_id and i.held_id = f.id
)"""
_PAYMENT = f"""{ASKED},
keys as (
    select a.n as n, a.connection_id as connection_id,
        if(a.payment_id != '', a.payment_id, ifNull(i.payment_id, '')) as id
    from asked as a
    left join (
        select connection_id, id, payment_id from unified.invoices final
        where (connection_id, id) in (select connection_id, invoice_id from asked)
    ) as i on i.connection_id = a.connection_id and i.id = a.invoice_id
)"""
_EPISODE = f"""{ASKED},
keys as (
    select n, connection_id, if(invoice_id != '', invoice_id, payment_id) as id from asked
)"""
_CONTACT = f"""{CONTACTS},
keys as (
    select n, tupleElement(contact, 1) as connection_id, tupleElement(contact, 2) as id from found
)"""
_CUSTOMERS = "customer_id in (select customer_id from asked)"

OWN_ROWS: dict[str, OwnRow] = {
    "unified.customers": OwnRow("the customer", "id", _asked("customer_id")),
    "unified.invoices": OwnRow("the invoice", "id", _asked("invoice_id")),
    "unified.subscriptions": OwnRow("the subscription", "id", _asked("subscription_id")),
    "unified.subscription_items": OwnRow(
        "the subscription's first item",
        "id",
        _through("unified.subscriptions", "subscription_id", _ITEM),
    ),
    "unified.prices": OwnRow("that item's price", "id", _OF_ITEM.replace("{wanted}", "price_id")),
    "unified.products": OwnRow(
        "that item's product", "id", _OF_ITEM.replace("{wanted}", "product_id")
    ),
    "unified.payments": OwnRow("the payment", "id", _PAYMENT),
    "unified.payment_attempts": OwnRow("the newest try", "id", _asked("charge_id"), _CUSTOMERS),
    "unified.transactions": OwnRow("the newest charge", "id", _asked("charge_id")),
    "unified.disputes": OwnRow("the lost dispute", "id", _asked("dispute_id")),
    "unified.accounting_contacts": OwnRow("the customer in the books", "id", _CONTACT),
    "marts.dim_customers": OwnRow("the customer", "customer_id", _asked("customer_id")),
    "marts.fct_invoices": OwnRow("the invoice", "invoice_id", _asked("invoice_id")),
    "marts.fct_subscriptions": OwnRow(
        "the subscription", "subscription_id", _asked("subscription_id")
    ),
    "marts.fct_recovery_episodes": OwnRow("the failed payment", "episode_id", _EPISODE),
}


def columns() -> Mapping[str, Column]:
    """Return every column that can be named, by its name in full."""
    return _columns(load_settings().dbt_project_dir)


def is_personal(fact: str) -> bool:
    """Say whether a fact is who somebody is: it may be compared, and is kept nowhere."""
    table, _, column = fact.rpartition(".")
    return table in OWN_ROWS and table not in _OF_THINGS and column in PERSONAL


def kept(looked_at: Mapping[str, Fact | None]) -> dict[str, Fact | None]:
    """Return what a timeline keeps of what was looked at: of who somebody is, only that it was."""
    return {
        name: NOT_KEPT if value is not None and is_personal(name) else value
        for name, value in looked_at.items()
    }


@lru_cache(maxsize=512)
def statement(table: str, names: tuple[str, ...]) -> TenantQuery:
    """Return what reads columns of the own rows of one table, as `own_…`, with their currency."""
    row, known = OWN_ROWS[table], columns()
    # Names are the contract's own, never a caller's text.
    wanted = [known[f"{table}.{name}"] for name in names]
    listed = ", ".join(f"{one.name} as own_{one.name}" for one in wanted)
    shown = ", ".join(f"t.own_{one.name} as own_{one.name}" for one in wanted)
    currency = "ifNull(currency, '')" if wanted[0].has_currency else "''"
    narrowed = f" and {row.where}" if row.where else ""
    return TenantQuery(
        f"""{row.keys}
select k.n as n, t.row_currency as row_currency, {shown}
from keys as k
inner join (
    select connection_id as row_connection_id, {row.key} as row_key, {currency} as row_currency,
        {listed}
    from {table} final
    where (connection_id, {row.key}) in (select connection_id, id from keys){narrowed}
) as t on t.row_connection_id = k.connection_id and t.row_key = k.id
""",
        brings=(BROUGHT,),
    )


@lru_cache(maxsize=4)
def _columns(dbt_project: Path) -> Mapping[str, Column]:
    found: dict[str, Column] = {}
    for table, row in OWN_ROWS.items():
        declared = contract(dbt_project, table)
        has_currency = any(one["name"] == "currency" for one in declared)
        for one in declared:
            kind = type_of(str(one["name"]), str(one["data_type"]), has_currency=has_currency)
            if kind is not None and one["name"] not in PLUMBING:
                says = f"Of {row.says}: {one.get('description', '')}".strip()
                found[f"{table}.{one['name']}"] = Column(
                    table, str(one["name"]), FactKind(kind, says), has_currency
                )
    return found


def contract(dbt_project: Path, table: str) -> Sequence[Mapping[str, Any]]:
    """Return the columns that a table's model declares."""
    name = table.partition(".")[2]
    (file,) = (dbt_project / "models").glob(f"**/{name}.yml")
    (model,) = yaml.safe_load(file.read_text())["models"]
    declared: list[Mapping[str, Any]] = model["columns"]
    return declared


def type_of(name: str, declared: str, *, has_currency: bool) -> FactType | None:
    """Return the type by which a column is compared; None for one that cannot be."""
    bare = declared
    for wrapper in ("LowCardinality(", "Nullable("):
        if bare.startswith(wrapper):
            bare = bare.removeprefix(wrapper).removesuffix(")")
    if bare.startswith(("Int", "UInt")):
        is_money = name.endswith("_minor") and has_currency
        return "money" if is_money else "integer"
    if bare.startswith("Date"):
        return "date"
    # Decimals are compared as the exact texts that they are.
    kinds: dict[str, FactType] = {"String": "text", "Bool": "boolean", "Array(String)": "texts"}
    return kinds.get(bare, "text" if bare.startswith("Decimal") else None)
