"""What does Xero call the company's ledger accounts and contacts, and how does it write values?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from sandbox.company.accounting import AccountingBooks
from sandbox.company.calendar import midnight
from sandbox.company.catalog import round_half_up
from sandbox.xero import COMPANY, uuid_of

BASE = "eur"
DECIMALS = {"jpy": 0, "kwd": 3}
# What one unit of each currency is worth in euro, minor units for minor units: the euro's, theirs.
_EUROS = {"jpy": (102_480, 160_000), "kwd": (91_350, 300_000), "gbp": (1_168, 1_000)}
_TYPES = {
    "bank": ("BANK", "ASSET"), "credit_card": ("BANK", "ASSET"),
    "receivable": ("CURRENT", "ASSET"), "payable": ("CURRLIAB", "LIABILITY"),
    "current_asset": ("CURRENT", "ASSET"), "current_liability": ("CURRLIAB", "LIABILITY"),
    "long_term_liability": ("TERMLIAB", "LIABILITY"), "equity": ("EQUITY", "EQUITY"),
    "revenue": ("REVENUE", "REVENUE"), "other_income": ("OTHERINCOME", "REVENUE"),
    "expense": ("EXPENSE", "EXPENSE"),
}  # fmt: skip
_SYSTEM = {"receivable": "DEBTORS", "payable": "CREDITORS", "current_liability": "GST"}

Body = dict[str, Any]


def money(minor: int, currency: str) -> msgspec.Raw:
    """An amount as Xero writes it: a number with the currency's decimals."""
    places = DECIMALS.get(currency, 2)
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(places + 1, "0")
    if not places:
        return msgspec.Raw(f"{sign}{digits}.00".encode())
    return msgspec.Raw(f"{sign}{digits[:-places]}.{digits[-places:]}".encode())


def in_base(minor: int, currency: str) -> int:
    """An amount in euro cents."""
    if currency == BASE:
        return minor
    euro, own = _EUROS[currency]
    sign = -1 if minor < 0 else 1
    return sign * round_half_up(abs(minor) * euro, own)


def rate(currency: str) -> msgspec.Raw:
    """How many units of a currency one euro buys, as Xero writes it."""
    if currency == BASE:
        return msgspec.Raw(b"1.0000000000")
    euro, own = _EUROS[currency]
    micro = own * 100 * 10**10 // (euro * 10 ** DECIMALS.get(currency, 2))
    whole, rest = divmod(micro, 10**10)
    return msgspec.Raw(f"{whole}.{rest:010d}".encode())


def moment(at: int) -> str:
    """A moment as Xero writes it."""
    return f"/Date({at}000+0000)/"


def day(on: date) -> str:
    """A day as Xero writes it."""
    return moment(midnight(on))


def day_string(on: date) -> str:
    """A day as Xero writes it beside the other form."""
    return f"{on.isoformat()}T00:00:00"


class Ledger:
    """Xero's names for the eu entity's accounts and contacts."""

    def __init__(self, books: AccountingBooks, start: int) -> None:
        """Name what the books hold."""
        self.start = start
        self.accounts = {account.id: account for account in books.accounts_of("eu")}
        self.contacts = {contact.id: contact for contact in books.contacts_of("eu")}

    def account(self, identity: str | None) -> Body:
        """What a line says of its account.

        Raises:
            KeyError: The books have none of that id.
        """
        account = self.accounts[identity or ""]
        return {"AccountID": uuid_of("account", account.id), "AccountCode": account.code}

    def bank(self, identity: str | None) -> Body:
        """What a bank transaction says of its account."""
        account = self.accounts[identity or ""]
        return {
            "AccountID": uuid_of("account", account.id), "Code": account.code,
            "Name": account.name,
        }  # fmt: skip

    def contact(self, identity: str | None) -> Body:
        """A contact as a document shows it; one that nobody named is the bank."""
        contact = self.contacts.get(identity or "")
        name = contact.name if contact else "Bank"
        return {"ContactID": uuid_of("contact", identity or "bank"), "Name": name}

    def organisation(self, number: int) -> Body:
        """Organisation number `number`."""
        return {
            "Name": COMPANY, "LegalName": COMPANY, "PaysTax": True, "Version": "GLOBAL",
            "OrganisationType": "COMPANY", "BaseCurrency": BASE.upper(), "CountryCode": "DE",
            "IsDemoCompany": False, "OrganisationStatus": "ACTIVE",
            "FinancialYearEndDay": 31, "FinancialYearEndMonth": 12,
            "SalesTaxBasis": "ACCRUALS", "SalesTaxPeriod": "QUARTERLY",
            "CreatedDateUTC": moment(self.start), "OrganisationEntityType": "COMPANY",
            "Timezone": "WEUROPESTANDARDTIME", "ShortCode": f"!nw{number:03d}",
            "OrganisationID": uuid_of("organisation", number), "Edition": "BUSINESS",
            "Class": "PREMIUM", "Addresses": [], "Phones": [], "ExternalLinks": [],
            "PaymentTerms": {},
        }  # fmt: skip

    def account_objects(self) -> Iterator[tuple[str, int, Body]]:
        """(id, updated, object) of every ledger account."""
        for account in self.accounts.values():
            kind, group = _TYPES[account.type]
            body: Body = {
                "AccountID": uuid_of("account", account.id), "Code": account.code,
                "Name": account.name, "Status": "ACTIVE", "Type": kind, "TaxType": "NONE",
                "Class": group, "EnablePaymentsToAccount": False, "ShowInExpenseClaims": False,
                "ReportingCode": "", "ReportingCodeName": "", "HasAttachments": False,
                "UpdatedDateUTC": moment(self.start), "AddToWatchlist": False,
            }  # fmt: skip
            if kind == "BANK":
                card = account.type == "credit_card"
                body |= {
                    "BankAccountNumber": account.code,
                    "BankAccountType": "CREDITCARD" if card else "BANK",
                    "CurrencyCode": account.currency.upper(),
                }
            if account.type in _SYSTEM and account.code in ("1100", "2000", "2200"):
                body["SystemAccount"] = _SYSTEM[account.type]
            yield body["AccountID"], self.start, body

    def contact_objects(self) -> Iterator[tuple[str, int, Body]]:
        """(id, updated, object) of every contact."""
        for contact in self.contacts.values():
            identity = uuid_of("contact", contact.id)
            yield identity, contact.updated_at, {
                "ContactID": identity, "ContactStatus": "ACTIVE", "Name": contact.name,
                "EmailAddress": contact.email, "BankAccountDetails": "", "Addresses": [
                    {"AddressType": "POBOX", "City": "", "Region": "", "PostalCode": "",
                     "Country": contact.country},
                ], "Phones": [], "UpdatedDateUTC": moment(contact.updated_at),
                "ContactGroups": [], "IsSupplier": contact.kind == "vendor",
                "IsCustomer": contact.kind == "customer",
                "DefaultCurrency": BASE.upper(), "ContactPersons": [], "HasAttachments": False,
                "HasValidationErrors": False,
            }  # fmt: skip
