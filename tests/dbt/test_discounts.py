"""Is MRR less the discounts that are in force, and from their end on no longer?"""

from collections import defaultdict
from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt.company import Company
from tests.dbt.discounted_rows import HALVES, REVERSED, WHOLE

FULL, HALF, FOUR_FIFTHS = 10_000, 5_000, 8_000
# Of every subscription the days on which its MRR changed, and what it was then, by hand.
MRR: dict[str, list[tuple[str, int]]] = {
    # The event says when; not when an invoice's period ends (10 June), nor when a state was seen.
    "sub_removed": [("2026-01-10", HALF), ("2026-06-05", FULL)],
    # The first state without it, whatever states follow.
    "sub_swapped": [("2026-01-10", HALF), ("2026-07-15", FOUR_FIFTHS)],
    "sub_emptied": [("2026-01-10", FULL), ("2026-02-01", HALF), ("2026-07-15", FULL)],
    # Three months of the coupon; and the end of the last month that was billed with it.
    "sub_ended": [("2026-01-10", HALF), ("2026-04-10", FULL)],
    "sub_left": [("2026-01-10", HALF), ("2026-07-10", FULL)],
    "sub_again": [("2026-01-10", HALF), ("2026-03-01", FULL), ("2026-05-20", HALF)],
    "sub_phased": [("2026-01-10", HALF), ("2026-03-01", FULL), ("2026-05-01", HALF)],
    "sub_run": [("2026-01-10", HALF), ("2026-04-10", FULL)],
    "sub_cut": [("2026-01-10", HALF), ("2026-02-20", FULL)],
    "sub_wide": [("2026-01-10", FULL)],
    "sub_single": [("2026-01-10", HALF)],
    # 5.00 + 100.00 - 20.00. Three times 1.00 less 1.00 is 2.00: of each 0.67 would be 2.01.
    "sub_two": [("2026-01-10", 8_500)],
    "sub_three": [("2026-01-10", 200)],
    "sub_yen": [("2026-01-10", FULL)],
    "sub_share_first": [("2026-01-10", 7_000)],  # 100.00 x 0.8 - 10.00
    "sub_amount_first": [("2026-01-10", 7_200)],  # (100.00 - 10.00) x 0.8
    "sub_twenty": [("2026-01-10", 35_848_592)],  # 1,000,000.00 x 0.95^20 = 358,485.9224...
}


@pytest.mark.parametrize("workspace", [HALVES, WHOLE, REVERSED])
def test_a_discount_counts_until_it_ends_however_its_rows_arrived(
    built: Warehouse, company: Company, workspace: str
) -> None:
    rows = built.rows(
        "select subscription_id, toString(changed_on) as day, mrr_minor"
        " from marts.int_billing__subscription_mrr final"
        " where workspace_id = {workspace:String} order by subscription_id, changed_on",
        {"workspace": workspace},
    )
    told: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        told[row["subscription_id"]].append((row["day"], row["mrr_minor"]))
    assert told == MRR


@pytest.mark.parametrize("workspace", [HALVES, WHOLE, REVERSED])
def test_what_knows_most_of_a_discount_s_end_is_kept(
    built: Warehouse, company: Company, workspace: str
) -> None:
    rows = built.rows(
        "select id, toString(toDate(ends_at)) as day from unified.discounts final"
        " where workspace_id = {workspace:String} and ends_at is not null order by id",
        {"workspace": workspace},
    )
    assert {row["id"]: row["day"] for row in rows} == {
        "di_again1": "2026-03-01",
        "di_cut": "2026-02-20",  # by the event, before the end that it was given
        "di_ended": "2026-04-10",
        "di_left": "2026-07-10",
        "di_removed": "2026-06-05",
        "di_run": "2026-04-10",
    }
