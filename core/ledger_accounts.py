"""Which accounts does every ledger have? The standard chart, which a workspace may change.

Journals are written with these codes for ever; a workspace's own names and numbers are put on them
when they are read, so that changing a chart rewrites no journal. dbt has the same rows as a seed
(`dbt/seeds/ledger_accounts.csv`); a test holds one to the other.
"""

from typing import Literal, NamedTuple

AccountType = Literal["asset", "liability", "equity", "revenue", "expense"]


class LedgerAccount(NamedTuple):
    """One account: its code, and what it is for."""

    code: str
    name: str
    type: AccountType
    description: str


STANDARD: tuple[LedgerAccount, ...] = (
    LedgerAccount("1000", "Bank accounts", "asset", "Money at banks"),
    LedgerAccount(
        "1010",
        "Stripe balance",
        "asset",
        "What Stripe holds for the company; equals Stripe's own balance",
    ),
    LedgerAccount(
        "1020", "Payouts in transit", "asset", "Paid out by the processor and not at the bank yet"
    ),
    LedgerAccount("1030", "Connected accounts", "asset", "Transferred to connected accounts"),
    LedgerAccount("1040", "Top-ups in transit", "asset", "Sent from the bank to the processor"),
    LedgerAccount(
        "1090",
        "Transfers between own accounts",
        "asset",
        "Left one account of the company and not in the other yet",
    ),
    LedgerAccount(
        "1100", "Accounts receivable", "asset", "Invoices that customers have yet to pay"
    ),
    LedgerAccount(
        "1150",
        "Settlement clearing",
        "asset",
        "Between a payment and its line in the processor's balance; other currencies keep a side",
    ),
    LedgerAccount(
        "1160",
        "Refunds of credit notes",
        "liability",
        "Between a credit note and the refund that settles it",
    ),
    LedgerAccount(
        "1180",
        "Receipts outside the processor",
        "asset",
        "Between an invoice that was paid elsewhere and the bank's line of it",
    ),
    LedgerAccount(
        "1190",
        "Currency conversion",
        "asset",
        "The two sides of money that a bank changed; what is left over the rates is a gain or loss",
    ),
    LedgerAccount(
        "2200", "Deferred revenue", "liability", "Billed for service that is still to be given"
    ),
    LedgerAccount("2300", "Tax payable", "liability", "Sales tax and VAT that was billed"),
    LedgerAccount("2400", "Customer credit", "liability", "What customers have in their favour"),
    LedgerAccount("2500", "Loans", "liability", "Owed to banks"),
    LedgerAccount("2600", "Credit cards", "liability", "Owed on the company's cards"),
    LedgerAccount(
        "3000",
        "Opening balances",
        "equity",
        "What bank accounts held, and customers had in their favour, before what is known",
    ),
    LedgerAccount("4000", "Subscription revenue", "revenue", "Service that was given"),
    LedgerAccount("4010", "Sales without invoice", "revenue", "Payments that belong to no invoice"),
    LedgerAccount("4200", "Platform fees", "revenue", "Application fees from connected accounts"),
    LedgerAccount("4300", "Interest income", "revenue", "Interest that banks pay"),
    LedgerAccount("4900", "Refunds and credit notes", "revenue", "Revenue that was given back"),
    LedgerAccount(
        "4910",
        "Credits given",
        "revenue",
        "Given to customers in their favour by hand, less what was taken back",
    ),
    LedgerAccount("5010", "Payment processing fees", "expense", "The processor's fees"),
    LedgerAccount("5020", "Bank fees", "expense", "What banks charge and keep of deposits"),
    LedgerAccount("5100", "Disputes", "expense", "Taken back by card holders; given back when won"),
    LedgerAccount("5200", "Bad debt", "expense", "Invoices that were written off"),
    LedgerAccount("5300", "Interest expense", "expense", "Interest that banks charge"),
    LedgerAccount(
        "5900",
        "Processor adjustments",
        "expense",
        "Movements of the processor's balance of another kind",
    ),
    LedgerAccount(
        "6000",
        "Spending to be assigned",
        "expense",
        "Money out that nobody has put on another account",
    ),
)
BY_CODE = {account.code: account for account in STANDARD}
