"""How does Plaid show an account and a line? Amounts are positive out of any account."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from core.money import format_minor
from sandbox.company.banking import Bank, BankAccount, BankLine
from sandbox.company.calendar import DAY
from sandbox.company.wire_ids import wire_id
from sandbox.plaid.items import Item

# Enough for every line of a company of the usual size, in both of its forms.
_KEPT = 40_000
_ENRICHED_AFTER = 3 * DAY
_CATEGORIES = {
    "payout": ("INCOME", "INCOME_OTHER_INCOME"),
    "customer_payment": ("INCOME", "INCOME_OTHER_INCOME"),
    "card_purchase": ("GENERAL_MERCHANDISE", "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE"),
    "refund": ("GENERAL_MERCHANDISE", "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE"),
    "rent": ("RENT_AND_UTILITIES", "RENT_AND_UTILITIES_RENT"),
    "payroll": ("TRANSFER_OUT", "TRANSFER_OUT_OTHER_TRANSFER_OUT"),
    "contractor": ("GENERAL_SERVICES", "GENERAL_SERVICES_CONSULTING_AND_LEGAL"),
    "software": ("GENERAL_SERVICES", "GENERAL_SERVICES_OTHER_GENERAL_SERVICES"),
    "tax": ("GOVERNMENT_AND_NON_PROFIT", "GOVERNMENT_AND_NON_PROFIT_TAX_PAYMENT"),
    "fee": ("BANK_FEES", "BANK_FEES_OTHER_BANK_FEES"),
    "loan_payment": ("LOAN_PAYMENTS", "LOAN_PAYMENTS_OTHER_PAYMENT"),
    "conversion": ("TRANSFER_OUT", "TRANSFER_OUT_OTHER_TRANSFER_OUT"),
}
_SIGNED_CATEGORIES = {
    ("interest", True): ("INCOME", "INCOME_INTEREST_EARNED"),
    ("interest", False): ("BANK_FEES", "BANK_FEES_INTEREST_CHARGE"),
    ("transfer", True): ("TRANSFER_IN", "TRANSFER_IN_ACCOUNT_TRANSFER"),
    ("transfer", False): ("TRANSFER_OUT", "TRANSFER_OUT_ACCOUNT_TRANSFER"),
}
_IN_STORE = ("card_purchase", "refund")
_NOWHERE = dict.fromkeys(
    ("address", "city", "country", "lat", "lon", "postal_code", "region", "store_number")
)


def number(minor: int, currency: str) -> msgspec.Raw:
    """An amount as a JSON number, in major units: 42.5 for 42.50."""
    text = format_minor(minor, currency.upper())
    return msgspec.Raw((text.rstrip("0").rstrip(".") if "." in text else text).encode())


def account_id(item: Item, account: BankAccount) -> str:
    """The id of an account in an Item."""
    return wire_id("plaid", f"{item.salt}{account.id}", pending=False)


def account_object(item: Item, bank: Bank, account: BankAccount, at: int) -> dict[str, Any]:
    """An account with its balances; what is owed is positive, as Plaid has it."""
    owed = account.kind != "depository"
    balance = bank.balance_at(account.id, at)
    available = None if account.kind == "loan" else bank.available_at(account.id, at)
    limit = account.credit_limit
    return {
        "account_id": account_id(item, account),
        "balances": {
            "available": None if available is None else number(available, account.currency),
            "current": number(-balance if owed else balance, account.currency),
            "iso_currency_code": account.currency.upper(),
            "limit": None if limit is None else number(limit, account.currency),
            "unofficial_currency_code": None,
        },
        "holder_category": "business",
        "mask": account.mask,
        "name": account.name,
        "official_name": account.official_name,
        "persistent_account_id": wire_id("plaid", f"persistent/{account.id}", pending=False),
        "subtype": account.subtype,
        "type": account.kind,
    }


def line_form(line: BankLine, at: int) -> str:
    """How Plaid shows a line at a moment: unseen, pending, posted, or enriched.

    One line in two of those with a seller is given its name only some days after it posted.
    """
    state = line.state_at(at)
    if state != "posted" or line.merchant is None:
        return state
    is_late = int(line.id[-2:], 16) % 2 == 0
    return "enriched" if not is_late or line.posted_at + _ENRICHED_AFTER <= at else "posted"


def line_text(item: Item, account: str, line: BankLine, form: str) -> bytes:
    """A line's object as JSON, with this Item's ids."""
    pending = form == "pending"
    name = wire_id("plaid", f"{item.salt}{line.id}", pending)
    before = b"null"
    if not pending and line.pending_at is not None:
        before = b'"%b"' % wire_id("plaid", f"{item.salt}{line.id}", pending=True).encode()
    return b'{"account_id":"%b","transaction_id":"%b","pending_transaction_id":%b,%b' % (
        account.encode(), name.encode(), before, _rest(line, form),
    )  # fmt: skip


@lru_cache(maxsize=_KEPT)
def _rest(line: BankLine, form: str) -> bytes:
    """What a line shows to every Item, from behind its ids to the closing brace."""
    merchant = line.merchant if form != "posted" else None
    bought_at = line.seen_at
    day = datetime.fromtimestamp(bought_at, UTC).date() if form == "pending" else line.booked_on
    primary, detailed = _CATEGORIES.get(line.kind) or _SIGNED_CATEGORIES[line.kind, line.amount > 0]
    value: dict[str, Any] = {
        "account_owner": None,
        "amount": number(-line.amount, line.currency),
        "authorized_date": datetime.fromtimestamp(bought_at, UTC).date().isoformat(),
        "authorized_datetime": None,
        "category": None,
        "category_id": None,
        "check_number": None,
        "counterparties": _counterparties(line, merchant),
        "date": day.isoformat(),
        "datetime": None,
        "iso_currency_code": line.currency.upper(),
        "location": _NOWHERE,
        "logo_url": None,
        "merchant_entity_id": None,
        "merchant_name": merchant,
        "name": line.description,
        "original_description": line.description,
        "payment_channel": "in store" if line.kind in _IN_STORE else "online"
        if line.kind == "software" else "other",
        "payment_meta": {
            "by_order_of": None, "payee": None, "payer": None, "payment_method": None,
            "payment_processor": None, "ppd_id": line.trace_id, "reason": None,
            "reference_number": line.reference,
        },
        "pending": form == "pending",
        "personal_finance_category": {
            "confidence_level": "HIGH", "detailed": detailed, "primary": primary, "version": "v1",
        },
        "personal_finance_category_icon_url": (
            f"https://plaid-category-icons.plaid.com/PFC_{primary}.png"
        ),
        "transaction_code": None,
        "transaction_type": "place" if line.kind in _IN_STORE else "special",
        "unofficial_currency_code": None,
        "website": None,
    }  # fmt: skip
    return msgspec.json.encode(value)[1:]


def _counterparties(line: BankLine, merchant: str | None) -> list[dict[str, Any]]:
    name = merchant or (line.counterparty if line.merchant is None else None)
    if name is None:
        return []
    return [
        {
            "confidence_level": "HIGH", "entity_id": None, "logo_url": None, "name": name,
            "type": "merchant" if merchant else "income_source"
            if line.amount > 0 else "financial_institution",
            "website": None,
        }
    ]  # fmt: skip
