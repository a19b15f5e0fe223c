"""How do an Item's investments get in? Holdings as a whole, their transactions by date and offset.

Holdings have no id: account and security name one. One that is sold is in no list any more, so
those of the last read are remembered, and what vanished gets a tombstone.
"""

from datetime import date, timedelta

import msgspec

from pipelines.batches import RawObject
from pipelines.failures import ProviderUnavailableError
from pipelines.plaid.client import PlaidItem
from pipelines.reading import Visit
from pipelines.slices import gone, held, id_of

HISTORY = timedelta(days=730)  # Plaid's most
# Banks book and correct trades later than they happen.
LOOK_BACK = timedelta(days=30)
PAGE_SIZE = 500


class HoldingsPage(msgspec.Struct, gc=False):
    """The answer of /investments/holdings/get."""

    holdings: list[msgspec.Raw]
    securities: list[msgspec.Raw]


class TradesPage(msgspec.Struct, gc=False):
    """A page of /investments/transactions/get."""

    investment_transactions: list[msgspec.Raw]
    securities: list[msgspec.Raw]
    total_investment_transactions: int


HOLDINGS_PAGE = msgspec.json.Decoder(HoldingsPage)
TRADES_PAGE = msgspec.json.Decoder(TradesPage)


async def read_holdings(visit: Visit, item: PlaidItem) -> bool:
    """Land what is held now, and tombstones of what no longer is."""
    page, answer = await item.ask("/investments/holdings/get", HOLDINGS_PAGE)
    version = answer.asked_at
    rows = [
        held(id_of(payload, "account_id", "security_id"), version, payload)
        for payload in page.holdings
    ]
    now_held = {row.id for row in rows}
    sold = [
        gone(name, version, b"{}")
        for name in visit.memory.get("holdings", [])
        if name not in now_held
    ]
    await visit.land("security", _securities(page.securities, version))
    await visit.land("holding", rows + sold)
    if "holding" in visit.names:
        visit.memory["holdings"] = sorted(now_held)
    return True


async def read_trades(visit: Visit, item: PlaidItem) -> bool:
    """Land investment transactions since the last read, and a month before it."""
    today = item.today
    until = visit.memory.get("trades_until")
    since = today - HISTORY
    if until and visit.window is None:
        since = max(since, date.fromisoformat(until) - LOOK_BACK)
    offset, total = 0, 1
    while offset < total:
        page, answer = await item.ask(
            "/investments/transactions/get", TRADES_PAGE,
            start_date=since.isoformat(), end_date=today.isoformat(),
            options={"count": PAGE_SIZE, "offset": offset},
        )  # fmt: skip
        trades = page.investment_transactions
        await visit.land("security", _securities(page.securities, answer.asked_at))
        await visit.land(
            "investment_transaction",
            [
                held(id_of(payload, "investment_transaction_id"), answer.asked_at, payload)
                for payload in trades
            ],
        )
        offset, total = offset + len(trades), page.total_investment_transactions
        if offset < total and not trades:
            raise ProviderUnavailableError("Plaid's list of investment transactions ends early.")
    visit.memory["trades_until"] = today.isoformat()
    return True


def _securities(payloads: list[msgspec.Raw], version: int) -> list[RawObject]:
    return [held(id_of(body, "security_id"), version, body) for body in payloads]
