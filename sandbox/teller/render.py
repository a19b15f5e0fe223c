"""How does Teller show an account and a line? Amounts are text; a card's purchase is positive."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from core.money import format_minor
from sandbox.company.banking import Bank, BankAccount, BankLine
from sandbox.company.wire_ids import wire_id
from sandbox.teller.enrollments import Enrollment

_SUBTYPES = {"credit card": "credit_card"}
_TYPES = {
    "payout": "ach", "customer_payment": "ach", "card_purchase": "card_payment",
    "software": "card_payment", "refund": "card_payment", "rent": "ach", "payroll": "ach",
    "contractor": "bill_payment", "tax": "ach", "fee": "fee", "interest": "interest",
    "transfer": "transfer", "loan_payment": "bill_payment", "conversion": "transfer",
}  # fmt: skip
_CATEGORIES = {
    "payout": "income", "customer_payment": "income", "card_purchase": "general",
    "software": "software", "rent": "home", "tax": "tax", "loan_payment": "loan",
}  # fmt: skip


def account_id(enrollment: Enrollment, account: BankAccount) -> str:
    """The id of an account in an enrollment."""
    text = f"{enrollment.salt}/{account.id}"
    return f"acc_{blake2b(text.encode(), digest_size=10).hexdigest()}"


def money(account: BankAccount, minor: int) -> str:
    """An amount of an account as Teller writes it: a card's with the other sign."""
    return format_minor(-minor if account.kind == "credit" else minor, account.currency.upper())


def account_object(enrollment: Enrollment, account: BankAccount, base: str) -> dict[str, Any]:
    """An account; `links` says what the bank offers for it."""
    here = f"{base}/accounts/{account_id(enrollment, account)}"
    links = {"self": here, "balances": f"{here}/balances", "transactions": f"{here}/transactions"}
    if account.routing is not None:
        links["details"] = f"{here}/details"
    return {
        "currency": account.currency.upper(),
        "enrollment_id": enrollment.id,
        "id": account_id(enrollment, account),
        "institution": {
            "id": account.institution.lower().replace(" ", "_"), "name": account.institution,
        },
        "last_four": account.mask,
        "links": links,
        "name": account.official_name,
        "status": "open",
        "subtype": _SUBTYPES.get(account.subtype, account.subtype),
        "type": account.kind,
    }  # fmt: skip


def balances_object(
    enrollment: Enrollment, bank: Bank, account: BankAccount, base: str, at: int
) -> dict[str, Any]:
    """An account's balances; of a card, what is owed and what is left of its line."""
    here = f"{base}/accounts/{account_id(enrollment, account)}"
    available = bank.available_at(account.id, at)
    return {
        "account_id": account_id(enrollment, account),
        "available": format_minor(available, account.currency.upper()),
        "ledger": money(account, bank.balance_at(account.id, at)),
        "links": {"account": here, "self": f"{here}/balances"},
    }


def details_object(enrollment: Enrollment, account: BankAccount, base: str) -> dict[str, Any]:
    """An account's numbers."""
    here = f"{base}/accounts/{account_id(enrollment, account)}"
    return {
        "account_id": account_id(enrollment, account),
        "account_number": account.number,
        "links": {"account": here, "self": f"{here}/details"},
        "routing_numbers": {"ach": account.routing},
    }


def line_object(
    enrollment: Enrollment, account: BankAccount, line: BankLine, base: str, at: int,
    balance: int | None,
) -> dict[str, Any]:  # fmt: skip
    """A line; the pending one has another id than the posted one, and no running balance."""
    pending = line.state_at(at) == "pending"
    name = wire_id("teller", f"{enrollment.salt}{line.id}", pending)
    here = f"{base}/accounts/{account_id(enrollment, account)}"
    shown = datetime.fromtimestamp(line.seen_at, UTC).date() if pending else line.booked_on
    return {
        "account_id": account_id(enrollment, account),
        "amount": money(account, line.amount),
        "date": shown.isoformat(),
        "description": line.description,
        "details": {
            "category": _CATEGORIES.get(line.kind),
            "counterparty": {
                "name": line.counterparty, "type": "organization" if line.counterparty else None,
            },
            "processing_status": "pending" if pending else "complete",
        },
        "id": name,
        "links": {"account": here, "self": f"{here}/transactions/{name}"},
        "running_balance": None if balance is None else money(account, balance),
        "status": "pending" if pending else "posted",
        "type": _TYPES[line.kind],
    }  # fmt: skip
