"""Which ways does money leave a processor's balance? By hand as well, and by capturing less.

Two sales of 100.00, the second captured for 80.00 alone. A person has 40.00 paid out at once, for
0.40; the schedule takes the rest the day after. Then 5.00 more come, and 2.00 are sent by hand.
That a person made the payouts is known only once the marts have run.
"""

from tests.dbt.late_rows import rows
from tests.dbt.ledger_facts import CHARGE, DAY, NEW_YEAR, REFUND, SEEN, movement

WORKSPACE = "ws_by_hand"


def _sale(name: str, amount: int, captured: int, day: int) -> dict[str, object]:
    return CHARGE | {
        "id": f"ch_{name}", "payment_intent": f"pi_{name}", "amount": amount,
        "amount_captured": captured, "created": NEW_YEAR + day * DAY,
    }  # fmt: skip


def _booked(
    name: str, category: str, amount: int, fee: int, day: int, source: str
) -> dict[str, object]:
    return movement(f"txn_{name}", category, amount, fee, day) | {"source": source}


def _payout(name: str, amount: int, day: int, *, automatic: bool) -> dict[str, object]:
    return {
        "id": f"po_{name}", "object": "payout", "amount": amount, "currency": "eur",
        "automatic": automatic, "status": "paid", "created": NEW_YEAR + day * DAY,
        "arrival_date": NEW_YEAR + (day + 2) * DAY, "balance_transaction": f"txn_{name}",
    }  # fmt: skip


FIRST = [
    *rows({"charge": _sale("whole", 10_000, 10_000, 0)}, SEEN),
    *rows({"charge": _sale("less", 10_000, 8_000, 0)}, SEEN),
    *rows({"charge": _sale("more", 500, 500, 5)}, SEEN),
    *rows({"refund": REFUND | {
        "id": "re_less", "charge": "ch_less", "payment_intent": "pi_less", "amount": 2_000,
        "balance_transaction": "txn_back", "created": NEW_YEAR,
    }}, SEEN),
    *rows({"balance_transaction": _booked("whole", "charge", 10_000, 0, 0, "ch_whole")}, SEEN),
    *rows({"balance_transaction": _booked("less", "charge", 10_000, 0, 0, "ch_less")}, SEEN),
    *rows({"balance_transaction": _booked(
        "back", "partial_capture_reversal", -2_000, 0, 0, "re_less")}, SEEN),
    # Its money arrives in two days, and has left the balance at once.
    *rows({"balance_transaction": _booked("instant", "payout", -4_000, 40, 1, "po_instant")
           | {"available_on": NEW_YEAR + 3 * DAY}}, SEEN),
    *rows({"balance_transaction": _booked("rest", "payout", -13_960, 0, 2, "po_rest")}, SEEN),
    *rows({"balance_transaction": _booked("more", "charge", 500, 0, 5, "ch_more")}, SEEN),
    *rows({"balance_transaction": _booked("hand", "payout", -200, 0, 6, "po_hand")}, SEEN),
]  # fmt: skip
LAST = [
    *rows({"payout": _payout("instant", 4_000, 1, automatic=False)}, SEEN),
    *rows({"payout": _payout("rest", 13_960, 2, automatic=True)}, SEEN),
    *rows({"payout": _payout("hand", 200, 6, automatic=False)}, SEEN),
]
