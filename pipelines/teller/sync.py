"""What is read of an enrollment, in which order and how often?

Accounts first, because they say whether the enrollment still works; then, account by account, its
lines with every run, its balance a few times a day (each call is billed), its numbers once.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from core.clock import epoch_microseconds, utc_now
from pipelines.http_client import Patience, ProviderClient
from pipelines.reading import Reader, Visit
from pipelines.teller.accounts import Account, read_accounts, read_balance, read_detail
from pipelines.teller.client import PATIENCE, teller_enrollment
from pipelines.teller.errors import AccountClosedError
from pipelines.teller.transactions import read_lines

SELDOM = timedelta(hours=6)
PARTS: dict[str, Callable[[Visit, ProviderClient, Account], Awaitable[bool]]] = {
    "transaction": read_lines,
    "balance": read_balance,
    "detail": read_detail,
}


def reader(patience: Patience = PATIENCE) -> Reader:
    """Return the reader of enrollments."""

    async def read(visit: Visit) -> bool:
        async with teller_enrollment(visit.settings, visit.connection, patience) as client:
            for account in await read_accounts(visit, client):
                for name in _due(visit, account):
                    await visit.part(name, _unless_closed(PARTS[name](visit, client, account)))
        return True

    return read


def _due(visit: Visit, account: Account) -> list[str]:
    """Return what is to be read of an account now, of what its bank offers and the run wants."""
    is_again = visit.window is not None
    balance_at = int(account.memory.get("balance_at", 0)) + SELDOM // timedelta(microseconds=1)
    due = {
        "transaction": "transactions" in account.links,
        "balance": "balances" in account.links
        and (is_again or epoch_microseconds(utc_now()) >= balance_at),
        "detail": "details" in account.links and (is_again or not account.memory.get("has_detail")),
    }
    return [name for name, is_due in due.items() if is_due and name in visit.names]


async def _unless_closed(reading: Awaitable[bool]) -> bool:
    """Await what is read of an account; a closed one says so in its row, and keeps what landed."""
    try:
        return await reading
    except AccountClosedError:
        return True
