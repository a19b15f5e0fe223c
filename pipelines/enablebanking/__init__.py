"""Enable Banking: accounts, balances and lines of European banks, for as long as a session lasts.

    /sessions/{id} ─ is the consent good, until when, which accounts ─► raw.enablebanking_session
    details, balances, transactions of each account, four reads a day (`pipelines.budget`)
        ─ verbatim rows ─► raw.enablebanking_{account, balance, transaction}
    what was called, read, and is pending ─► dlt state, per connection, committed with the rows

The answers do not say whose rows they hold, so ids do: `<account>/<line>`, where the account is the
hash of the bank's `identification_hash`, which is the same in every session, and its currency: a
`uid` lives as long as its session. The first read asks for the longest history that the bank gives,
later ones for two weeks back. A page's `continuation_key` is followed to its end; the pages of one
list count as one read, which is how the directive counts the accesses of a day.

Notably absent, deliberately: typed columns (dbt's), payments, a line's further details, which cost
a call each.

Run alone: `oppulence backfill --provider enablebanking`.
"""

from collections.abc import Sequence

from core.connections import Connection
from core.settings import Settings
from pipelines.bank_visits import BUDGET, FRESH_WITHIN
from pipelines.enablebanking.reader import read
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun, wanted
from pipelines.window import Window

__all__ = ["FRESH_WITHIN", "GROUPS", "NAME", "raw_tables", "start"]

NAME = "enablebanking"
GROUPS: dict[str, tuple[str, ...]] = {
    "accounts": ("account", "balance"),
    "transactions": ("transaction",),
    "consent": ("session", BUDGET),
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
    """Begin a run: `window` again, as far as reads are left, or without one what is due.

    Raises:
        InvalidInputError: `objects` names something that Enable Banking does not have.
    """
    return ProviderRun(
        NAME, read, settings, connections,
        names=wanted(GROUPS, objects), window=window, chunk_rows=chunk_rows,
    )  # fmt: skip
