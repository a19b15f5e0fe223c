"""How do European banks write a line's parts, whoever passes it on? Amounts, codes, times."""

from __future__ import annotations

from datetime import UTC, datetime

from core.money import format_minor
from sandbox.company.banking import BankAccount, BankLine

OWNER = "Northwind Analytics GmbH"
# ISO 20022's families and sub-families: what kind of movement a line is.
_CODES = {
    "payout": ("RCDT", "ESCT"),
    "customer_payment": ("RCDT", "ESCT"),
    "card_purchase": ("CCRD", "POSD"),
    "refund": ("CCRD", "RIMB"),
    "fee": ("MDOP", "CHRG"),
    "interest": ("MDOP", "INTR"),
    "software": ("RDDT", "ESDD"),
    "loan_payment": ("RDDT", "ESDD"),
    "conversion": ("SPOT", "OTHR"),
}


def decimal(amount: int, currency: str) -> str:
    """Minor units as the decimal text that banks send."""
    return format_minor(amount, currency.upper())


def family_of(line: BankLine, account: BankAccount) -> tuple[str, str]:
    """A line's family and sub-family."""
    if account.kind == "credit" and line.kind == "software":
        return _CODES["card_purchase"]
    if line.kind == "refund" and account.kind != "credit":
        return ("RCDT", "ESCT")
    return _CODES.get(line.kind, ("ICDT" if line.amount < 0 else "RCDT", "ESCT"))


def moment(at: int) -> str:
    """A second as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def day(at: int) -> str:
    """The UTC day of a second."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()
