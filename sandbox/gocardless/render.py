"""How does GoCardless write an account, its balances and its lines?

Two banks, two habits: Hansa gives its lines ids, except on the savings account, where it sends a
blank; Karten Direkt gives none, and writes purchases and what is owed as positive amounts. Pending
lines have neither id nor booking date anywhere.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.company.bank_accounts import BICS, COUNTRIES
from sandbox.company.banking import Bank, BankAccount, BankLine
from sandbox.company.reach import INVERTED_INSTITUTIONS, REACH
from sandbox.euro_lines import OWNER, day, decimal, family_of, moment

REACHED = REACH["gocardless"]
WITHOUT_IDS = frozenset({"eur_card"})
BLANK_IDS = frozenset({"eur_savings"})
HISTORY_DAYS, CONSENT_DAYS = 730, 180


def institution_id(bank: str) -> str:
    """GoCardless's id of a bank: its name and the first eight letters of its BIC."""
    return f"{bank.upper().replace(' ', '_')}_{BICS[bank][:8]}"


def banks(bank: Bank) -> dict[str, list[BankAccount]]:
    """The accounts that GoCardless reaches, by the institution's id."""
    found: dict[str, list[BankAccount]] = {}
    for account in bank.accounts:
        if account.id in REACHED:
            found.setdefault(institution_id(account.institution), []).append(account)
    return found


def institution(name: str, identity: str) -> dict[str, Any]:
    """A bank as it is listed."""
    return {
        "id": identity,
        "name": name,
        "bic": BICS[name],
        "transaction_total_days": str(HISTORY_DAYS),
        "max_access_valid_for_days": str(CONSENT_DAYS),
        "countries": [COUNTRIES[name]],
        "logo": f"https://cdn-logos.gocardless.com/ais/{identity}.png",
    }


def details(account: BankAccount) -> dict[str, Any]:
    """An account's details."""
    card = account.kind == "credit"
    found = {
        "resourceId": hashlib.blake2b(account.id.encode(), digest_size=8).hexdigest(),
        "iban": account.iban,
        "currency": account.currency.upper(),
        "ownerName": OWNER,
        "name": account.name,
        "product": account.official_name,
        "cashAccountType": "CARD" if card else "SVGS" if account.subtype == "savings" else "CACC",
        "usage": "ORGA",
        "status": "enabled",
        "bic": BICS[account.institution],
    }
    if card:
        found["maskedPan"] = f"XXXXXXXXXXXX{account.mask}"
    return found


def balances(bank: Bank, account: BankAccount, at: int) -> list[dict[str, Any]]:
    """An account's balances at a moment."""
    shown = (
        ("closingBooked", _sign(account) * bank.balance_at(account.id, at)),
        ("interimAvailable", bank.available_at(account.id, at)),
    )
    return [
        {
            "balanceAmount": {
                "amount": decimal(amount, account.currency),
                "currency": account.currency.upper(),
            },
            "balanceType": kind,
            "referenceDate": day(at),
        }
        for kind, amount in shown
    ]


def line(found: BankLine, account: BankAccount, *, is_booked: bool) -> dict[str, Any]:
    """One line of an account."""
    family, sub_family = family_of(found, account)
    value: dict[str, Any] = {}
    if is_booked:
        if account.id in BLANK_IDS:
            value["transactionId"] = " "
        elif account.id not in WITHOUT_IDS:
            value["transactionId"] = found.id
    if found.reference:
        value["endToEndId"] = found.reference
    if is_booked:
        value |= {
            "bookingDate": found.booked_on.isoformat(),
            "valueDate": found.valued_on.isoformat(),
            "bookingDateTime": moment(found.posted_at),
        }
    else:
        value["valueDate"] = day(found.seen_at)
    value["transactionAmount"] = {
        "amount": decimal(_sign(account) * found.amount, account.currency),
        "currency": account.currency.upper(),
    }
    if found.original is not None and found.original[0]:
        # Both shapes are seen: one exchange, or a list of them.
        exchange = _exchange(found)
        value["currencyExchange"] = [exchange] if account.currency == "eur" else exchange
    if found.counterparty:
        side = "creditor" if found.amount < 0 else "debtor"
        value[f"{side}Name"] = found.counterparty
        if found.counterparty_iban:
            value[f"{side}Account"] = {"iban": found.counterparty_iban}
    value["remittanceInformationUnstructured"] = found.description
    value["bankTransactionCode"] = f"PMNT-{family}-{sub_family}"
    if is_booked:
        digest = hashlib.md5(found.id.encode(), usedforsecurity=False).hexdigest()
        value["internalTransactionId"] = digest
    return value


def _exchange(found: BankLine) -> dict[str, Any]:
    assert found.original is not None
    amount, currency = found.original
    return {
        "sourceCurrency": currency.upper(),
        "targetCurrency": found.currency.upper(),
        "unitCurrency": currency.upper(),
        "instructedAmount": {"amount": decimal(amount, currency), "currency": currency.upper()},
        "quotationDate": found.booked_on.isoformat(),
    }


def _sign(account: BankAccount) -> int:
    return -1 if account.institution in INVERTED_INSTITUTIONS else 1
