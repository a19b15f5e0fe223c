"""Teller: the accounts, balances and lines of one enrollment (a login at a bank of the US).

    /accounts ─ verbatim objects ─► raw.teller_account
    /accounts/{id}/balances (billed: a few times a day) ─► raw.teller_balance, a row per day
    /accounts/{id}/details, once ─► raw.teller_detail
    /accounts/{id}/transactions pages, newest first ─► raw.teller_transaction

Lines and balances name neither currency nor kind of account, on which their sign depends: a row is
`{"account": …, "transaction": …}`, two objects as they came. No list tells what is gone, so the
lines of the last month are remembered, and one that is no longer listed gets a tombstone: a
pending line that posted has a new id.

Notably absent, deliberately: typed columns and signs (dbt's), webhooks (serving's), linking
(`linking.teller`), identities and payments (nothing here needs them).

Run alone: `oppulence backfill --provider teller`.
"""

from collections.abc import Sequence

from core.connections import Connection
from core.settings import Settings
from linking.certificates import client_tls
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun, wanted
from pipelines.teller.sync import reader
from pipelines.window import Window

__all__ = ["GROUPS", "NAME", "raw_tables", "start"]

NAME = "teller"
GROUPS: dict[str, tuple[str, ...]] = {
    "accounts": ("account", "balance", "detail"),
    "transactions": ("transaction",),
}


def raw_tables() -> list[RawTable]:
    """Return the raw table of every object that Teller may send."""
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
        InvalidInputError: `objects` names something that Teller does not have.
        NotConfiguredError: The certificate's files cannot be used.
    """
    client_tls(
        settings.teller_certificate_file,
        settings.teller_private_key_file,
        url=settings.teller_api_url,
    )
    return ProviderRun(
        NAME, reader(), settings, connections,
        names=wanted(GROUPS, objects), window=window, chunk_rows=chunk_rows,
    )  # fmt: skip
