"""What did the demo find at the banks and in the books? Beside what the company's world holds.

Balances and lines are compared account by account and provider by provider: an account that is
reached through two providers has to agree twice. Amounts are minor units.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from oppulence.demo_sandbox import CompanySandbox
from reconciliation.accounts import Account, BankAccount, Line, same_accounts
from sandbox.company.reach import BOOKS_AT, REACH

ACCOUNTS = TenantQuery(
    "select connection_id, id, provider, name, type, currency, mask, iban, institution_name"
    " from unified.accounts final where provider != 'stripe' order by currency, mask, provider"
)
BOOKED = TenantQuery(
    "select account_id, argMax(amount_minor, reported_on) as amount_minor"
    " from unified.balances final where type = 'booked' group by account_id"
)
LINES = TenantQuery(
    "select account_id, count() as number, sum(amount_minor) as amount_minor"
    " from unified.transactions final"
    " where provider != 'stripe' and status = 'succeeded' group by account_id"
)
POSTED = TenantQuery(
    "select connection_id, id, account_id, assumeNotNull(booked_on) as booked_on, amount_minor"
    " from unified.transactions final"
    " where provider != 'stripe' and status = 'succeeded' and booked_on is not null"
)
ENTRIES = TenantQuery(
    "select provider, currency, uniqExact(document_id) as number, sum(debit_minor) as amount_minor"
    " from unified.accounting_entries group by provider, currency order by provider, currency"
)
# Xero keeps journals in its base currency, in which the company's own books do not have them.
COMPARED_ENTRIES = TenantQuery(
    "select provider, currency, uniqExact(document_id) as number, sum(debit_minor) as amount_minor"
    " from unified.accounting_entries where not (provider = 'xero' and document_type = 'journal')"
    " group by provider, currency order by provider, currency"
)


def bank_accounts(warehouse: Warehouse, tenant: TenantId) -> dict[str, dict[str, Any]]:
    """Return each account as each connection shows it: its balance, its lines and their sum."""
    booked = {
        row["account_id"]: row["amount_minor"] for row in warehouse.tenant_rows(tenant, BOOKED)
    }
    lines = {row["account_id"]: row for row in warehouse.tenant_rows(tenant, LINES)}
    found = {}
    for row in warehouse.tenant_rows(tenant, ACCOUNTS):
        counted = lines.get(row["id"], {"number": 0, "amount_minor": 0})
        found[_key(row, row["id"])] = {
            **{name: row[name] for name in ("provider", "name", "type", "currency", "mask")},
            "amount_minor": booked.get(row["id"], 0),
            "number": counted["number"],
            "lines_minor": counted["amount_minor"],
        }
    return found


def real_accounts(warehouse: Warehouse, tenant: TenantId) -> list[BankAccount]:
    """Return the accounts that there really are, each with the keys under which it is shown."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for row in warehouse.tenant_rows(tenant, POSTED):
        account = _key(row, row["account_id"])
        lines[account].append(Line(row["id"], account, row["booked_on"], row["amount_minor"]))
    shown = [
        Account(
            key=_key(row, row["id"]), connection=row["connection_id"], currency=row["currency"],
            type=row["type"], institution=row["institution_name"], mask=row["mask"],
            iban=row["iban"], name=row["name"],
        )
        for row in warehouse.tenant_rows(tenant, ACCOUNTS)
    ]  # fmt: skip
    return same_accounts(shown, lines)


def once(
    accounts: Mapping[str, dict[str, Any]], real: Sequence[BankAccount]
) -> list[dict[str, Any]]:
    """Return each real account once, with all the providers through which it is reached."""
    together = [
        {
            **accounts[account.key],
            "provider": ", ".join(sorted(accounts[key]["provider"] for key in account.sources)),
        }
        for account in real
    ]
    return sorted(together, key=lambda one: (one["currency"] or "", one["mask"] or ""))


def _key(row: Mapping[str, Any], account: str) -> str:
    return f"{row['connection_id']}/{account}"


def balances_and_lines(accounts: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both by provider and the last digits of the account's number."""
    names = [f"{account['provider']} {account['mask']}" for account in accounts]
    return (
        dict(zip(names, (account["amount_minor"] for account in accounts), strict=True)),
        {
            name: [account["number"], account["lines_minor"]]
            for name, account in zip(names, accounts, strict=True)
        },
    )


def true_balances_and_lines(
    sandbox: CompanySandbox, moment: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the same of the company's own banks."""
    masks = {account["id"]: account["mask"] for account in sandbox.book("bank_accounts", at=moment)}
    amounts = sandbox.book("bank_balances", at=moment)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in sandbox.book("bank_lines", at=moment):
        if line["state"] == "posted":
            sums[line["account_id"]][0] += 1
            sums[line["account_id"]][1] += line["amount"]
    reached = [(provider, name) for provider, names in REACH.items() for name in names]
    return (
        {f"{provider} {masks[name]}": amounts[name]["balance"] for provider, name in reached},
        {f"{provider} {masks[name]}": sums[name] for provider, name in reached},
    )


def entries(rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Return documents and debits by provider and currency."""
    return {
        f"{row['provider']} {row['currency']}": [row["number"], row["amount_minor"]] for row in rows
    }


def true_entries(sandbox: CompanySandbox, moment: int) -> dict[str, list[int]]:
    """Return the same of the company's own books; a document without amounts books nothing."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for document in sandbox.book("accounting", at=moment)["documents"]:
        debits = sum(entry["debit"] for entry in document["entries"])
        if document["state"] == "live" and document["kind"] != "manual_journal" and debits:
            sums = found[f"{BOOKS_AT[document['entity']]} {document['currency'].upper()}"]
            sums[0] += 1
            sums[1] += debits
    return dict(found)
