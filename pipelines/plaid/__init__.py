"""Plaid: accounts, balances, lines, investments and liabilities of one Item (a login at a bank).

    /accounts/get ─ verbatim objects ─► raw.plaid_item, _account, _balance (a row per day)
    /transactions/sync ─ added, modified, removed ─► raw.plaid_transaction     (cursor per Item)
    /investments/*, /liabilities/get, a few times a day ─► raw.plaid_holding, _liability_credit, …

The cursor is in the connection's memory and moves only with the load of its lines. A backfill asks
the cursor's changes first, for what was removed meanwhile, then everything from the start.

Notably absent, deliberately: typed columns and signs (dbt's), webhooks (serving's), linking
(`linking.plaid`), /accounts/balance/get (billed per call; Plaid refreshes balances with the lines).

Run alone: `oppulence backfill --provider plaid`.
"""

from collections.abc import Sequence

from core.connections import Connection
from core.settings import Settings
from pipelines.plaid.client import application_headers
from pipelines.plaid.pace import Pace
from pipelines.plaid.sync import reader
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun, wanted
from pipelines.window import Window

__all__ = ["GROUPS", "NAME", "raw_tables", "start"]

NAME = "plaid"
GROUPS: dict[str, tuple[str, ...]] = {
    "accounts": ("item", "account", "balance"),
    "transactions": ("transaction",),
    "investments": ("holding", "security", "investment_transaction"),
    "liabilities": ("liability_credit", "liability_mortgage", "liability_student"),
}


def raw_tables() -> list[RawTable]:
    """Return the raw table of every object that Plaid may send."""
    return [RawTable(NAME, name) for names in GROUPS.values() for name in names]


def start(
    settings: Settings,
    connections: Sequence[Connection],
    *,
    window: Window | None,
    objects: Sequence[str] | None,
    chunk_rows: int,
) -> ProviderRun:
    """Begin a run: a backfill of `window`, or without one what changed since the last run.

    Raises:
        InvalidInputError: `objects` names something that Plaid does not have.
        ConfigurationError: No Plaid application is configured.
    """
    application_headers(settings)
    return ProviderRun(
        NAME, reader(Pace()), settings, connections,
        names=wanted(GROUPS, objects), window=window, chunk_rows=chunk_rows,
    )  # fmt: skip
