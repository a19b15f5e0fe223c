"""How do an Item's accounts get in? By /accounts/get, each account twice.

Once as the account with its Item, whose newest state counts, and once as its balance of the day, so
that every day keeps a row. An account that the bank no longer lists was closed, probably: its row
stays, with its lines. What Plaid says of the Item itself (a login that no longer works) decides
last.
"""

import msgspec

from pipelines.plaid.client import PlaidItem
from pipelines.plaid.errors import problem_of
from pipelines.provider_clock import day_at
from pipelines.reading import Visit
from pipelines.slices import held, id_of


class ItemError(msgspec.Struct, gc=False):
    """Why an Item does not work."""

    error_type: str = ""
    error_code: str = ""
    error_message: str | None = None


class ItemHead(msgspec.Struct, gc=False):
    """What the reader needs of an Item."""

    error: ItemError | None = None


class AccountsPage(msgspec.Struct, gc=False):
    """The answer of /accounts/get."""

    accounts: list[msgspec.Raw]
    item: msgspec.Raw


ACCOUNTS_PAGE = msgspec.json.Decoder(AccountsPage)
_ITEM = msgspec.json.Decoder(ItemHead)


async def read_accounts(visit: Visit, item: PlaidItem) -> bool:
    """Land the Item, its accounts and today's balances.

    Raises:
        ConsentNeededError: The Item says that its user has to log in; what was read has landed.
    """
    page, answer = await item.ask("/accounts/get", ACCOUNTS_PAGE)
    version = answer.asked_at
    today = day_at(answer).isoformat()
    named = [(id_of(payload, "account_id"), payload) for payload in page.accounts]
    await visit.land("item", [held(id_of(page.item, "item_id"), version, page.item)])
    # Which bank it is stands beside the accounts: a row is both objects, as they came.
    await visit.land(
        "account",
        [
            held(name, version, b'{"item":%b,"account":%b}' % (page.item, body))
            for name, body in named
        ],
    )
    await visit.land("balance", [held(f"{name}|{today}", version, body) for name, body in named])
    error = _ITEM.decode(page.item).error
    if error is not None and (
        problem := problem_of(error.error_code, error.error_message or "", error.error_type)
    ):
        raise problem
    return True
