"""How do the company's books come about? One document or more for every line of its banks.

Every bank line is told by exactly one document that moves its account, except where a mishap says
otherwise; opening balances and the payment provider's months are journals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.company.accounting import AccountingBooks
from sandbox.company.bank_life import BankSpec
from sandbox.company.banking import Bank, BankLine
from sandbox.company.chart import chart, contacts
from sandbox.company.clerk import Clerk
from sandbox.company.journals import write_months, write_openings
from sandbox.company.line_entries import write_line
from sandbox.company.payout_entries import write_payouts


def keep_books(
    spec: BankSpec, bank: Bank, struck: Mapping[str, str], months: Sequence[Mapping[str, Any]]
) -> AccountingBooks:
    """The books of both entities.

    Args:
        spec: What the company is made from.
        bank: Its banks.
        struck: Which payout was struck by which mishap.
        months: What the payment provider's balance did in each month and currency.
    """
    clerk = Clerk(spec.seed, {account.id: account for account in bank.accounts})
    every = [line for account in bank.accounts for line in bank.lines(account.id)]
    clerk.pairs |= {line.id: line for line in every if line.pair_id is not None}
    deposits: dict[str, BankLine] = {}
    for line in every:
        deposits |= dict.fromkeys(line.payout_ids, line)
        if not line.payout_ids:
            write_line(clerk, line)
    write_payouts(clerk, spec, deposits, struck)
    write_openings(clerk, spec.start_at)
    write_months(clerk, spec, months)
    return AccountingBooks(chart(bank.accounts), contacts(spec.start_at), clerk.finish())
