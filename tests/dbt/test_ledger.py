"""Is the ledger double entry, equal to Stripe's own balance, and never rewritten?"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt.company import WORKSPACE, Company
from tests.dbt.ledger_facts import INVOICE, REFUND, SEEN
from tests.dbt.ledger_facts import WORKSPACE as HAND


@pytest.fixture(scope="module")
def ledger(built: Warehouse, company: Company) -> Warehouse:
    """The hand-made facts and the company, through the marts' full and incremental builds."""
    return built


def entries(warehouse: Warehouse, journal: str, workspace: str = HAND) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(
        "select revision, is_reversal, account_code, amount_minor, toString(toDate(effective_at))"
        " from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
        " and journal_id = {journal:String} order by revision, is_reversal, account_code",
        {"workspace": workspace, "journal": journal},
    )
    return [tuple(row.values()) for row in rows]


def written(*lines: tuple[str, int], on: str) -> list[tuple[Any, ...]]:
    return [(1, False, account, amount, on) for account, amount in lines]


def test_each_fact_is_the_journal_that_an_accountant_would_write(ledger: Warehouse) -> None:
    told = {
        name: entries(ledger, name)
        for name in (
            "invoice:in_h", "charge:ch_h", "refund:re_h", "balance:txn_h1", "balance:txn_h2",
            "balance:txn_h3", "balance:txn_h4", "revenue:il_h:2026-01", "revenue:il_h:2026-02",
            "revenue:il_h:2026-03", "revenue:il_h:2026-04",
        )
    }  # fmt: skip
    assert told == {
        "invoice:in_h": written(
            ("1100", 14400), ("2200", -12000), ("2300", -2400), on="2026-01-01"
        ),
        "charge:ch_h": written(("1100", -14400), ("1150", 14400), on="2026-01-01"),
        "refund:re_h": written(("1150", -2400), ("4900", 2400), on="2026-01-10"),
        "balance:txn_h1": written(
            ("1010", 13950), ("1150", -14400), ("5010", 450), on="2026-01-01"
        ),
        "balance:txn_h2": written(("1010", -2400), ("1150", 2400), on="2026-01-10"),
        "balance:txn_h3": written(("1010", -11550), ("1020", 11550), on="2026-01-11"),
        # A kind of movement that nobody mapped is seen in its own account.
        "balance:txn_h4": written(("1010", -5), ("5900", 5), on="2026-01-12"),
        # 31, 28 and 31 of 90 days: 4133.3, 7866.7 and 12000 so far, in whole cents.
        "revenue:il_h:2026-01": written(("2200", 4133), ("4000", -4133), on="2026-01-31"),
        "revenue:il_h:2026-02": written(("2200", 3733), ("4000", -3733), on="2026-02-28"),
        "revenue:il_h:2026-03": written(("2200", 4134), ("4000", -4134), on="2026-03-31"),
        "revenue:il_h:2026-04": [],
    }


def test_only_what_neither_payment_nor_charge_brought_was_paid_elsewhere(ledger: Warehouse) -> None:
    """Each of the five invoices is paid; the receivable of all but the first is settled by that."""
    told = {
        name: entries(ledger, f"invoice:{name}:paid_elsewhere")
        for name in ("in_h", "in_marked", "in_part", "in_record", "in_untold")
    }
    assert told == {
        "in_h": [],
        "in_marked": written(("1100", -9000), ("1180", 9000), on="2026-01-06"),
        "in_part": written(("1100", -2000), ("1180", 2000), on="2026-01-06"),
        "in_record": written(("1100", -3500), ("1180", 3500), on="2026-01-06"),
        "in_untold": [],
    }
    assert entries(ledger, "charge:ch_untold") == written(
        ("1100", -6000), ("1150", 6000), on="2026-01-06"
    )


def test_what_was_given_by_hand_is_a_journal_and_what_an_invoice_used_is_the_invoice_s(
    ledger: Warehouse,
) -> None:
    told = {
        name: entries(ledger, name)
        for name in (
            "credit:cbtxn_given", "credit:cbtxn_used", "credit:cbtxn_back", "invoice:in_credited",
        )
    }  # fmt: skip
    assert told == {
        "credit:cbtxn_given": written(("2400", -5000), ("4910", 5000), on="2026-01-02"),
        "credit:cbtxn_used": [],
        "credit:cbtxn_back": written(("2400", 1000), ("4910", -1000), on="2026-01-04"),
        "invoice:in_credited": written(
            ("1100", 7000), ("2200", -9000), ("2400", 2000), on="2026-01-01"
        ),
    }


