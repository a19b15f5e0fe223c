"""What is read of an Item, in which order and how often?

Accounts first, because they say whether the login still works; the lines with every run; what
Plaid itself fetches once a day, holdings and liabilities, a few times a day.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from core.clock import epoch_microseconds, utc_now
from pipelines.http_client import Patience
from pipelines.plaid.accounts import read_accounts
from pipelines.plaid.client import PATIENCE, PlaidItem, plaid_item
from pipelines.plaid.investments import read_holdings, read_trades
from pipelines.plaid.liabilities import read_liabilities
from pipelines.plaid.pace import Pace
from pipelines.plaid.transactions import sync_transactions
from pipelines.reading import Reader, Visit

SELDOM = timedelta(hours=6)

Part = Callable[[Visit, PlaidItem], Awaitable[bool]]

ALWAYS: tuple[tuple[tuple[str, ...], Part], ...] = (
    (("account", "item", "balance"), read_accounts),
    (("transaction",), sync_transactions),
)
NOW_AND_THEN: tuple[tuple[tuple[str, ...], Part], ...] = (
    (("holding", "security"), read_holdings),
    (("investment_transaction",), read_trades),
    (("liability_credit", "liability_mortgage", "liability_student"), read_liabilities),
)
SELDOM_NAMES = frozenset(name for names, _ in NOW_AND_THEN for name in names)


def reader(pace: Pace, patience: Patience = PATIENCE) -> Reader:
    """Return the reader of Items whose requests share one pace."""

    async def read(visit: Visit) -> bool:
        async with plaid_item(visit.settings, visit.connection, pace, patience) as item:
            for names, part in ALWAYS:
                await _read(visit, item, names, part)
            now = epoch_microseconds(utc_now())
            if _is_due(visit, now):
                for names, part in NOW_AND_THEN:
                    await _read(visit, item, names, part)
                if not visit.fate.failed and visit.names >= SELDOM_NAMES:
                    visit.memory["seldom_read_at"] = now
        return True

    return read


async def _read(visit: Visit, item: PlaidItem, names: tuple[str, ...], part: Part) -> None:
    """Read a part; what it is skipped or fails for holds for all the objects that it brings."""
    asked = [name for name in names if name in visit.names]
    if not asked:
        return
    await visit.part(asked[0], part(visit, item))
    for told in (visit.fate.skipped, visit.fate.failed):
        if asked[0] in told:
            told.update(dict.fromkeys(asked, told[asked[0]]))


def _is_due(visit: Visit, now: int) -> bool:
    read_at = int(visit.memory.get("seldom_read_at", 0))
    return visit.window is not None or now - read_at >= SELDOM // timedelta(microseconds=1)
