"""Do the banks stand in the ledger as the company knows them, each account and each line once?"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from assets.reconciliation import reconcile_all
from core.clock import epoch_microseconds, utc_now
from core.settings import Settings
from core.warehouse import Warehouse
from reconciliation.tables import POSTING_COLUMNS
from sandbox.company.banking import BankLine
from sandbox.company.calendar import day_of, midnight
from tests.dbt.company import BANKED_UNTIL, WORKSPACE, Company

CODES = {"depository": "1000", "credit": "2600", "loan": "2500"}
# Through which connection each account is reached furthest, where two reach it.
PRIMARY = {"usd_operating": "plaid", "eur_operating": "enablebanking"}


def asked(warehouse: Warehouse, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(sql, {"workspace": WORKSPACE, **values})
    return [tuple(row.values()) for row in rows]


def entries(warehouse: Warehouse, line: str) -> list[tuple[Any, ...]]:
    """What stands of a bank line's journal: account, bank account, currency, amount."""
    return asked(
        warehouse,
        "select account_code, account_id, currency, sum(amount_minor) as amount_minor"
        " from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
        " and journal_id = {journal:String} group by account_code, account_id, currency"
        " having amount_minor != 0 order by account_code, currency",
        journal=f"bank:{line}",
    )


def reached(company: Company) -> dict[str, str]:
    """The connection under which each account's lines are counted."""
    found: dict[str, str] = {}
    for provider, names in company.banked.reach.items():
        for name in names:
            found[name] = PRIMARY.get(name, provider)
    return found


def lines_of(company: Company) -> list[BankLine]:
    bank = company.banked.world.bank
    return [
        line
        for name in reached(company)
        for line in bank.lines(name)
        if line.posted_at < midnight(BANKED_UNTIL)
    ]


def test_every_account_holds_what_its_bank_says_at_the_end_of_every_day(
    built: Warehouse, company: Company
) -> None:
    """Recomputed from the bank's own opening balance and lines; cards and loans are owed."""
    told = {
        (account, code, day): balance
        for account, code, day, balance in asked(
            built,
            "select account_id, account_code, effective_on, balance_minor"
            " from marts.fct_trial_balance where workspace_id = {workspace:String}"
            " and account_id != ''",
        )
    }
    bank, compared = company.banked.world.bank, 0
    for name, provider in reached(company).items():
        account = bank.account(name)
        lines = [line for line in bank.lines(name) if line.posted_at < midnight(BANKED_UNTIL)]
        code, held = CODES[account.kind], account.opening_balance
        by_day: Counter[date] = Counter()
        for line in lines:
            by_day[line.booked_on] += line.amount
        first = min(by_day) - timedelta(days=1)
        assert told[f"{provider}_{name}", code, first] == held
        for day, moved in sorted(by_day.items()):
            held += moved
            if moved or (f"{provider}_{name}", code, day) in told:
                assert told[f"{provider}_{name}", code, day] == held, (name, day)
            compared += 1
    assert compared > 1000


def test_every_account_equals_what_its_bank_reports(built: Warehouse, company: Company) -> None:
    rows = asked(
        built,
        "select account_id, reported_minor, ledger_minor, later_minor, difference_minor"
        " from marts.fct_bank_balances where workspace_id = {workspace:String} order by account_id",
    )
    bank = company.banked.world.bank
    assert rows == sorted(
        (f"{provider}_{name}", balance, balance, 0, 0)
        for name, provider in reached(company).items()
        for balance in [bank.balance_at(name, midnight(BANKED_UNTIL) - 1)]
    )


def test_a_line_that_two_connections_show_is_one_journal_and_has_its_raw_row(
    built: Warehouse, company: Company
) -> None:
    told = asked(
        built,
        "select source_id, uniqExact(journal_id, connection_id), any(source_table)"
        " from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
        " and journal_id like 'bank:%' group by source_id having sum(abs(amount_minor)) > 0",
    )
    kept = reached(company)
    lines = {
        line.id: (1, f"raw.{kept[line.account_id]}_transaction")
        for line in lines_of(company)
        if line.amount
    }
    assert len(lines) > 1500
    assert {identity: tuple(rest) for identity, *rest in told} == lines


