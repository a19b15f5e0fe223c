"""At which rates did a processor convert, and which of these movements does it take back?

As Stripe names a rate: the amount on the wire in one currency, times it, is that in the other.
1,500 yen x 0.58 are 870 cents, 10.000 dinars (10,000 fils) x 0.295 are 29.50 euro; kronur travel
with two decimals, ariary with none. In a workspace of its own; the last movement of one day, and
the only one of another, are gone before the marts run again.
"""

import json
from typing import Any

from tests.dbt.ledger_facts import DAY, NEW_YEAR, SEEN, charge, movement

WORKSPACE = "ws_converted"
Rows = list[tuple[str, list[tuple[str, int, str]]]]


def _converted(
    name: str, paid: tuple[int, str], settled: tuple[int, str], rate: float, at: int
) -> Rows:
    """A charge and its movement; `at` is in hours of the year."""
    amount, currency = paid
    objects: dict[str, dict[str, Any]] = {
        "charge": charge(name, amount)
        | {"currency": currency, "balance_transaction": f"txn_{name}"},
        "balance_transaction": movement(f"txn_{name}", "charge", settled[0], 0, 0)
        | {"currency": settled[1], "exchange_rate": rate, "source": f"ch_{name}",
           "created": NEW_YEAR + at * DAY // 24},
    }  # fmt: skip
    return [
        (f"stripe_{kind}", [(body["id"], SEEN, json.dumps(body))]) for kind, body in objects.items()
    ]


_LAST_OF_A_DAY = _converted("evening", (1_000, "jpy"), (590, "eur"), 0.59, 20)
_ONLY_ONE = _converted("alone", (1_000, "jpy"), (600, "eur"), 0.6, 30)
FIRST = [
    *_converted("jpy", (1_500, "jpy"), (870, "eur"), 0.58, 10),
    *_converted("kwd", (10_000, "kwd"), (2_950, "eur"), 0.295, 10),
    *_converted("isk", (50_000, "isk"), (345, "eur"), 0.0069, 10),
    *_converted("mga", (20_000, "mga"), (400, "eur"), 0.02, 10),
    *_converted("usd", (1_000, "usd"), (1_500, "jpy"), 1.5, 10),
    *_converted("gbp", (1_000, "gbp"), (1_168, "eur"), 1.168, 10),
    *_converted("noon", (1_000, "jpy"), (610, "eur"), 0.61, 60),
    *_LAST_OF_A_DAY,
    *_ONLY_ONE,
]
# One earlier than what stands of its day.
LAST = _converted("morning", (1_000, "jpy"), (620, "eur"), 0.62, 56)
GONE: Rows = [
    (table, [(name, version + 1, payload) for name, version, payload in rows])
    for table, rows in [*_LAST_OF_A_DAY, *_ONLY_ONE]
    if table == "stripe_balance_transaction"
]