def test_the_company_s_credits_are_in_the_ledger_day_by_day(
    ledger: Warehouse, company: Company
) -> None:
    truth: Counter[tuple[str, str, str]] = Counter()
    for credit in company.books.credits():
        on = f"{datetime.fromtimestamp(credit['created'], UTC):%Y-%m-%d}"
        truth["4910", credit["currency"].upper(), on] -= credit["amount"]
        truth["2400", credit["currency"].upper(), on] += credit["amount"]
    rows = ledger.rows(
        "select account_code, currency, toString(toDate(effective_at)) as day,"
        " sum(amount_minor) as minor from marts.fct_ledger_entries final"
        f" where workspace_id = '{WORKSPACE}' and account_code in ('2400', '4910')"
        " group by account_code, currency, day"
    )
    told = {(r["account_code"], r["currency"], r["day"]): r["minor"] for r in rows if r["minor"]}
    assert len(truth) > 10
    assert told == {key: minor for key, minor in truth.items() if minor}


def test_every_journal_of_the_company_balances_in_every_currency(
    ledger: Warehouse, company: Company
) -> None:
    found = ledger.rows(
        "select count() as journals, countIf(residual != 0) as unbalanced from (select journal_id,"
        " currency, sum(amount_minor) as residual from marts.fct_ledger_entries final"
        f" where workspace_id = '{WORKSPACE}' group by journal_id, currency)"
    )[0]
    assert found["journals"] > 3000
    assert found["unbalanced"] == 0


def test_stripe_s_account_is_the_company_s_own_balance_at_every_day_s_end(
    ledger: Warehouse, company: Company
) -> None:
    rows = ledger.rows(
        "select lower(currency) as currency, toString(effective_on) as day, balance_minor"
        " from marts.fct_trial_balance where account_code = '1010'"
        f" and workspace_id = '{WORKSPACE}' order by effective_on"
    )
    moved = {(row["currency"], row["day"]): row["balance_minor"] for row in rows}
    truth = company.books.balances()
    compared = 0
    for currency, days in truth.items():
        standing = 0
        for day, amount in sorted(days.items()):
            standing = moved.get((currency, day), standing)
            assert (currency, day, standing) == (currency, day, amount)
            compared += 1
    assert compared > 1000


def documents(company: Company, wanted: str) -> list[dict[str, Any]]:
    return [
        json.loads(body) for table, rows in company.rows() if table == wanted for _, _, body in rows
    ]


def balances(warehouse: Warehouse, account: str) -> dict[str, int]:
    rows = warehouse.rows(
        "select currency, sum(amount_minor) as minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code = {account:String}"
        " group by currency",
        {"workspace": WORKSPACE, "account": account},
    )
    return {row["currency"]: row["minor"] for row in rows if row["minor"]}


def test_receivables_are_the_open_invoices_and_credit_notes_are_settled(
    ledger: Warehouse, company: Company
) -> None:
    owed: Counter[str] = Counter()
    for invoice in documents(company, "stripe_invoice"):
        if invoice["status"] == "open":
            owed[invoice["currency"].upper()] += invoice["amount_remaining"]
    assert balances(ledger, "1100") == dict(owed)
    assert len(documents(company, "stripe_credit_note")) > 0
    assert balances(ledger, "1160") == {}


