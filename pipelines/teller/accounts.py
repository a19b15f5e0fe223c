"""How do an enrollment's accounts, balances and numbers get in?"""

from dataclasses import dataclass, field
from datetime import date

import msgspec

from pipelines.failures import ProviderUnavailableError
from pipelines.http_client import Answer, ProviderClient
from pipelines.provider_clock import day_at
from pipelines.reading import Memory, Visit
from pipelines.slices import held, id_of


class AccountHead(msgspec.Struct, gc=False):
    """What the reader needs of an account; `links` names what the bank offers for it."""

    id: str
    links: dict[str, str] = {}


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_HEAD = msgspec.json.Decoder(AccountHead)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its list shows it, and what is remembered of it."""

    id: str
    payload: msgspec.Raw
    links: frozenset[str]
    listed_on: date
    memory: Memory = field(default_factory=dict)

    def with_part(self, name: str, payload: bytes) -> bytes:
        """Return `{"account": …, name: …}`: two objects as they came, in one row."""
        return b'{"account":%b,"%b":%b}' % (self.payload, name.encode(), payload)


def listed(answer: Answer, path: str) -> list[msgspec.Raw]:
    """Return the objects of a list.

    Raises:
        ProviderUnavailableError: It is no list.
    """
    try:
        return _LIST.decode(answer.body)
    except msgspec.DecodeError as error:
        raise ProviderUnavailableError(
            f"Teller's answer at {path} is unreadable: {error}"
        ) from None


async def read_accounts(visit: Visit, client: ProviderClient) -> list[Account]:
    """Land the enrollment's accounts and return those that can be read further."""
    answer = await client.get("/accounts")
    payloads = listed(answer, "/accounts")
    rows = [held(id_of(body, "id"), answer.asked_at, body) for body in payloads]
    await visit.land("account", rows)
    memories = visit.memory.setdefault("accounts", {})
    accounts = []
    for payload in payloads:
        try:
            head = _HEAD.decode(payload)
        except msgspec.DecodeError:
            continue  # its row is among the rejected ones; nothing can be asked about it
        memory = memories.setdefault(head.id, {})
        accounts.append(Account(head.id, payload, frozenset(head.links), day_at(answer), memory))
    return accounts


async def read_balance(visit: Visit, client: ProviderClient, account: Account) -> bool:
    """Land an account's balance of today."""
    answer = await client.get(f"/accounts/{account.id}/balances")
    row = held(
        f"{account.id}|{day_at(answer)}",
        answer.asked_at,
        account.with_part("balance", answer.body.strip()),
    )
    await visit.land("balance", [row])
    account.memory["balance_at"] = answer.asked_at
    return True


async def read_detail(visit: Visit, client: ProviderClient, account: Account) -> bool:
    """Land an account's numbers; they never change."""
    answer = await client.get(f"/accounts/{account.id}/details")
    await visit.land("detail", [held(account.id, answer.asked_at, answer.body.strip())])
    account.memory["has_detail"] = True
    return True
