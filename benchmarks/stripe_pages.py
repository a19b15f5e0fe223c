"""What does a Stripe account of millions of charges answer to `GET /v1/charges`?

    python -m benchmarks.stripe_pages --rows N       prints its port, then serves until killed

Charge `n` of N was created at `created_of(n)`; everything in it follows from `n`, so nothing is
stored, and what must arrive at the far end can be computed without looking at what was sent.
Pages are rendered from one template: 3.2 KB a charge, filled in where charges differ.
"""

import argparse
import asyncio
import json
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

from benchmarks.ingest import STATUSES, charge

BEGAN = 1_640_995_200  # 2022-01-01
SPAN = 3 * 365 * 86_400
CURRENCIES = ("usd", "eur", "jpy")
MARK = 987_654_321


def created_of(number: int, rows: int) -> int:
    """Return the second in which a charge was created: evenly over three years."""
    return BEGAN + number * SPAN // rows


def first_since(second: int, rows: int) -> int:
    """Return the first charge that was created at or after a second."""
    return min(rows, max(0, -(-(second - BEGAN) * rows // SPAN)))


def amount_of(number: int) -> int:
    """Return a charge's amount in minor units."""
    return 100 + number % 9000


def expected(rows: int) -> dict[str, tuple[int, int]]:
    """Return, per currency, how many charges there are and the sum of their amounts."""
    counted = dict.fromkeys(CURRENCIES, (0, 0))
    # 9000 is a multiple of 3, so a currency's amounts repeat every 9000 charges.
    for offset in range(min(9000, rows)):
        times = (rows - offset - 1) // 9000 + 1
        name = CURRENCIES[offset % 3]
        count, total = counted[name]
        counted[name] = (count + times, total + times * amount_of(offset))
    return {name.upper(): found for name, found in counted.items()}


def template() -> bytes:
    """Return one charge's JSON with places for what differs."""
    text = json.dumps({**charge(MARK), "created": "@created", "amount": "@amount",
                       "amount_captured": "@amount", "currency": "@currency",
                       "status": "@status", "paid": "@paid"}).replace("%", "%%")  # fmt: skip
    text = text.replace(f"{MARK:024x}", "%(id)s")  # of the charge, its intent, method, receipt
    for name, quotes in (("created", '"'), ("amount", '"'), ("paid", '"'), ("currency", ""),
                         ("status", "")):  # fmt: skip
        text = text.replace(f"{quotes}@{name}{quotes}", f"%({name})s")
    return text.encode()


class Account:
    """The charges of the account, a page at a time, newest first."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._template = template()

    def page(self, query: dict[str, list[str]]) -> bytes:
        """Return the page that Stripe would."""
        limit = int(query.get("limit", ["10"])[0])
        low = first_since(int(query.get("created[gte]", ["0"])[0]), self.rows)
        high = self.rows
        if "created[lt]" in query:
            high = first_since(int(query["created[lt]"][0]), self.rows)
        if "starting_after" in query:
            high = min(high, int(query["starting_after"][0].removeprefix("ch_"), 16))
        last = max(low, high - limit)
        items = b",".join(self._item(number) for number in range(high - 1, last - 1, -1))
        more = b"true" if last > low else b"false"
        return b'{"object":"list","has_more":%b,"data":[%b]}' % (more, items)

    def _item(self, number: int) -> bytes:
        status = STATUSES[number % 5]
        return self._template % {
            b"id": b"%024x" % number,
            b"created": b"%d" % created_of(number, self.rows),
            b"amount": b"%d" % amount_of(number),
            b"currency": CURRENCIES[number % 3].encode(),
            b"status": status.encode(),
            b"paid": b"true" if status == "succeeded" else b"false",
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection: requests without bodies, answered in order."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            target = urlsplit(head.split(b" ", 2)[1].decode())
            body = b'{"object":"list","has_more":false,"data":[]}'
            if target.path == "/v1/charges":
                body = self._account.page(parse_qs(target.query))
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: "
                + formatdate(usegmt=True).encode()
                + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
                + body
            )


async def serve(rows: int) -> None:
    """Serve until killed."""
    account = Account(rows)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(account), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, required=True)
    asyncio.run(serve(parser.parse_args().rows))
