"""About whom is asked, and when? Many at once: one statement answers for a share of episodes.

Every statement of the catalogue begins with `ASKED`, which lays the questions out as rows, and
answers with `n` (whose question) and `value`. The workspace is no part of it: the one function that
runs tenant SQL filters every table by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.warehouse import Brought


@dataclass(frozen=True, slots=True)
class Subject:
    """One debt: where its rows are found, and as of when; empty where there is none.

    `currency` is the one that amounts are wanted in.
    """

    connection_id: str
    customer_id: str
    moment: datetime
    currency: str
    invoice_id: str = ""
    subscription_id: str = ""
    payment_id: str = ""
    charge_id: str = ""
    dispute_id: str = ""


_TEXTS = (
    "connection_id", "customer_id", "invoice_id", "subscription_id", "payment_id", "charge_id",
    "dispute_id",
)  # fmt: skip
BROUGHT = "brought_debts"
ASKED = f"""
with asked as (
    select n, {", ".join(_TEXTS)}, currency, fromUnixTimestamp64Milli(asked_at, 'UTC') as moment
    from {BROUGHT}
)"""
# With who they are: only customers that the unified layer has seen can be told anything of.
PAYERS = f"""{ASKED},
payers as (
    select a.n as n, a.connection_id as connection_id, a.customer_id as customer_id,
        a.currency as currency, a.moment as moment, a.invoice_id as invoice_id,
        lowerUTF8(trimBoth(ifNull(c.name, ''))) as called, lower(ifNull(c.email, '')) as email,
        ifNull(c.country, '') as country
    from asked as a
    inner join (
        select connection_id, id, name, email, country from unified.customers final
        where (connection_id, id) in (select connection_id, customer_id from asked)
    ) as c on c.connection_id = a.connection_id and c.id = a.customer_id
)"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parameters(subjects: Sequence[Subject]) -> dict[str, Any]:
    """Return subjects as the rows that a statement brings; `n` is their place."""
    texts = (*_TEXTS, "currency")
    columns = ("n UInt32", *(f"{name} String" for name in texts), "asked_at Int64")
    rows = [
        (n, *(getattr(one, name) for name in texts), _milliseconds(one.moment))
        for n, one in enumerate(subjects)
    ]
    return {BROUGHT: Brought(columns, rows)}


def _milliseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