def test_what_moves_between_own_accounts_is_neither_earned_nor_spent(
    built: Warehouse, company: Company
) -> None:
    """Own transfers, card bills and loan instalments meet in 1090, top-ups in 1040, to nothing."""
    balances = asked(
        built,
        "select account_code, currency, sum(amount_minor) from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code in ('1040', '1090')"
        " group by account_code, currency order by account_code, currency",
    )
    assert balances == [("1040", "EUR", 0), ("1090", "EUR", 0), ("1090", "USD", 0)]
    paired = [line for line in lines_of(company) if line.pair_id and line.kind != "conversion"]
    moved = asked(
        built,
        "select sum(abs(amount_minor)) from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code = '1090'",
    )
    assert moved == [(sum(abs(line.amount) for line in paired),)]


def test_a_conversion_keeps_each_currency_s_own_side(built: Warehouse, company: Company) -> None:
    lines = [line for line in lines_of(company) if line.kind == "conversion"]
    payouts = {payout.id: payout for payout in company.banked.world.spec.payouts}
    truth: Counter[str] = Counter()
    for line in lines:
        truth[line.currency.upper()] -= line.amount
    for line in lines_of(company):
        for payout in (payouts[name] for name in line.payout_ids):
            if payout.currency != line.currency:
                truth[line.currency.upper()] -= line.amount
                truth[payout.currency.upper()] += payout.amount
    told = asked(
        built,
        "select currency, sum(amount_minor) from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code = '1190' group by currency",
    )
    assert dict(told) == dict(truth)
    assert set(truth) == {"EUR", "GBP", "JPY", "KWD"}


def test_fees_and_interest_are_the_banks_own(built: Warehouse, company: Company) -> None:
    """What banks keep of deposits is a fee as well."""
    payouts = {payout.id: payout.amount for payout in company.banked.world.spec.payouts}
    truth: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines_of(company):
        code = line.currency.upper()
        if line.kind == "fee":
            truth["5020"][code] -= line.amount
        elif line.kind == "interest":
            truth["4300" if line.amount > 0 else "5300"][code] -= line.amount
        elif line.fault == "bank_fee":
            truth["5020"][code] += sum(payouts[name] for name in line.payout_ids) - line.amount
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for account, currency, amount in asked(
        built,
        "select account_code, currency, sum(amount_minor) from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String}"
        " and account_code in ('4300', '5020', '5300') group by account_code, currency",
    ):
        told[account][currency] = amount
    assert told == truth
    assert any(line.fault == "bank_fee" for line in lines_of(company))


def test_in_transit_are_the_payouts_that_never_came(built: Warehouse, company: Company) -> None:
    told = asked(
        built,
        "select currency, sum(amount_minor) as minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code = '1020'"
        " group by currency having minor != 0 order by currency",
    )
    missing: Counter[str] = Counter()
    payouts = {payout.id: payout for payout in company.banked.world.spec.payouts}
    for row in company.banked.world.reconciliation_truth(midnight(BANKED_UNTIL)):
        if row["fault"] == "missing_deposit":
            payout = payouts[row["payout_id"]]
            missing[payout.currency.upper()] += payout.amount
    assert told == sorted(missing.items())
    assert missing


