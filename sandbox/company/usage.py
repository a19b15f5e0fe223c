"""What do customers use that a meter counts, and what does an invoice charge for it?

Only in a company that is asked for with `metered`: a third of those who pay by the month then pay
for API calls besides. The meter sums a day's calls at noon (UTC), so what a period used is the sum
of its noons. A period is billed after it is over, by the invoice that renews it, or by a last one
where the subscription ends with it; calls of a trial are free. Own random streams: what is counted
of a day depends on the item alone, whoever asks and whenever.
"""

from __future__ import annotations

from sandbox.company.billing import rounded
from sandbox.company.catalog import DAY, METERED_PRICES
from sandbox.company.facts import Customer, Item, Line
from sandbox.company.people import random_of

SHARE = 0.35
NOON = DAY // 2
# Of a hundred days, how many see no call at all: some months of small customers are empty.
QUIET = 30


def is_metered(seed: int, index: int) -> bool:
    """Whether a customer pays for calls, if they pay by the month."""
    return random_of(seed, "metered", index).random() < SHARE


def with_calls(customer: Customer, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items of a new subscription, with the metered one where it is paid by the month."""
    if items[0].price.months != 1:
        return items
    return (*items, Item(customer.new_id("si"), METERED_PRICES[customer.currency], 0))


def calls_on(item: Item, day: int) -> int:
    """How many calls an item's meter counted on one day (since the epoch)."""
    random = random_of(0, "calls", item.id, day)
    return 0 if random.randrange(100) < QUIET else random.randrange(20, 1_400)


def calls_between(item: Item, start: int, end: int) -> int:
    """How many calls fall into a period: those of every noon in it."""
    first = -(-(start - NOON) // DAY)
    last = -(-(end - NOON) // DAY)
    return sum(calls_on(item, day) for day in range(first, last))


def usage_line(identity: str, item: Item, start: int, end: int, free: bool = False) -> Line:
    """What a metered item's use in a period costs; nothing where it is `free`."""
    price = item.price
    calls = 0 if free else calls_between(item, start, end)
    amount = rounded(price.currency, calls * price.unit_ten_thousandths, 10_000)
    text = f"{calls} × {price.nickname}"
    return Line(identity, text, amount, calls, price, item.id, start, end)


def usage_lines(
    customer: Customer, items: tuple[Item, ...], start: int, end: int, free: bool = False
) -> list[Line]:
    """What one period's use costs, a line per metered item."""
    return [
        usage_line(customer.new_id("il"), item, start, end, free)
        for item in items
        if item.price.meter is not None
    ]
