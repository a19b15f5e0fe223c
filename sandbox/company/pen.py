"""How is a bank line written? Its id, its moments and its pair, from what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

from sandbox.company.bank_days import bank_day
from sandbox.company.banking import BankAccount, BankLine, LineKind
from sandbox.company.calendar import DAY, midnight

# Banks book between six in the morning and ten at night, UTC.
_OPENS, _OPEN_SECONDS = 6 * 3_600, 16 * 3_600


@dataclass(slots=True)
class Pen:
    """Collects the lines of a company's accounts."""

    seed: int
    accounts: dict[str, BankAccount]
    lines: list[BankLine] = field(default_factory=list)
    _by_account: dict[str, list[BankLine]] = field(default_factory=dict)

    def number(self, *path: object, digits: int = 6) -> str:
        """Digits that belong to a thing, the same on every run."""
        text = f"{self.seed}/{'/'.join(map(str, path))}"
        value = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        return f"{value % 10**digits:0{digits}d}"

    def line_id(self, account_id: str, key: str) -> str:
        """The id of the line that tells `key` in an account."""
        text = f"{self.seed}/{account_id}/{key}"
        return f"bl_{blake2b(text.encode(), digest_size=9).hexdigest()}"

    def write(
        self, account_id: str, key: str, on: date, amount: int, kind: LineKind, description: str,
        pending_days: int | None = None, **more: Any,
    ) -> BankLine:  # fmt: skip
        """Write one line, booked on the first bank day from `on`.

        Args:
            account_id: Whose line.
            key: What tells this line from every other of the account.
            on: When the bank would book it.
            amount: Signed minor units.
            kind: What happened.
            description: The raw text.
            pending_days: For how many days before it showed as pending; None for never.
            more: Further fields of the line.
        """
        account = self.accounts[account_id]
        booked_on = bank_day(on, account.currency)
        second = int(self.number("second", account_id, key, digits=9)) % _OPEN_SECONDS
        posted_at = midnight(booked_on) + _OPENS + second
        line = BankLine(
            id=self.line_id(account_id, key),
            account_id=account_id,
            booked_on=booked_on,
            valued_on=more.pop("valued_on", booked_on),
            pending_at=None if pending_days is None else posted_at - pending_days * DAY - 7_200,
            posted_at=posted_at,
            amount=amount,
            currency=account.currency,
            description=description,
            counterparty=more.pop("counterparty", None),
            counterparty_iban=more.pop("counterparty_iban", None),
            reference=more.pop("reference", None),
            trace_id=more.pop("trace_id", None),
            kind=kind,
            **more,
        )
        self.lines.append(line)
        self._by_account.setdefault(account_id, []).append(line)
        return line

    def balance_before(self, account_id: str, on: date) -> int:
        """What an account holds at the beginning of a day, as far as it is written."""
        lines = self._by_account.get(account_id, ())
        written = sum(line.amount for line in lines if line.booked_on < on)
        return self.accounts[account_id].opening_balance + written

    def pair(
        self, key: str, on: date, out: tuple[str, int, str], into: tuple[str, int, str],
        kind: LineKind = "transfer", days: int = 0, **more: Any,
    ) -> None:  # fmt: skip
        """Write money that leaves one account and enters another some days later.

        Args:
            key: What tells this movement from every other.
            on: When it leaves.
            out: Account, amount (positive) and text on the side that it leaves.
            into: Account, amount (positive) and text on the side that it enters.
            kind: What happened.
            days: How long it is under way.
            more: Further fields of both lines.
        """
        leaves, enters = f"{key}/out", f"{key}/in"
        currencies = [self.accounts[side[0]].currency for side in (out, into)]
        exchanged = currencies[0] != currencies[1]
        left = self.write(
            out[0], leaves, on, -out[1], kind, out[2], pair_id=self.line_id(into[0], enters),
            original=(into[1], currencies[1]) if exchanged else None, **more,
        )  # fmt: skip
        self.write(
            into[0], enters, left.booked_on + timedelta(days=days), into[1], kind, into[2],
            pair_id=left.id, original=(out[1], currencies[0]) if exchanged else None, **more,
        )  # fmt: skip
