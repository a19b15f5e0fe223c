"""What do the sandbox's banks show of its company, as facets see it, and what is the truth?"""

from datetime import date

import polars as pl

from sandbox.company.calendar import day_of
from sandbox.company.synthetic import company_of
from sandbox.world import World

NAMES = {"us": "Northwind Analytics Inc", "eu": "Northwind Analytics GmbH"}


def world_of(seed: int, customers: int = 150) -> World:
    """Eighteen months of a company."""
    return World(company_of(seed, customers, date(2026, 11, 1)))


def bank_lines(world: World, *, ibans: bool = True) -> pl.DataFrame:
    """Rows of all its bank accounts, posted by now; `ibans`: whether banks tell the other's."""
    rows = []
    for account in world.bank.accounts:
        for line in world.bank.lines(account.id):
            if line.posted_at >= world.spec.until_at:
                continue
            rows.append(
                {
                    "provider": "plaid" if account.entity == "us" else "gocardless",
                    "connection_id": f"conn_{account.institution[:5].lower()}",
                    "id": line.id, "account_id": account.id, "status": "succeeded",
                    "amount_minor": line.amount, "currency": account.currency.upper(),
                    "merchant": line.description, "counterparty": line.counterparty,
                    "counterparty_account": line.counterparty_iban if ibans else None,
                    "reference": line.reference, "booked_on": day_of(line.posted_at),
                    "merchant_category_code": line.mcc, "account_type": account.kind,
                    "account_subtype": account.subtype, "account_mask": account.mask,
                    "account_iban": account.iban if ibans else None,
                    "account_holder": NAMES[account.entity], "institution": account.institution,
                    "kind": line.kind, "pair_id": line.pair_id,
                }
            )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).cast({pl.Null: pl.String})
