"""Which ledger accounts and contacts do the company's two entities have?"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.company.accounting import AccountType, Contact, LedgerAccount
from sandbox.company.banking import BankAccount, Entity
from sandbox.company.calendar import DAY
from sandbox.company.household import BANK_CUSTOMERS, CONTRACTORS
from sandbox.company.merchants import AMERICAN, EUROPEAN

HOME_CURRENCY: dict[Entity, str] = {"us": "usd", "eu": "eur"}
_COUNTRY: dict[Entity, str] = {"us": "US", "eu": "DE"}
# Key, code, name, type: the same chart for both entities, codes as small firms number them.
CHART: tuple[tuple[str, str, str, AccountType], ...] = (
    ("receivable", "1100", "Accounts Receivable", "receivable"),
    ("stripe_clearing", "1150", "Stripe Clearing", "current_asset"),
    ("exchange", "1190", "Currency Exchange Clearing", "current_asset"),
    ("payable", "2000", "Accounts Payable", "payable"),
    ("sales_tax", "2200", "Sales Tax", "current_liability"),
    ("opening_balances", "3900", "Opening Balances", "equity"),
    ("subscriptions", "4000", "Subscription Revenue", "revenue"),
    ("services", "4100", "Service Revenue", "revenue"),
    ("refunds", "4900", "Refunds and Chargebacks", "revenue"),
    ("interest_income", "4950", "Interest Income", "other_income"),
    ("payment_fees", "5000", "Payment Processing Fees", "expense"),
    ("partner_fees", "5050", "Partner Fees", "expense"),
    ("cloud", "5100", "Hosting", "expense"),
    ("wages", "6000", "Wages and Salaries", "expense"),
    ("contractors", "6050", "Contractors", "expense"),
    ("rent", "6100", "Rent", "expense"),
    ("software", "6200", "Software Subscriptions", "expense"),
    ("marketing", "6300", "Marketing", "expense"),
    ("travel", "6400", "Travel", "expense"),
    ("office", "6500", "Office and Meals", "expense"),
    ("insurance", "6600", "Insurance", "expense"),
    ("bank_fees", "6700", "Bank Fees", "expense"),
    ("interest", "6750", "Interest Paid", "expense"),
    ("taxes", "6800", "Taxes", "expense"),
)
_BY_MCC = {
    "7399": "cloud",
    "7372": "cloud",
    "5734": "software",
    "4814": "software",
    "7311": "marketing",
    "4121": "travel",
    "4112": "travel",
    "3058": "travel",
    "3008": "travel",
    "6300": "insurance",
}
LANDLORDS = {"us": "Congress Ave Offices LP", "eu": "Speicherstadt Immobilien KG"}


def expense_of(mcc: str | None) -> str:
    """Which account a purchase from a kind of seller belongs to."""
    return _BY_MCC.get(mcc or "", "office")


def ledger_account(entity: Entity, key: str) -> str:
    """The id of an account of the chart, or of the one that stands for a bank account."""
    return f"{entity}_{key}"


def chart(accounts: Sequence[BankAccount]) -> tuple[LedgerAccount, ...]:
    """Both entities' charts, bank accounts first."""
    found = []
    for number, account in enumerate(accounts):
        kinds: dict[str, AccountType] = {"credit": "credit_card", "loan": "long_term_liability"}
        found.append(
            LedgerAccount(
                ledger_account(account.entity, account.id), account.entity, f"{1000 + number}",
                f"{account.institution} {account.name}", kinds.get(account.kind, "bank"),
                account.currency, account.id,
            )
        )  # fmt: skip
    for entity, currency in HOME_CURRENCY.items():
        found += [
            LedgerAccount(ledger_account(entity, key), entity, code, name, kind, currency)
            for key, code, name, kind in CHART
        ]
    return tuple(found)


def contact_id(entity: Entity, name: str) -> str:
    """The id of a contact by its name."""
    return f"{entity}_{''.join(letter for letter in name.lower() if letter.isalnum())}"


def contacts(start: int) -> tuple[Contact, ...]:
    """Both entities' customers and vendors; some were changed since."""
    found: list[Contact] = []

    def add(entity: Entity, kind: str, name: str, country: str) -> None:
        identity = contact_id(entity, name)
        if all(known.id != identity for known in found):
            number = len(found)
            email = f"billing@{identity[3:]}.example"
            created_at = start + number * 5_400
            changed_at = created_at + (number * 11 % 60) * DAY if number % 4 == 0 else created_at
            found.append(
                Contact(identity, entity, kind, name, email, country, created_at, changed_at)  # type: ignore[arg-type]
            )

    for entity, country in _COUNTRY.items():
        add(entity, "customer", "Stripe customers", country)
        add(entity, "vendor", LANDLORDS[entity], country)
    for account_id, name, number, _ in BANK_CUSTOMERS:
        add("us" if account_id.startswith("usd") else "eu", "customer", name, (number or "US")[:2])
    for account_id, name, number, _ in CONTRACTORS:
        add("us" if account_id.startswith("usd") else "eu", "vendor", name, (number or "US")[:2])
    for merchant in AMERICAN:
        add("us", "vendor", merchant.name, "US")
    for merchant in EUROPEAN:
        add("eu", "vendor", merchant.name, "DE")
    return tuple(found)
