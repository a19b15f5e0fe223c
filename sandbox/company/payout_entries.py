"""How do payouts stand in the accounting books, and which mistakes does the bookkeeper make?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.company.accounting import Document, DocumentLine
from sandbox.company.bank_days import bank_day
from sandbox.company.bank_life import BankSpec
from sandbox.company.banking import BankLine, Entity
from sandbox.company.calendar import DAY, day_of, midnight
from sandbox.company.chart import ledger_account
from sandbox.company.clerk import Clerk
from sandbox.company.deposits import ARRIVES_IN
from sandbox.company.mishaps import PayoutFact

ENTITY: dict[str, Entity] = {"usd": "us", "eur": "eu", "gbp": "eu"}


def write_payouts(
    clerk: Clerk, spec: BankSpec, lines: Mapping[str, BankLine], struck: Mapping[str, str]
) -> None:
    """Write the documents of every payout; `lines` are the deposits by payout id."""
    payouts = {payout.id: payout for payout in spec.payouts}
    for payout in spec.payouts:
        line, fault = lines.get(payout.id), struck.get(payout.id)
        if line is not None and line.payout_ids[-1] == payout.id:
            carried = tuple(payouts[name] for name in line.payout_ids)
            _of_deposit(clerk, carried, line, fault)
        elif line is None and fault == "missing_deposit":
            _without_deposit(clerk, payout)


def wrong(amount: int) -> int:
    """An amount mistyped: its first two unequal neighbours swapped, else one digit off."""
    digits = str(amount)
    for place in range(len(digits) - 1):
        left, right = digits[place], digits[place + 1]
        if left != right and not (place == 0 and right == "0"):
            return int(digits[:place] + right + left + digits[place + 2 :])
    return amount + 9


def _of_deposit(
    clerk: Clerk, carried: tuple[PayoutFact, ...], line: BankLine, fault: str | None
) -> None:
    if fault == "missing_entry":
        return
    entity: Entity = ENTITY[line.currency]
    clearing = ledger_account(entity, "exchange" if line.original else "stripe_clearing")
    amounts = [payout.amount for payout in carried]
    if line.original is not None:
        amounts = [line.amount]
    elif fault == "wrong_amount":
        amounts = [wrong(line.amount)]
    lines = [
        DocumentLine(clearing, amount, description=_memo(clerk, payout))
        for payout, amount in zip(carried, amounts, strict=True)
    ]
    if fault == "bank_fee":
        fee = line.amount - sum(amounts)
        lines.append(DocumentLine(ledger_account(entity, "bank_fees"), fee, description="Bank fee"))
    labelled = fault if fault == "wrong_amount" else None
    written = _write(
        clerk, f"payout/{carried[-1].id}", entity, line.account_id, line, tuple(lines),
        payout_ids=line.payout_ids, bank_line_ids=(line.id,), fault=labelled,
    )  # fmt: skip
    if fault == "duplicate_entry":
        later = written.created_at + DAY // 2 + clerk.chance("again", written.id, below=2 * DAY)
        clerk.documents.append(
            replace(
                written, id=f"{written.id}/again", created_at=later, updated_at=later, fault=fault
            )
        )


def _memo(clerk: Clerk, payout: PayoutFact) -> str:
    """What the bookkeeper writes: the payout's id, its day, or nothing to go by."""
    style = clerk.chance("memo", payout.id, below=10)
    if style < 4:
        return f"Stripe payout {payout.id}"
    return f"Stripe payout {day_of(payout.created)}" if style < 8 else "Stripe"


def _without_deposit(clerk: Clerk, payout: PayoutFact) -> None:
    """The bookkeeper books from the payout report; the money never came."""
    entity = ENTITY[payout.currency]
    line = DocumentLine(
        ledger_account(entity, "stripe_clearing"), payout.amount,
        description=_memo(clerk, payout),
    )  # fmt: skip
    _write(
        clerk, f"payout/{payout.id}", entity, ARRIVES_IN[payout.currency], payout, (line,),
        payout_ids=(payout.id,), fault="missing_deposit",
    )  # fmt: skip


def _write(
    clerk: Clerk, key: str, entity: Entity, account_id: str, source: BankLine | PayoutFact,
    lines: tuple[DocumentLine, ...], **more: Any,
) -> Document:  # fmt: skip
    if isinstance(source, BankLine):
        on, known_at = source.booked_on, source.posted_at
    else:
        on = bank_day(day_of(source.arrival), source.currency)
        known_at = midnight(on) + DAY // 2
    return clerk.write(
        key, entity, "deposit" if entity == "us" else "bank_transaction", on,
        clerk.accounts[account_id].currency, lines, known_at, direction="in",
        account_id=ledger_account(entity, account_id),
        contact_id=f"{entity}_stripecustomers", **more,
    )  # fmt: skip
