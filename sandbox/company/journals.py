"""Which journals does the bookkeeper write? Opening balances, and each month at Stripe."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sandbox.company.accounting import DocumentLine
from sandbox.company.bank_life import BankSpec
from sandbox.company.calendar import DAY, day_of, midnight, month_of
from sandbox.company.chart import ledger_account
from sandbox.company.clerk import Clerk
from sandbox.company.payout_entries import ENTITY


def write_openings(clerk: Clerk, start: int) -> None:
    """Write what each bank account held when the books began."""
    on = day_of(start)
    for account in clerk.accounts.values():
        opening, entity = account.opening_balance, account.entity
        own = ledger_account(entity, account.id)
        equity = ledger_account(entity, "opening_balances")
        text = f"Opening balance {account.name}"
        if entity == "us":
            lines = (
                DocumentLine(own, opening, description=text),
                DocumentLine(equity, -opening, description=text),
            )
            clerk.write(f"opening/{account.id}", "us", "journal_entry", on, "usd", lines)
        else:
            # Xero's manual journals may not touch a bank account.
            clerk.write(
                f"opening/{account.id}", "eu", "bank_transaction", on, account.currency,
                (DocumentLine(equity, abs(opening), description=text),), account_id=own,
                direction="in" if opening >= 0 else "out",
            )  # fmt: skip


def write_months(clerk: Clerk, spec: BankSpec, months: Sequence[Mapping[str, Any]]) -> None:
    """Write one journal per month and currency of what moved the balance at Stripe.

    Payouts and top-ups are left out: the bank's lines tell of those.
    """
    topups: Counter[tuple[str, str]] = Counter()
    for _, created, amount, currency in spec.topups:
        topups[month_of(created), currency] += amount
    for row in months:
        month, currency = str(row["month"]), str(row["currency"])
        first = date.fromisoformat(f"{month}-01")
        on = first.replace(day=monthrange(first.year, first.month)[1])
        if midnight(on) + DAY > spec.until_at:
            continue
        entity = ENTITY[currency]
        credited = {
            "subscriptions": row["gross"] + row["returned"],
            "refunds": row["refunds"] + row["disputes"],
            "payment_fees": -row["fees"],
            "partner_fees": row["other"] - topups[month, currency],
        }
        text = f"Stripe {currency.upper()} {month}"
        lines = [DocumentLine(ledger_account(entity, "stripe_clearing"), sum(credited.values()))]
        lines += [
            DocumentLine(ledger_account(entity, key), -amount, description=f"{text} {key}")
            for key, amount in credited.items()
            if amount
        ]
        kind = "journal_entry" if entity == "us" else "manual_journal"
        clerk.write(
            f"stripe/{month}/{currency}", entity, kind, on, currency,  # type: ignore[arg-type]
            tuple(lines), midnight(on) + DAY,
        )  # fmt: skip
        if currency == "gbp" and row["payouts"]:
            # Converted on the way to the bank: out of clearing here, into euro on the deposit.
            converted = (
                DocumentLine(ledger_account("eu", "exchange"), -row["payouts"], description=text),
                DocumentLine(
                    ledger_account("eu", "stripe_clearing"), row["payouts"], description=text
                ),
            )
            clerk.write(
                f"exchange/{month}/{currency}", "eu", "manual_journal", on, currency, converted,
                midnight(on) + DAY,
            )  # fmt: skip
