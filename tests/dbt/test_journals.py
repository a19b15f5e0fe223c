"""Is each journal of the facts that come split, late, twice or in an older shape what it should be?

Facts before and after the marts' first build: what a run adds to it must be what one build gives.
"""

from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt.company import Company
from tests.dbt.journal_facts import WORKSPACE
from tests.dbt.test_ledger import entries as entries_of

Entries = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def ledger(built: Warehouse, company: Company) -> Warehouse:
    """The facts and the company, through the marts' full and incremental builds."""
    return built


def entries(warehouse: Warehouse, journal: str) -> Entries:
    return entries_of(warehouse, journal, WORKSPACE)


def told(warehouse: Warehouse, *journals: str) -> dict[str, Entries]:
    return {journal: entries(warehouse, journal) for journal in journals}


def once(*lines: tuple[str, int], on: str) -> Entries:
    """Written once, and never taken back."""
    return [(1, False, account, amount, on) for account, amount in lines]


def balance(warehouse: Warehouse, account: str, *journals: str) -> int:
    rows = warehouse.rows(
        "select sum(amount_minor) as minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code = {account:String}"
        " and arrayExists(name -> endsWith(journal_id, name), {journals:Array(String)})",
        {"workspace": WORKSPACE, "account": account, "journals": list(journals)},
    )
    return int(rows[0]["minor"])


def test_an_older_state_that_comes_again_takes_no_journal_back(ledger: Warehouse) -> None:
    """The guest's state lies under another key than that of the customer who was named."""
    assert entries(ledger, "charge:ch_guest") == once(
        ("1150", 7000), ("4010", -7000), on="2026-01-02"
    )


def test_an_invoice_that_a_charge_pays_is_paid_and_counted_once(ledger: Warehouse) -> None:
    assert told(ledger, "charge:ch_bare", "invoice:in_bare", "invoice:in_bare:paid_elsewhere") == {
        "charge:ch_bare": once(("1100", -10000), ("1150", 10000), on="2026-01-06"),
        "invoice:in_bare": once(("1100", 10000), ("2200", -10000), on="2026-01-01"),
        "invoice:in_bare:paid_elsewhere": [],
    }


def test_a_refund_is_a_journal_when_its_money_moves(ledger: Warehouse) -> None:
    """On the day on which it does; what an authorization releases never moved."""
    assert told(ledger, "charge:ch_expired", "refund:re_expired", "refund:re_waiting") == {
        "charge:ch_expired": [],
        "refund:re_expired": [],
        "refund:re_waiting": once(("1150", -1000), ("4900", 1000), on="2026-01-21"),
    }
    rows = ledger.rows(
        "select id, status from unified.transactions final where type = 'refund'"
        " and workspace_id = {workspace:String} and id in ('re_expired', 're_waiting') order by id",
        {"workspace": WORKSPACE},
    )
    assert [tuple(row.values()) for row in rows] == [
        ("re_expired", "canceled"), ("re_waiting", "succeeded"),
    ]  # fmt: skip


def test_a_credit_note_is_split_as_stripe_splits_it(ledger: Warehouse) -> None:
    """Told in whole by the note; what its movement alone tells is written when that comes."""
    split = once(("1160", -7000), ("2400", -3000), ("4900", 10000), on="2026-01-07")
    to_refund, back = ("1160", -10000), ("1160", 10000)
    assert told(
        ledger, "credit_note:cn_split", "credit_note:cn_outside", "credit_note:cn_old",
        "credit_note:cn_linked",
    ) == {
        "credit_note:cn_split": split,
        "credit_note:cn_outside": once(
            ("1180", -7000), ("2400", -3000), ("4900", 10000), on="2026-01-07"
        ),
        "credit_note:cn_old": [
            (1, False, *to_refund, "2026-01-07"), (1, False, "4900", 10000, "2026-01-07"),
            (1, True, *back, "2026-01-07"), (1, True, "4900", -10000, "2026-01-07"),
            *((2, *rest) for _, *rest in split),
        ],
        "credit_note:cn_linked": once(("1160", -4000), ("4900", 4000), on="2026-01-07"),
    }  # fmt: skip
    assert told(ledger, "refund:re_split", "refund:re_old", "refund:re_linked") == {
        "refund:re_split": once(("1150", -7000), ("1160", 7000), on="2026-01-07"),
        "refund:re_old": once(("1150", -7000), ("1160", 7000), on="2026-01-07"),
        "refund:re_linked": once(("1150", -10000), ("1160", 4000), ("4900", 6000), on="2026-01-07"),
    }
    for name in ("split", "outside", "old", "linked"):
        assert balance(ledger, "1160", f"cn_{name}", f"re_{name}") == 0


def test_a_reversal_bears_the_kind_and_the_source_of_what_it_takes_back(ledger: Warehouse) -> None:
    """A movement of another kind becomes a fee: of either kind the entries add up by themselves."""
    rows = ledger.rows(
        "select revision, is_reversal, journal_type, account_code, amount_minor, source_table,"
        " source_id, source_version - min(source_version) over () as version"
        " from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
        " and journal_id = 'balance:txn_kind' order by revision, is_reversal, account_code",
        {"workspace": WORKSPACE},
    )
    other, fee = "stripe_other_adjustment", "stripe_fee"
    source = ("raw.stripe_balance_transaction", "txn_kind")
    assert [tuple(row.values()) for row in rows] == [
        (1, False, other, "1010", -300, *source, 0), (1, False, other, "5900", 300, *source, 0),
        (1, True, other, "1010", 300, *source, 0), (1, True, other, "5900", -300, *source, 0),
        (2, False, fee, "1010", -300, *source, 1), (2, False, fee, "5010", 300, *source, 1),
    ]  # fmt: skip


def test_what_was_written_off_stays_so_and_is_recovered_on_its_day(ledger: Warehouse) -> None:
    """Of 60.00, 40.00 were owed then and paid in March; by card, in cash; one was voided."""
    january, march = "2026-01-21", "2026-03-12"
    facts = (("late", 4000, march), ("cash", 6000, march), ("dropped", 3000, "2026-01-26"))
    for name, owed, on in facts:
        written_off, recovered = (
            f"invoice:in_{name}:{what}" for what in ("write_off", "recovered")
        )
        assert told(ledger, written_off, recovered) == {
            written_off: once(("1100", -owed), ("5200", owed), on=january),
            recovered: once(("1100", owed), ("5200", -owed), on=on),
        }
    assert entries(ledger, "invoice:in_cash:paid_elsewhere") == once(
        ("1100", -6000), ("1180", 6000), on=march
    )
    assert entries(ledger, "charge:ch_rest") == once(("1100", -4000), ("1150", 4000), on=march)
    assert balance(ledger, "1100", "") == 0


def test_a_charge_is_of_the_day_of_its_line_at_stripe(ledger: Warehouse) -> None:
    """Captured three days after it was authorized; a line that comes later moves it there."""
    unbooked = [("1150", 8000), ("4010", -8000)]
    assert told(ledger, "charge:ch_held", "charge:ch_unbooked", "charge:ch_plain") == {
        "charge:ch_held": once(("1150", 9000), ("4010", -9000), on="2026-02-03"),
        "charge:ch_unbooked": [
            *((1, False, account, amount, "2026-01-31") for account, amount in unbooked),
            *((1, True, account, -amount, "2026-01-31") for account, amount in unbooked),
            *((2, False, account, amount, "2026-02-03") for account, amount in unbooked),
        ],
        "charge:ch_plain": once(("1150", 4000), ("4010", -4000), on="2026-01-31"),
    }
