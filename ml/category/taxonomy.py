"""Which categories are there, and what do others call them? Rows of `rows/*.csv`, read once.

Two levels: `food_and_drink.coffee` is a member of the group `food_and_drink`. Each is mapped to
Plaid's personal-finance category, and every merchant category code of ISO 18245 to one of them.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Category:
    """One category: its code, what people call it, Plaid's detailed name for it."""

    code: str
    title: str
    plaid: str


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the package's tables."""
    text = files("ml.category").joinpath("rows", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def categories() -> dict[str, Category]:
    """Return every category by its code.

    Examples
    --------
    >>> categories()["travel.flights"].plaid
    'TRAVEL_FLIGHTS'
    """
    return {row["code"]: Category(**row) for row in read_rows("taxonomy")}


def codes() -> frozenset[str]:
    """Return the codes of all categories."""
    return frozenset(categories())


def group_of(code: str) -> str:
    """Return the group that a category is a member of."""
    return code.partition(".")[0]


@cache
def of_merchant_code() -> dict[str, str]:
    """Return the category of each merchant category code.

    Examples
    --------
    >>> of_merchant_code()["5814"]
    'food_and_drink.fast_food'
    """
    return {row["mcc"]: row["category"] for row in read_rows("mcc")}


# Plaid's detailed categories that say more than one of ours does, or go by another name.
_OF_PLAID = {
    "INCOME_WAGES": "income.sales", "INCOME_DIVIDENDS": "income.interest",
    "INCOME_TAX_REFUND": "income.refunds", "TRANSFER_IN_DEPOSIT": "income.sales",
    "TRANSFER_OUT_SAVINGS": "transfers.own_accounts",
    "TRANSFER_IN_SAVINGS": "transfers.own_accounts",
    "TRANSFER_IN_ACCOUNT_TRANSFER": "transfers.own_accounts",
    "LOAN_PAYMENTS_MORTGAGE_PAYMENT": "loans.repayments",
    "LOAN_PAYMENTS_PERSONAL_LOAN_PAYMENT": "loans.repayments",
    "LOAN_PAYMENTS_CAR_PAYMENT": "loans.repayments",
    "BANK_FEES_ATM_FEES": "bank_fees.account", "BANK_FEES_OVERDRAFT_FEES": "bank_fees.account",
    "BANK_FEES_FOREIGN_TRANSACTION_FEES": "bank_fees.account",
    "ENTERTAINMENT_MUSIC_AND_AUDIO": "entertainment.streaming",
    "ENTERTAINMENT_VIDEO_GAMES": "entertainment.streaming",
    "FOOD_AND_DRINK_VENDING_MACHINES": "shopping.convenience",
    "GENERAL_MERCHANDISE_DISCOUNT_STORES": "shopping.department_stores",
    "GENERAL_MERCHANDISE_SUPERSTORES": "shopping.department_stores",
    "HOME_IMPROVEMENT_SECURITY": "services.security",
    "MEDICAL_DENTAL_CARE": "health.doctors", "MEDICAL_NURSING_CARE": "health.doctors",
    "MEDICAL_VETERINARY_SERVICES": "shopping.pets",
    "RENT_AND_UTILITIES_INTERNET_AND_CABLE": "premises.telecom",
    "RENT_AND_UTILITIES_WATER": "premises.utilities",
    "RENT_AND_UTILITIES_SEWAGE_AND_WASTE_MANAGEMENT": "premises.utilities",
}  # fmt: skip


@cache
def of_plaid() -> dict[str, str]:
    """Return the category of each of Plaid's detailed names that means one of ours and no other.

    Examples
    --------
    >>> of_plaid()["FOOD_AND_DRINK_COFFEE"], "INCOME_OTHER_INCOME" in of_plaid()
    ('food_and_drink.coffee', False)
    """
    ours: dict[str, list[str]] = {}
    for category in categories().values():
        ours.setdefault(category.plaid, []).append(category.code)
    one = {plaid: named[0] for plaid, named in ours.items() if len(named) == 1}
    return one | _OF_PLAID