def test_journals_of_payouts_are_what_an_accountant_would_write(
    built: Warehouse, company: Company
) -> None:
    """One came whole, one less a fee, several as one, one in another currency."""
    payouts = {payout.id: payout for payout in company.banked.world.spec.payouts}
    kept = reached(company)
    of_each: dict[tuple[bool, bool, bool], BankLine] = {}
    for line in lines_of(company):
        if line.payout_ids:
            kind = (bool(line.original), line.fault == "bank_fee", len(line.payout_ids) > 1)
            of_each.setdefault(kind, line)
    assert of_each.keys() >= {
        (False, False, False), (True, False, False), (False, True, False), (False, False, True)
    }  # fmt: skip
    for line in of_each.values():
        carried = [payouts[name] for name in line.payout_ids]
        provider, code = kept[line.account_id], line.currency.upper()
        paid = sum(payout.amount for payout in carried)
        own = ("1000", f"{provider}_{line.account_id}", code, line.amount)
        if line.original:
            other = carried[0].currency.upper()
            wanted = [
                own, ("1020", "", other, -paid), ("1190", "", code, -line.amount),
                ("1190", "", other, paid),
            ]  # fmt: skip
        elif line.fault == "bank_fee":
            wanted = [own, ("1020", "", code, -paid), ("5020", "", code, paid - line.amount)]
        else:
            wanted = [own, ("1020", "", code, -paid)]
        assert entries(built, f"{provider}_{line.id}") == wanted


@dataclass(frozen=True)
class Changes:
    """What the books said before, after and after the undoing of two changes, in two runs of dbt.

    A line came and was taken back; the workspace put its fees on an account of its own and back.
    """

    line: str
    fees: list[list[tuple[Any, ...]]]
    entries: list[list[tuple[Any, ...]]]


_FEES = """
select account_code, currency, sum(amount_minor) as minor from marts.fct_ledger_entries final
where workspace_id = {workspace:String} and account_code in ('5020', 'own_6855')
group by account_code, currency having minor != 0 order by account_code, currency
"""


@pytest.fixture(scope="module")
def changes(
    built: Warehouse, company: Company, clickhouse: Settings, dbt: Callable[..., Any]
) -> Changes:
    """Both changes made and undone."""
    [template, *_] = company.banked.lines("teller", "usd_savings")
    late = template | {
        "id": "teller_late", "amount_minor": -777, "type": "interest", "description": "INTEREST",
        "booked_on": day_of(midnight(BANKED_UNTIL)),
    }  # fmt: skip
    fees, lines = [asked(built, _FEES)], [entries(built, "teller_late")]
    for is_undone in (0, 1):
        now = utc_now()
        line = late | {"landed_at": now, "is_deleted": is_undone}
        company.banked.insert(built, "transactions", [line])
        reconcile_all(built, clickhouse)
        posting = [
            WORKSPACE, "bank:fee_out", "own_6855", now, epoch_microseconds(now), is_undone
        ]  # fmt: skip
        built.insert_rows("marts.workspace_ledger_postings", [posting], list(POSTING_COLUMNS))
        dbt("run", "--select", "path:models/marts/ledger")
        fees.append(asked(built, _FEES))
        lines.append(entries(built, "teller_late"))
    return Changes("teller_late", fees, lines)


def test_a_line_that_the_bank_takes_back_is_reversed(built: Warehouse, changes: Changes) -> None:
    there = [("1000", "teller_usd_savings", "USD", -777), ("5300", "", "USD", 777)]
    assert changes.entries == [[], there, []]
    written = asked(
        built,
        "select revision, is_reversal, account_code, amount_minor, source_table"
        " from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
        " and journal_id = {journal:String} order by revision, is_reversal, account_code",
        journal=f"bank:{changes.line}",
    )
    table = "raw.teller_transaction"
    assert written == [
        (1, False, "1000", -777, table), (1, False, "5300", 777, table),
        (1, True, "1000", 777, table), (1, True, "5300", -777, table),
    ]  # fmt: skip


def test_a_workspace_puts_a_kind_of_line_on_an_account_of_its_own(
    company: Company, changes: Changes
) -> None:
    """Every journal of that kind is reversed and written anew; taken back, so again."""
    before, chosen, back = changes.fees
    charged: Counter[str] = Counter()
    for line in lines_of(company):
        if line.kind == "fee":
            charged[line.currency.upper()] -= line.amount
    assert {(account, code): minor for account, code, minor in chosen} == {
        ("own_6855", code): minor for code, minor in charged.items()
    } | {
        # What banks kept of deposits is no line of theirs, and stays where it was.
        ("5020", code): minor - charged[code]
        for _, code, minor in before
        if minor != charged[code]
    }
    assert {account for account, _, _ in before} == {"5020"}
    assert back == before
