"""GoCardless bank account data: accounts, balances and lines of European banks, four calls a day.

    requisition, agreement ─ is the consent good, until when ─► raw.gocardless_requisition, …
    details, balances, transactions of each account, within the day's allowance (`pipelines.budget`)
        ─ verbatim rows ─► raw.gocardless_{account_detail, balance, transaction, …}
    what was called, read, and is pending ─► dlt state, per connection, committed with the rows

The answers do not say whose rows they hold, so ids do: `<account>/<institution>/<line>`, where the
account is the hash of its IBAN and its currency (`linking.account_identity`): GoCardless names an
account anew with every consent. Booked and pending lines land in tables of their own, as nothing in
a line says which it is. Lines are read again for two weeks back: banks book late.

Notably absent, deliberately: typed columns (dbt's), payments, enriched ("premium") data, webhooks,
which GoCardless does not have.

Run alone: `oppulence backfill --provider gocardless`.
"""

from collections.abc import Sequence

from core.connections import Connection
from core.settings import Settings
from pipelines.bank_visits import BUDGET, FRESH_WITHIN
from pipelines.gocardless.reader import read
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun, wanted
from pipelines.window import Window

__all__ = ["FRESH_WITHIN", "GROUPS", "NAME", "raw_tables", "start"]

NAME = "gocardless"
GROUPS: dict[str, tuple[str, ...]] = {
    "accounts": ("account", "account_detail", "balance"),
    "transactions": ("transaction", "pending_transaction"),
    "consent": ("requisition", "agreement", "institution", BUDGET),
}


def raw_tables() -> list[RawTable]:
    """Return the raw table of every object."""
    return [RawTable(NAME, name) for names in GROUPS.values() for name in names]


def start(
    settings: Settings,
    connections: Sequence[Connection],
    *,
    window: Window | None,
    objects: Sequence[str] | None,
    chunk_rows: int,
) -> ProviderRun:
    """Begin a run: `window` again, as far as calls are left, or without one what is due.

    Raises:
        InvalidInputError: `objects` names something that GoCardless does not have.
    """
    return ProviderRun(
        NAME, read, settings, connections,
        names=wanted(GROUPS, objects), window=window, chunk_rows=chunk_rows,
    )  # fmt: skip
