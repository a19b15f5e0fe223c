"""How does Enable Banking write a bank, an account, its balances and its lines?

Two banks, two habits: Hansa gives booked lines an `entry_reference` and pending ones none; Amstel
gives none at all, and begins a long list with an empty page.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sandbox.company.bank_accounts import BICS, COUNTRIES
from sandbox.company.banking import Bank, BankAccount, BankLine
from sandbox.company.reach import REACH
from sandbox.euro_lines import OWNER, day, decimal, family_of, moment

REACHED = REACH["enablebanking"]
WITHOUT_REFERENCES = frozenset({"Amstel Bank"})
EMPTY_FIRST_PAGE = WITHOUT_REFERENCES
CONSENT_SECONDS = 180 * 86_400


def banks(bank: Bank) -> dict[str, list[BankAccount]]:
    """The accounts that Enable Banking reaches, by the bank's name."""
    found: dict[str, list[BankAccount]] = {}
    for account in bank.accounts:
        if account.id in REACHED:
            found.setdefault(account.institution, []).append(account)
    return found


def aspsp(name: str) -> dict[str, Any]:
    """A bank as it is listed."""
    return {
        "name": name,
        "country": COUNTRIES[name],
        "logo": f"https://enablebanking.com/brands/{COUNTRIES[name]}/{name.replace(' ', '')}/",
        "psu_types": ["business", "personal"],
        "auth_methods": [
            {
                "name": "redirect",
                "title": "In the bank's own application",
                "psu_type": kind,
                "approach": "REDIRECT",
                "hidden_method": False,
            }
            for kind in ("business", "personal")
        ],
        "maximum_consent_validity": CONSENT_SECONDS,
        "beta": False,
        "bic": BICS[name],
        "required_psu_headers": [],
    }


def identification_hash(account: BankAccount) -> str:
    """What stays of an account from session to session."""
    kind = base64.b64encode(b'["account", "account_id", "iban"]').decode()
    digest = hashlib.sha256(str(account.iban).encode()).digest()
    return f"{kind}.{base64.b64encode(digest).decode()}"


def resource(account: BankAccount, uid: str) -> dict[str, Any]:
    """An account's details."""
    stable = identification_hash(account)
    return {
        "account_id": {"iban": account.iban, "other": None},
        "all_account_ids": [{"identification": account.iban, "scheme_name": "IBAN"}],
        "account_servicer": {
            "bic_fi": BICS[account.institution],
            "name": account.institution,
        },
        "name": OWNER,
        "details": account.name,
        "usage": "ORGA",
        "cash_account_type": "SVGS" if account.subtype == "savings" else "CACC",
        "product": account.official_name,
        "currency": account.currency.upper(),
        "psu_status": "Account Holder",
        "uid": uid,
        "identification_hash": stable,
        "identification_hashes": [stable],
    }


def balances(bank: Bank, account: BankAccount, at: int) -> list[dict[str, Any]]:
    """An account's balances at a moment."""
    shown = (
        ("Booked balance", "CLBD", bank.balance_at(account.id, at)),
        ("Available balance", "ITAV", bank.available_at(account.id, at)),
    )
    return [
        {
            "name": name,
            "balance_amount": {
                "currency": account.currency.upper(),
                "amount": decimal(amount, account.currency),
            },
            "balance_type": kind,
            "last_change_date_time": moment(at),
            "reference_date": day(at),
        }
        for name, kind, amount in shown
    ]


def line(found: BankLine, account: BankAccount, *, is_booked: bool) -> dict[str, Any]:
    """One line of an account: a magnitude, and the way that it goes."""
    family, sub_family = family_of(found, account)
    has_reference = is_booked and account.institution not in WITHOUT_REFERENCES
    other = None if found.counterparty is None else {"name": found.counterparty}
    number: dict[str, Any] | None = None
    if found.counterparty_iban is not None:
        number = {"iban": found.counterparty_iban}
    goes_out = found.amount < 0
    value: dict[str, Any] = {
        "entry_reference": found.id if has_reference else None,
        "merchant_category_code": found.mcc,
        "transaction_amount": {
            "currency": account.currency.upper(),
            "amount": decimal(abs(found.amount), account.currency),
        },
        "creditor": other if goes_out else {"name": OWNER},
        "creditor_account": number if goes_out else {"iban": account.iban},
        "debtor": {"name": OWNER} if goes_out else other,
        "debtor_account": {"iban": account.iban} if goes_out else number,
        "bank_transaction_code": {
            "description": found.kind.replace("_", " "),
            "code": family,
            "sub_code": sub_family,
        },
        "credit_debit_indicator": "DBIT" if goes_out else "CRDT",
        "status": "BOOK" if is_booked else "PDNG",
        "booking_date": found.booked_on.isoformat() if is_booked else None,
        "value_date": found.valued_on.isoformat() if is_booked else None,
        "transaction_date": day(found.seen_at),
        "reference_number": found.reference,
        "remittance_information": [found.description],
        "note": None,
        "transaction_id": None,
    }
    if found.original is not None:
        amount, currency = found.original
        value["exchange_rate"] = {
            "unit_currency": currency.upper(),
            "instructed_amount": {
                "currency": currency.upper(),
                "amount": decimal(abs(amount), currency),
            },
        }
    return value
