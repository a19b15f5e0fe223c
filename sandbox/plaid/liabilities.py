"""What does Plaid say of a card's debt? Its statement, payment and rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sandbox.company.banking import Bank, BankAccount
from sandbox.company.calendar import DAY
from sandbox.plaid.items import Item
from sandbox.plaid.render import account_id, number


def card(item: Item, bank: Bank, account: BankAccount, at: int) -> dict[str, Any]:
    """One card's liability, as of its last statement: the end of the month before."""
    today = datetime.fromtimestamp(at, UTC).date()
    issued_on = today.replace(day=1) - timedelta(days=1)
    first = int(datetime(today.year, today.month, 1, tzinfo=UTC).timestamp())
    owed = -bank.balance_at(account.id, first - 1)
    paid = [line for line in bank.lines_at(account.id, at) if line.amount > 0 and line.pair_id]
    last = paid[-1] if paid else None
    return {
        "account_id": account_id(item, account),
        "aprs": [
            {
                "apr_percentage": msgspec.Raw(b"21.49"), "apr_type": "purchase_apr",
                "balance_subject_to_apr": None, "interest_charge_amount": None,
            }
        ],
        "is_overdue": False,
        "last_payment_amount": number(last.amount, account.currency) if last else None,
        "last_payment_date": last.booked_on.isoformat() if last else None,
        "last_statement_balance": number(owed, account.currency),
        "last_statement_issue_date": issued_on.isoformat(),
        "minimum_payment_amount": number(min(owed, 2_500) if owed > 0 else 0, account.currency),
        "next_payment_due_date": datetime.fromtimestamp(first + 24 * DAY, UTC).date().isoformat(),
    }  # fmt: skip