def test_revenue_of_every_month_is_what_the_lines_earn_by_the_second(
    ledger: Warehouse, company: Company
) -> None:
    """Against fractions: a line has earned its share of the seconds up to each month's end."""
    truth: Counter[tuple[str, str]] = Counter()
    now = built_at(ledger)
    # An invoice shows its first ten lines; all of a longer one's are listed by themselves.
    listed: dict[str, dict[str, Any]] = {}
    for line in documents(company, "stripe_line_item"):
        listed.setdefault(line["invoice"], {})[line["id"]] = line
    assert listed
    for invoice in documents(company, "stripe_invoice"):
        finalized = invoice["status_transitions"]["finalized_at"]
        if invoice["status"] not in ("open", "paid", "uncollectible") or not finalized:
            continue
        shown = {line["id"]: line for line in invoice["lines"]["data"]}
        for line in (shown | listed.get(invoice["id"], {})).values():
            net = line["amount"] - sum(d["amount"] for d in line["discount_amounts"])
            for month, earned in earned_by_month(net, now, **line["period"]):
                on = max(month, datetime.fromtimestamp(finalized, UTC))
                truth[invoice["currency"].upper(), f"{on:%Y-%m}"] += earned
    rows = ledger.rows(
        "select currency, formatDateTime(effective_at, '%Y-%m') as month,"
        " -sum(amount_minor) as minor from marts.fct_ledger_entries final"
        f" where workspace_id = '{WORKSPACE}' and account_code = '4000' group by currency, month"
    )
    told = {(row["currency"], row["month"]): row["minor"] for row in rows if row["minor"]}
    assert len(truth) > 50
    assert told == {key: minor for key, minor in truth.items() if minor}


def built_at(ledger: Warehouse) -> datetime:
    """Return when the ledger last looked at the clock: what ends later it has not earned."""
    found = ledger.rows(
        "select toInt64(max(computed_at)) as at from marts.int_ledger__revenue_journals"
    )
    return datetime.fromtimestamp(found[0]["at"], UTC)


def earned_by_month(net: int, now: datetime, start: int, end: int) -> list[tuple[datetime, int]]:
    """Return (when, how much) for each month of a period that is over by now."""
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    if ends <= begins:
        return [(begins, net)] if begins <= now else []
    found, before, month = [], 0, begins.replace(day=1, hour=0, minute=0, second=0)
    while month < ends:
        month = (month + timedelta(days=32)).replace(day=1)
        until = min(month, ends)
        share = Fraction(int((until - begins).total_seconds()), end - start)
        earned = int(net * share)
        if until <= now:
            found.append((until - timedelta(seconds=1), earned - before))
        before = earned
    return found


def test_a_correction_is_a_reversal_and_a_new_writing_and_the_past_stays_readable(
    ledger: Warehouse, land: Any, dbt: Any
) -> None:
    """The refund failed after all, and the invoice was of 130.00 with 10.00 of tax."""
    known_at = ledger.rows("select toString(max(recorded_at)) as at from marts.fct_ledger_entries")
    before = as_known_at(ledger, known_at[0]["at"])
    failed = REFUND | {"status": "failed"}
    restated = INVOICE | {"total": 13000, "total_taxes": [{"amount": 1000}], "amount_due": 13000}
    land("stripe_refund", HAND, [("re_h", SEEN + 1, json.dumps(failed))])
    land("stripe_invoice", HAND, [("in_h", SEEN + 1, json.dumps(restated))])
    dbt("run", "--select", "path:models/marts/ledger")
    assert entries(ledger, "refund:re_h") == [
        (1, False, "1150", -2400, "2026-01-10"), (1, False, "4900", 2400, "2026-01-10"),
        (1, True, "1150", 2400, "2026-01-10"), (1, True, "4900", -2400, "2026-01-10"),
    ]  # fmt: skip
    assert entries(ledger, "invoice:in_h") == [
        (1, False, "1100", 14400, "2026-01-01"), (1, False, "2200", -12000, "2026-01-01"),
        (1, False, "2300", -2400, "2026-01-01"),
        (1, True, "1100", -14400, "2026-01-01"), (1, True, "2200", 12000, "2026-01-01"),
        (1, True, "2300", 2400, "2026-01-01"),
        (2, False, "1100", 13000, "2026-01-01"), (2, False, "2200", -12000, "2026-01-01"),
        (2, False, "2300", -1000, "2026-01-01"),
    ]  # fmt: skip
    # What did not change is not written again, and what was known then is as it was.
    assert len(entries(ledger, "charge:ch_h")) == 2
    assert as_known_at(ledger, known_at[0]["at"]) == before
    dbt("run", "--select", "path:models/marts/ledger")
    assert len(entries(ledger, "invoice:in_h")) == 9


def as_known_at(warehouse: Warehouse, moment: str) -> dict[str, int]:
    rows = warehouse.rows(
        "select account_code, sum(amount_minor) as minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and recorded_at <= {moment:DateTime64(3, 'UTC')}"
        " group by account_code",
        {"workspace": HAND, "moment": moment},
    )
    return {row["account_code"]: row["minor"] for row in rows}
