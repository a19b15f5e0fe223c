"""Which bank accounts does a workspace really have, which lines count, and how did they begin?

Accounts of every kind (current accounts, cards, loans), each once, whichever connections show it.
Of each line that counts the whole text is kept: the matching and the search for own transfers read
it. Where an account's ledger begins is kept from run to run (`reconciliation.openings`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.warehouse import Warehouse
from reconciliation.accounts import (
    Account,
    BankAccount,
    Line,
    lines_once,
    same_accounts,
    twins_of,
)
from reconciliation.openings import Opening, Report, opening_of
from reconciliation.records import PROCESSOR, Deposit, Transfer
from reconciliation.tables import ACCOUNT_SOURCES

Row = Mapping[str, Any]

BANKS = ("plaid", "teller", "gocardless", "enablebanking")
_ACCOUNTS = """
select connection_id, id, currency, type, institution_name, mask, iban, name, holder_name
from unified.accounts final
where workspace_id = {workspace:String} and provider in {banks:Array(String)}
    and type in ('depository', 'credit', 'loan')
"""
_LINES = """
select connection_id, id, account_id, assumeNotNull(booked_on) as booked_on, amount_minor, currency,
    ifNull(description, '') as description, ifNull(reference, '') as reference,
    ifNull(counterparty, '') as counterparty, counterparty_account, original_amount_minor,
    original_currency
from unified.transactions final
where workspace_id = {workspace:String} and provider in {banks:Array(String)}
    and status = 'succeeded' and booked_on is not null
"""
_TOPUPS = """
select connection_id, id, toDate32(occurred_at) as booked_on, amount_minor, currency
from unified.transactions final
where workspace_id = {workspace:String} and type = 'topup' and status = 'succeeded'
"""
_REPORTS = """
select connection_id, account_id, reported_on, amount_minor, source_table, source_id, version
from unified.balances final
where workspace_id = {workspace:String} and type = 'booked'
"""
_KEPT = f"""
select connection_id, id, opening_on, opening_minor, opening_source_table, opening_source_id,
    opening_source_version
from marts.{ACCOUNT_SOURCES} final
where workspace_id = {{workspace:String}} and is_primary and opening_on is not null
"""


@dataclass(frozen=True, slots=True)
class Banks:
    """The banks of one workspace: accounts, the lines that count, openings; keys as elsewhere.

    `twins` are lines that do not count, as another source's do in their place: which ones.
    """

    accounts: Sequence[BankAccount]
    lines: Sequence[Deposit]
    secondary: Sequence[str]
    twins: Mapping[str, str]
    openings: Mapping[str, Opening]
    topups: Sequence[Deposit]
    holders: frozenset[str]

    @property
    def deposits(self) -> list[Deposit]:
        """The lines of current accounts that moved money: where payouts arrive."""
        kinds = {account.key: account.type for account in self.accounts}
        return [
            line for line in self.lines if line.amount_minor and kinds[line.account] == "depository"
        ]

    def transfers(self, taken: Collection[str]) -> list[Transfer]:
        """Return what moved between own accounts, of the lines that are no payout's."""
        # SciPy, as in `assets.reconciliation`
        from reconciliation.transfers import holders_of, transfers

        free = [line for line in self.lines if line.key not in taken]
        by_key = {account.key: account for account in self.accounts}
        return transfers([*free, *self.topups], by_key, holders_of(self.holders))


def key_of(connection: str, identity: str, account: str = "") -> str:
    """Return the key of a thing in its workspace; connections' ids hold no slash."""
    return f"{connection}/{identity}" + (f"|{account}" if account else "")


def banks_of(warehouse: Warehouse, workspace: str) -> Banks:
    """Read a workspace's banks."""
    values = {"workspace": workspace, "banks": list(BANKS)}
    rows = warehouse.rows(_ACCOUNTS, values)
    known = {key_of(row["connection_id"], row["id"]) for row in rows}
    found: dict[str, Row] = {}
    by_account: dict[str, list[Line]] = {}
    for row in warehouse.rows(_LINES, values):
        line = _line(row)
        if line.account in known:
            found[line.key] = row
            by_account.setdefault(line.account, []).append(line)
    accounts = same_accounts([_account(row) for row in rows], by_account)
    counted = {account.key: lines_once(account, by_account) for account in accounts}
    own = {line.key: key for key, lines in counted.items() for line in lines}
    return Banks(
        accounts=accounts,
        lines=[_whole(found[key], account) for key, account in own.items()],
        secondary=sorted(
            line.key for key, lines in counted.items() for line in lines if line.account != key
        ),
        twins={
            line: twin
            for account in accounts
            for line, twin in twins_of(account, by_account, counted[account.key]).items()
        },
        openings=_openings(warehouse, workspace, accounts, counted),
        topups=[_topup(row) for row in warehouse.rows(_TOPUPS, values)],
        holders=frozenset(row["holder_name"] for row in rows if row["holder_name"]),
    )


def _openings(
    warehouse: Warehouse,
    workspace: str,
    accounts: Sequence[BankAccount],
    counted: Mapping[str, Sequence[Line]],
) -> dict[str, Opening]:
    values = {"workspace": workspace}
    kept = {
        key_of(row["connection_id"], row["id"]): Opening(
            row["opening_on"], row["opening_minor"], row["opening_source_table"],
            row["opening_source_id"], row["opening_source_version"],
        )
        for row in warehouse.rows(_KEPT, values)
    }  # fmt: skip
    reports: dict[str, list[Report]] = {}
    for row in warehouse.rows(_REPORTS, values):
        report = Report(
            row["reported_on"], row["amount_minor"], row["source_table"], row["source_id"],
            row["version"],
        )  # fmt: skip
        reports.setdefault(key_of(row["connection_id"], row["account_id"]), []).append(report)
    found = {}
    for account in accounts:
        said = next((reports[source] for source in account.sources if source in reports), [])
        opening = opening_of(kept.get(account.key), counted[account.key], said)
        if opening is not None:
            found[account.key] = opening
    return found


def _account(row: Row) -> Account:
    return Account(
        key=key_of(row["connection_id"], row["id"]), connection=row["connection_id"],
        currency=row["currency"], type=row["type"], institution=row["institution_name"],
        mask=row["mask"], iban=row["iban"] or None, name=row["name"],
    )  # fmt: skip


def _line(row: Row) -> Line:
    return Line(
        key=key_of(row["connection_id"], row["id"]),
        account=key_of(row["connection_id"], row["account_id"]),
        booked_on=row["booked_on"], amount_minor=row["amount_minor"],
    )  # fmt: skip


def _whole(row: Row, account: str) -> Deposit:
    return Deposit(
        key=key_of(row["connection_id"], row["id"]), account=account,
        booked_on=row["booked_on"], currency=row["currency"], amount_minor=row["amount_minor"],
        text=f"{row['description']} {row['reference']} {row['counterparty']}".strip(),
        original_amount_minor=row["original_amount_minor"],
        original_currency=row["original_currency"],
        counterparty_account=row["counterparty_account"], counterparty=row["counterparty"] or None,
    )  # fmt: skip


def _topup(row: Row) -> Deposit:
    return Deposit(
        key=key_of(row["connection_id"], row["id"]), account=PROCESSOR,
        booked_on=row["booked_on"], currency=row["currency"], amount_minor=row["amount_minor"],
    )  # fmt: skip
