"""About whom is asked, and when? Many at once: one statement answers for a share of episodes.

Every statement of the catalogue begins with `ASKED`, which lays the questions out as rows, and
answers with `n` (whose question) and `value`. The workspace is no part of it: the one function that
runs tenant SQL filters every table by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


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
_ARRAYS = ", ".join(f"{{{name}s:Array(String)}}" for name in (*_TEXTS, "currency"))
_NAMED = ",\n        ".join(
    f"tupleElement(one, {place}) as {name}" for place, name in enumerate((*_TEXTS, "currency"), 2)
)
ASKED = f"""
with asked as (
    select tupleElement(one, 1) as n,
        {_NAMED},
        fromUnixTimestamp64Milli(tupleElement(one, {len(_TEXTS) + 3}), 'UTC') as moment
    from (select arrayJoin(arrayZip({{numbers:Array(UInt32)}}, {_ARRAYS},
        {{moments:Array(Int64)}})) as one)
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
    """Return subjects as a statement's parameters; `n` is their place."""
    texts = {f"{name}s": [getattr(one, name) for one in subjects] for name in (*_TEXTS, "currency")}
    return {
        "numbers": list(range(len(subjects))),
        "moments": [_milliseconds(one.moment) for one in subjects],
        **texts,
    }


def _milliseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
