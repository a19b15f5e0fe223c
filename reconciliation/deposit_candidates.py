"""Which deposits may be which payouts? Candidates by currency, day, amount and words.

One deposit for one payout (the amount itself, less a fee, converted), one for several payouts, and
several for one payout. Each becomes an `Edge`; which are taken is `packing`'s question.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from math import ceil, floor

from core.money import exponent
from reconciliation import evidence as weigh
from reconciliation.amounts import worded
from reconciliation.bank_days import bank_days_late
from reconciliation.rates import TOLERANCE, Rates
from reconciliation.records import Deposit, Edge, Payout
from reconciliation.subsets import subsets_of
from reconciliation.texts import Reading, names_trace, read

# As many days as `LATEST_BANK_DAYS` can take at most, and as early as one may come.
_LATEST = timedelta(days=weigh.LATEST_BANK_DAYS * 7 // 5 + 6)
_EARLIEST = timedelta(days=7)


@dataclass(slots=True)
class Shelf:
    """Deposits of one currency and sign, by day and by amount."""

    deposits: list[Deposit] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    by_day: list[Deposit] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    # By what the bank says was paid, in which other currency.
    by_original: dict[tuple[str, int], list[Deposit]] = field(default_factory=dict)

    def sort(self) -> None:
        """Put them in order, once all are there."""
        self.deposits.sort(key=lambda deposit: (abs(deposit.amount_minor), deposit.key))
        self.amounts = [abs(deposit.amount_minor) for deposit in self.deposits]
        self.by_day = sorted(self.deposits, key=lambda deposit: (deposit.booked_on, deposit.key))
        self.days = [deposit.booked_on.toordinal() for deposit in self.by_day]
        for deposit in self.deposits:
            for original in originals(deposit):
                self.by_original.setdefault(original, []).append(deposit)

    def of_amount(self, least: int, most: int) -> Sequence[Deposit]:
        """The deposits of an amount between two."""
        return self.deposits[bisect_left(self.amounts, least) : bisect_right(self.amounts, most)]

    def within(self, payout: Payout) -> Sequence[Deposit]:
        """The deposits of the days on which a payout may arrive."""
        begin = (payout.arrives_on - _EARLIEST).toordinal()
        end = (payout.arrives_on + _LATEST).toordinal()
        return self.by_day[bisect_left(self.days, begin) : bisect_right(self.days, end)]


def candidates(
    payouts: Sequence[Payout], deposits: Sequence[Deposit], rates: Rates
) -> Iterator[Edge]:
    """Yield every possible match of payouts and deposits."""
    shelves: dict[tuple[str, bool], Shelf] = {}
    for deposit in deposits:
        place = (deposit.currency, deposit.amount_minor > 0)
        shelves.setdefault(place, Shelf()).deposits.append(deposit)
    for shelf in shelves.values():
        shelf.sort()
    for payout in payouts:
        shelf = shelves.get((payout.currency, payout.amount_minor > 0), Shelf())
        yield from _alike(payout, shelf)
        yield from _in_pieces(payout, shelf)
        for (currency, positive), other in shelves.items():
            if currency != payout.currency and positive == (payout.amount_minor > 0):
                yield from _converted(payout, other, rates)
    yield from _together(payouts, shelves)


def originals(deposit: Deposit) -> set[tuple[str, int]]:
    """What a bank says was paid in another currency, in its fields or in its text."""
    found = {pair for pair in read(deposit.text).printed if pair[0] != deposit.currency}
    if deposit.original_currency is not None and deposit.original_amount_minor is not None:
        found.add((deposit.original_currency, abs(deposit.original_amount_minor)))
    return found


def most_fee(amount: int, currency: str) -> int:
    """The most that a bank would keep of an amount, in its currency's minor units."""
    scale = 10 ** max(exponent(currency) - 2, 0)
    return min(weigh.MOST_FEE * int(scale), abs(amount) // 2)


def _words(payout: Payout, deposit: Deposit, reading: Reading) -> tuple[float, tuple[str, ...]]:
    """What a deposit's text weighs for a payout."""
    if names_trace(deposit.text, payout.trace_id):
        return weigh.NAMES_THE_TRACE, (f"the bank's text carries the trace {payout.trace_id}",)
    if payout.id in reading.payout_ids:
        return weigh.NAMES_THE_PAYOUT, ("the bank's text names the payout",)
    if reading.from_processor:
        return weigh.FROM_PROCESSOR, ("the bank's text names the payment provider",)
    return weigh.FROM_OTHERS, ("the bank's text does not name the payment provider",)


def _edge(payout: Payout, deposit: Deposit, kind: str, weight: float, why: str) -> Iterator[Edge]:
    """Yield the pair with what its day and words weigh, if its day is possible."""
    late = bank_days_late(payout.arrives_on, deposit.booked_on, deposit.currency)
    day = weigh.of_lateness(late, deposit.booked_on.isoformat())
    if day is None:
        return
    words, said = _words(payout, deposit, read(deposit.text))
    total = weigh.PRIOR + weight + day[0] + words
    if total > 0:
        kind = "late" if kind == "exact" and late > weigh.GRACE_BANK_DAYS else kind
        yield Edge((payout.key,), (deposit.key,), total, kind, (why, day[1], *said))


def _alike(payout: Payout, shelf: Shelf) -> Iterator[Edge]:
    """The same amount, or a little less."""
    amount = abs(payout.amount_minor)
    # A debit costs more where the bank keeps a fee, a deposit is less.
    fee = most_fee(amount, payout.currency)
    least, most = (amount - fee, amount) if payout.amount_minor > 0 else (amount, amount + fee)
    for deposit in shelf.of_amount(least, most):
        kept = abs(abs(deposit.amount_minor) - amount)
        if not kept:
            yield from _edge(payout, deposit, "exact", weigh.SAME_AMOUNT, "the same amount")
            continue
        is_round = kept % (weigh.ROUND_TO * 10 ** max(exponent(payout.currency) - 2, 0)) == 0
        weight = weigh.LESS_A_FEE + (weigh.ROUND_FEE if is_round else -weigh.ROUND_FEE)
        why = f"the amount less {worded(kept, payout.currency)} that the bank kept"
        yield from _edge(payout, deposit, "fee", weight, why)


def _converted(payout: Payout, shelf: Shelf, rates: Rates) -> Iterator[Edge]:
    """Another currency: the amount that the bank says was paid, or a plausible rate."""
    amount = abs(payout.amount_minor)
    for deposit in shelf.by_original.get((payout.currency, amount), ()):
        why = f"converted: the bank says that {worded(amount, payout.currency)} was paid"
        yield from _edge(payout, deposit, "converted", weigh.STATED_ORIGINAL, why)
    currency = shelf.deposits[0].currency
    rate = rates.near(payout.currency, currency, payout.arrives_on)
    if rate is None:
        return
    least, most = floor(amount * rate * (1 - TOLERANCE)), ceil(amount * rate * (1 + TOLERANCE))
    for deposit in shelf.of_amount(least, most):
        if not any(code == payout.currency for code, _ in originals(deposit)):
            away = float(abs(Fraction(abs(deposit.amount_minor), amount) / rate - 1))
            why = f"converted at a rate {away:.1%} from what the bank used before"
            yield from _edge(payout, deposit, "converted", weigh.CONVERTED_NEARLY - 50 * away, why)


def _in_pieces(payout: Payout, shelf: Shelf) -> Iterator[Edge]:
    """Several deposits that make up one payout."""
    near = [
        (deposit, day)
        for deposit in shelf.within(payout)
        if read(deposit.text).from_processor or names_trace(deposit.text, payout.trace_id)
        if 0 <= (
            day := bank_days_late(payout.arrives_on, deposit.booked_on, deposit.currency)
        ) <= weigh.GRACE_BANK_DAYS
    ]  # fmt: skip
    amounts = [deposit.amount_minor for deposit, _ in near]
    for places in subsets_of(amounts, payout.amount_minor):
        parts = [near[place][0] for place in places]
        named = any(names_trace(part.text, payout.trace_id) for part in parts)
        weight = weigh.PRIOR + weigh.SUM_OF_SEVERAL + (weigh.NAMES_THE_TRACE if named else 0)
        keys = tuple(sorted(part.key for part in parts))
        said: tuple[str, ...] = (f"{len(parts)} deposits make up its amount",)
        if named:
            said = (*said, f"the bank's text carries the trace {payout.trace_id}")
        yield Edge((payout.key,), keys, weight, "group", said)


def _together(payouts: Sequence[Payout], shelves: dict[tuple[str, bool], Shelf]) -> Iterator[Edge]:
    """Several payouts that came as one deposit, on the day of the last of them."""
    lines: dict[tuple[str, bool], list[Payout]] = {}
    for payout in sorted(payouts, key=lambda payout: (payout.arrives_on, payout.key)):
        lines.setdefault((payout.currency, payout.amount_minor > 0), []).append(payout)
    for place, row in lines.items():
        due = [payout.arrives_on.toordinal() for payout in row]
        for deposit in shelves.get(place, Shelf()).by_day:
            on = deposit.booked_on.toordinal()
            begin = bisect_left(due, on - 7 * (weigh.GROUP_BANK_DAYS // 5 + 1) - 4)
            yield from _group(deposit, row[begin : bisect_right(due, on)])


def _group(deposit: Deposit, row: Sequence[Payout]) -> Iterator[Edge]:
    reading = read(deposit.text)
    named = [payout for payout in row if names_trace(deposit.text, payout.trace_id)]
    if any(payout.amount_minor == deposit.amount_minor for payout in named):
        return  # the trace and the amount of one payout: nothing else to look for
    if not reading.from_processor and not named:
        return
    late = {
        payout.key: bank_days_late(payout.arrives_on, deposit.booked_on, deposit.currency)
        for payout in row
    }
    # The latest first: where there are more than are tried, the earliest are left out.
    near = [p for p in reversed(row) if late[p.key] <= weigh.GROUP_BANK_DAYS]
    for places in subsets_of([payout.amount_minor for payout in near], deposit.amount_minor):
        parts = [near[place] for place in places]
        days = min(late[part.key] for part in parts)
        day = weigh.of_lateness(days, deposit.booked_on.isoformat())
        if day is None:
            continue
        carried = [part for part in parts if part in named]
        if named and not carried:
            continue
        words = weigh.NAMES_THE_TRACE if carried else weigh.FROM_PROCESSOR
        said = tuple(f"the bank's text carries the trace {part.trace_id}" for part in carried)
        total = weigh.PRIOR + weigh.SUM_OF_SEVERAL + day[0] + words
        why = f"the sum of {len(parts)} payouts"
        keys = tuple(sorted(part.key for part in parts))
        if total > 0:
            yield Edge(keys, (deposit.key,), total, "group", (why, day[1], *said))
