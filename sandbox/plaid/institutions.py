"""At which banks can a user log in? The company's, and a brokerage."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.company.banking import Bank, BankAccount
from sandbox.company.reach import REACH


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank as Plaid lists it."""

    id: str
    name: str
    products: tuple[str, ...]


CASCADE = Institution("ins_900101", "Cascade National Bank", ("transactions", "liabilities"))
BROKERAGE = Institution("ins_900102", "Harbor Brokerage", ("investments",))
INSTITUTIONS = {institution.id: institution for institution in (CASCADE, BROKERAGE)}


def accounts_at(bank: Bank, institution_id: str) -> tuple[BankAccount, ...]:
    """The company's accounts that an Item at a bank reaches; a brokerage has none of them."""
    if institution_id != CASCADE.id:
        return ()
    return tuple(bank.account(name) for name in REACH["plaid"])
