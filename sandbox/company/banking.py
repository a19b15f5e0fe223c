"""What do the company's banks know? Accounts, and every line that moves money in them.

Amounts are integers in minor units of the account's currency, with one sign for every account:
plus is better for the company (a deposit, a refund, a card paid off), minus is worse. A line is
pending from `pending_at` until `posted_at` and posted from then on; lines of the future exist too
and show as the clock moves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Literal

from sandbox.company.calendar import DAY

AccountKind = Literal["depository", "credit", "loan"]
Entity = Literal["us", "eu"]
LineKind = Literal[
    "payout",
    "card_purchase",
    "refund",
    "rent",
    "payroll",
    "contractor",
    "software",
    "tax",
    "fee",
    "interest",
    "transfer",
    "loan_payment",
    "customer_payment",
    "conversion",
]
# No line is pending for longer: what may be visible before it is posted lies within this.
LONGEST_PENDING = 10 * DAY


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One account of one entity at one bank; owed balances (credit, loan) are negative."""

    id: str
    entity: Entity
    institution: str
    name: str
    official_name: str
    kind: AccountKind
    subtype: str
    currency: str
    iban: str | None
    number: str | None
    routing: str | None
    mask: str
    opened_on: date
    opening_balance: int
    credit_limit: int | None = None


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement of one account.

    `description` is the raw text as the bank writes it; `original` what was paid in another
    currency; `payout_ids` the payouts that a deposit carries; `fault` what is wrong with it.
    """

    id: str
    account_id: str
    booked_on: date
    valued_on: date
    pending_at: int | None
    posted_at: int
    amount: int
    currency: str
    description: str
    counterparty: str | None
    counterparty_iban: str | None
    reference: str | None
    trace_id: str | None
    kind: LineKind
    merchant: str | None = None
    mcc: str | None = None
    original: tuple[int, str] | None = None
    payout_ids: tuple[str, ...] = ()
    fault: str | None = None
    # The line of the other account that this transfer, card payment or conversion pairs with.
    pair_id: str | None = None

    @property
    def seen_at(self) -> int:
        """When the bank shows the line for the first time."""
        return self.posted_at if self.pending_at is None else self.pending_at

    def state_at(self, at: int) -> Literal["unseen", "pending", "posted"]:
        """How the bank shows the line at a moment."""
        if self.posted_at <= at:
            return "posted"
        return "pending" if self.seen_at <= at else "unseen"


class Bank:
    """All banks of the company's world."""

    def __init__(self, accounts: Sequence[BankAccount], lines: Iterable[BankLine]) -> None:
        """Hold these accounts and lines."""
        self.accounts = tuple(accounts)
        self._accounts = {account.id: account for account in self.accounts}
        found: dict[str, list[BankLine]] = {account.id: [] for account in self.accounts}
        for line in lines:
            found[line.account_id].append(line)
        self._lines: dict[str, tuple[BankLine, ...]] = {}
        self._posted: dict[str, list[int]] = {}
        self._balances: dict[str, list[int]] = {}
        for account in self.accounts:
            ordered = sorted(found[account.id], key=lambda line: (line.posted_at, line.id))
            amounts = (line.amount for line in ordered)
            self._lines[account.id] = tuple(ordered)
            self._posted[account.id] = [line.posted_at for line in ordered]
            self._balances[account.id] = list(accumulate(amounts, initial=account.opening_balance))

    def account(self, account_id: str) -> BankAccount:
        """One account.

        Raises:
            KeyError: There is none of that id.
        """
        return self._accounts[account_id]

    def lines(self, account_id: str) -> Sequence[BankLine]:
        """Every line of an account, past and future, in the order of their posting."""
        return self._lines[account_id]

    def lines_at(self, account_id: str, at: int) -> Sequence[BankLine]:
        """The lines that the bank shows at a moment, posted ones first, then pending ones."""
        posted = self._posted[account_id]
        here, there = bisect_right(posted, at), bisect_right(posted, at + LONGEST_PENDING)
        lines = self._lines[account_id]
        return (*lines[:here], *(line for line in lines[here:there] if line.seen_at <= at))

    def balance_at(self, account_id: str, at: int) -> int:
        """The opening balance and every line posted by then."""
        return self._balances[account_id][bisect_right(self._posted[account_id], at)]

    def available_at(self, account_id: str, at: int) -> int:
        """What may be spent: the balance with pending lines, within a card's limit."""
        here = bisect_right(self._posted[account_id], at)
        pending = sum(line.amount for line in self.lines_at(account_id, at)[here:])
        return (
            self.balance_at(account_id, at) + pending + (self.account(account_id).credit_limit or 0)
        )
