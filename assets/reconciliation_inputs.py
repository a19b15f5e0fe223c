"""What does the reconciliation of a workspace start from? Its payouts, bank lines and books, read.

Bank lines are those that moved money on current accounts, each counted once (`bank_accounts`). The
data's own time is when each bank and set of books was last
read: a bank that was asked yesterday and showed no deposit tells that none came by yesterday.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from assets.bank_accounts import BANKS, Banks, banks_of, key_of
from core.warehouse import Warehouse
from reconciliation.accounts import BankAccount
from reconciliation.decisions import carried
from reconciliation.records import (
    Company,
    Coverage,
    Decision,
    Deposit,
    Entry,
    Payout,
    Span,
)
from reconciliation.texts import read

Row = Mapping[str, Any]

# What changes when anything changes that a verdict stands on; cheap, one row for each workspace.
INPUTS = """
select workspace_id, toString(groupArray((name, rows, latest))) as inputs_version
from (
    select workspace_id, name, count() as rows, max(version) as latest from (
        select workspace_id, 'payouts' as name, version from unified.payouts
        union all select workspace_id, 'accounts', version from unified.accounts
        union all select workspace_id, 'balances', version from unified.balances
        union all select workspace_id, 'books', version from unified.accounting_books
        union all select workspace_id, 'documents', version from unified.accounting_documents
        union all select workspace_id, 'lines', version from unified.transactions
            where provider in {banks:Array(String)} or type = 'topup'
    )
    group by workspace_id, name
    order by workspace_id, name
)
group by workspace_id
having hasAny(groupArray(name), ['payouts', 'accounts'])
order by workspace_id
"""
_PAYOUTS = """
select connection_id, id, ifNull(status, '') as status, assumeNotNull(currency) as currency,
    assumeNotNull(amount_minor) as amount_minor, toDate32(created_at) as created_on,
    toDate32(ifNull(arrives_at, created_at)) as arrives_on, trace_id
from unified.payouts final
where workspace_id = {workspace:String} and currency is not null and amount_minor is not null
    and created_at is not null and amount_minor != 0
"""
_READ_BY = """
select connection_id, toDate32(max(extracted_at)) as read_on
from (
    select connection_id, extracted_at from unified.balances where workspace_id = {workspace:String}
    union all
    select connection_id, extracted_at from unified.accounts where workspace_id = {workspace:String}
    union all
    select connection_id, extracted_at from unified.transactions
    where workspace_id = {workspace:String} and provider in {banks:Array(String)}
)
group by connection_id
"""
# A debit or credit of an account that stands for a bank account, by document; memos of all lines.
_ENTRIES = """
with lines as (
    select * from unified.accounting_entries where workspace_id = {workspace:String}
)
select connection_id, document_id, account as account_id, code as currency, day as issued_on,
    moved as amount_minor, text
from (
    select connection_id, document_id, assumeNotNull(account_id) as account,
        assumeNotNull(any(currency)) as code, any(issued_on) as day, sum(amount_minor) as moved
    from lines
    where account_id is not null and currency is not null
        and (connection_id, account_id) in (
            select connection_id, id from unified.accounting_accounts final
            where workspace_id = {workspace:String} and type = 'bank'
        )
    group by connection_id, document_id, account
    having moved != 0
) as sums
left join (
    select connection_id, document_id, concat(
        ifNull(any(contact_name), ''), ' ', ifNull(any(document_description), ''), ' ',
        arrayStringConcat(arraySort(groupUniqArray(ifNull(description, ''))), ' ')) as text
    from lines
    group by connection_id, document_id
) as memos using (connection_id, document_id)
"""
_BOOKS = """
select min(issued_on) as since, toDate32(max(extracted_at)) as until, count() as documents
from unified.accounting_documents final
where workspace_id = {workspace:String} and status = 'posted'
"""


@dataclass(frozen=True, slots=True)
class Inputs:
    """One workspace as the matching wants it, and its banks."""

    company: Company
    banks: Banks


def parts_of(key: str) -> tuple[str, str]:
    """Return the connection and the id of a key, without an entry's account."""
    connection, identity = key.split("/", 1)
    return connection, identity.split("|", 1)[0]


def inputs_of(warehouse: Warehouse, workspace: str, decisions: Sequence[Decision] = ()) -> Inputs:
    """Read a workspace; `decisions` are people's on its matches, the newest last."""
    values = {"workspace": workspace, "banks": list(BANKS)}
    banks = banks_of(warehouse, workspace)
    deposits = banks.deposits
    read_by = {row["connection_id"]: row["read_on"] for row in warehouse.rows(_READ_BY, values)}
    current = [account for account in banks.accounts if account.type == "depository"]
    coverage = Coverage(
        bank_spans(current, deposits, read_by), books_span(warehouse.rows(_BOOKS, values)[0])
    )
    payouts = [_payout(row) for row in warehouse.rows(_PAYOUTS, values)]
    entries = [_entry(row) for row in warehouse.rows(_ENTRIES, values)]
    said = carried(decisions, banks.twins)
    return Inputs(Company(payouts, deposits, entries, coverage, said), banks)


def bank_spans(
    accounts: Iterable[BankAccount], deposits: Sequence[Deposit], read_by: Mapping[str, date]
) -> dict[str, Span]:
    """Return, per currency, the days known of the accounts in which payouts arrive.

    Where none has one yet, of all accounts of the currency. Of two, the one read longest ago says
    how far is known: nothing is called missing because a bank stopped answering.
    """
    receiving = {d.account for d in deposits if read(d.text).from_processor}
    spans: dict[str, dict[bool, list[Span]]] = {}
    for account in accounts:
        if account.currency is None or account.since is None:
            continue
        days = [read_by[conn] for s in account.sources if (conn := parts_of(s)[0]) in read_by]
        until = max([*days, account.until or account.since])
        spans.setdefault(account.currency, {}).setdefault(account.key in receiving, []).append(
            Span(account.since, until)
        )
    found = {}
    for currency, kinds in spans.items():
        known = kinds.get(True) or kinds[False]
        found[currency] = Span(min(s.since for s in known), min(s.until for s in known))
    return found


def books_span(row: Row) -> Span | None:
    """Return the days that the books tell of; None without any document."""
    return Span(row["since"], row["until"]) if row["documents"] else None


def _payout(row: Row) -> Payout:
    return Payout(
        key=key_of(row["connection_id"], row["id"]), id=row["id"], currency=row["currency"],
        amount_minor=row["amount_minor"], created_on=row["created_on"],
        arrives_on=row["arrives_on"], trace_id=row["trace_id"], status=row["status"],
    )  # fmt: skip


def _entry(row: Row) -> Entry:
    return Entry(
        key=key_of(row["connection_id"], row["document_id"], row["account_id"]),
        account=key_of(row["connection_id"], row["account_id"]), issued_on=row["issued_on"],
        currency=row["currency"], amount_minor=row["amount_minor"], text=row["text"],
    )  # fmt: skip
