"""What did the demo find in the ledger and on the way of the cash? Beside what the company knows.

Accounts are compared once each, whichever providers reach them, in the ledger's own account of
each. Payouts are compared once everything of them must have come: what may still be on its way is
neither right nor wrong.
"""

from collections.abc import Mapping

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from oppulence.demo_sandbox import CompanySandbox
from sandbox.company.calendar import DAY
from sandbox.company.reach import REACH

# When every deposit and every entry of a payout has come.
SETTLED = 40 * DAY
NAMED: Mapping[str | None, str] = {
    None: "matched",
    "missing_deposit": "missing_in_bank",
    "late_deposit": "matched_late",
    "bank_fee": "matched_with_fee",
    "several_payouts": "matched_group",
    "currency_conversion": "matched_converted",
    "wrong_amount": "amount_differs",
    "duplicate_entry": "duplicate",
    "missing_entry": "missing_in_books",
}
_BANK_ACCOUNTS = TenantQuery(
    "select accounts.mask as mask, accounts.currency as currency, sum(entries.amount_minor) as held"
    " from (select account_id, amount_minor from marts.fct_ledger_entries final"
    " where account_code in ('1000', '2500', '2600')) as entries"
    " inner join (select id, mask, currency from marts.dim_bank_accounts final) as accounts"
    " on accounts.id = entries.account_id group by mask, currency"
)
_PAYOUTS = TenantQuery(
    "select id, verdict::String as verdict from marts.fct_payout_reconciliation final"
)
_LINES = TenantQuery(
    "select payout_id, sum(net_minor) as net_minor"
    " from marts.int_reconciliation__payout_lines final where payout_id != '' group by payout_id"
)


def bank_accounts(warehouse: Warehouse, tenant: TenantId) -> dict[str, int]:
    """Return what each bank account, card and loan holds in the ledger, by its last digits."""
    rows = warehouse.tenant_rows(tenant, _BANK_ACCOUNTS)
    return {f"{row['currency']} {row['mask']}": row["held"] for row in rows}


def true_bank_accounts(sandbox: CompanySandbox, moment: int) -> dict[str, int]:
    """Return the same of the company's own banks."""
    amounts = sandbox.book("bank_balances", at=moment)
    reached = {name for names in REACH.values() for name in names}
    return {
        f"{account['currency'].upper()} {account['mask']}": amounts[account["id"]]["balance"]
        for account in sandbox.book("bank_accounts", at=moment)
        if account["id"] in reached
    }


def payouts(warehouse: Warehouse, tenant: TenantId) -> tuple[dict[str, str], dict[str, int]]:
    """Return each payout's verdict, and what the lines that it took add up to."""
    verdicts = warehouse.tenant_rows(tenant, _PAYOUTS)
    lines = warehouse.tenant_rows(tenant, _LINES)
    return (
        {row["id"]: row["verdict"] for row in verdicts},
        {row["payout_id"]: row["net_minor"] for row in lines},
    )


def true_payouts(sandbox: CompanySandbox, moment: int) -> tuple[dict[str, str], dict[str, int]]:
    """Return the verdicts of those for which everything has come, and the amounts of all."""
    truth = sandbox.book("reconciliation_truth", at=moment)
    return (
        {
            row["payout_id"]: NAMED[row["fault"]]
            for row in truth
            if row["arrival"] + SETTLED <= moment
        },
        {row["payout_id"]: row["amount"] for row in truth},
    )
