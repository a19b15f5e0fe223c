"""Which accounting entries may tell of which money? Candidates by account, day, amount and memo.

A `Claim` is what the books should hold once: a deposit with its payouts, a payout that no deposit
shows, or a deposit of the payment provider's that no payout explains.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reconciliation import evidence as weigh
from reconciliation.amounts import worded
from reconciliation.records import Edge, Entry
from reconciliation.subsets import subsets_of
from reconciliation.texts import is_mistyped, read


@dataclass(frozen=True, slots=True)
class Claim:
    """Money that the books should tell of once.

    `gross_minor` is what the payouts sum to, `ledger` the account that stands for its bank account
    where that is known, `payout_ids` and `paid_on` what a memo may name.
    """

    key: str
    on: date
    currency: str
    amount_minor: int
    gross_minor: int
    payout_keys: tuple[str, ...] = ()
    payout_ids: frozenset[str] = frozenset()
    paid_on: frozenset[date] = frozenset()
    ledger: str | None = None


def candidates(claims: Sequence[Claim], entries: Sequence[Entry]) -> Iterator[Edge]:
    """Yield every possible match of claims and entries."""
    shelves: dict[tuple[str, bool], list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.issued_on, entry.key)):
        place = (entry.currency, entry.amount_minor > 0)
        shelves.setdefault(place, []).append(entry)
    days = {place: [entry.issued_on.toordinal() for entry in row] for place, row in shelves.items()}
    rows: dict[tuple[str, bool], list[Claim]] = {}
    for claim in sorted(claims, key=lambda claim: (claim.on, claim.key)):
        place = (claim.currency, claim.amount_minor > 0)
        rows.setdefault(place, []).append(claim)
        near = _between(
            shelves.get(place, []), days.get(place, []), claim.on.toordinal(),
            (-weigh.BOOKED_BEFORE_DAYS, weigh.BOOKED_AFTER_DAYS),
        )  # fmt: skip
        yield from _pairs(claim, near)
        yield from _in_pieces(claim, near)
    for place, row in rows.items():
        ons = [claim.on.toordinal() for claim in row]
        for entry in shelves.get(place, []):
            near_claims = _between(ons=ons, row=row, day=entry.issued_on.toordinal(), reach=(-8, 1))
            yield from _together(entry, near_claims)


def _between(row: Sequence, ons: Sequence[int], day: int, reach: tuple[int, int]) -> Sequence:  # type: ignore[type-arg]
    return row[bisect_left(ons, day + reach[0]) : bisect_right(ons, day + reach[1])]


def told(claim: Claim, entry: Entry) -> tuple[float, tuple[str, ...]] | None:
    """What account, day and memo weigh; None where the entry stands on another account."""
    if claim.ledger is not None and claim.ledger != entry.account:
        return None
    days = (entry.issued_on - claim.on).days
    weight = weigh.ON_THE_DAY - abs(days) / 2
    said = ["booked on its day" if not days else f"booked under {entry.issued_on.isoformat()}"]
    reading = read(entry.text)
    if reading.payout_ids & claim.payout_ids:
        weight += weigh.NAMES_THE_PAYOUT
        said.append("the memo names the payout")
    elif reading.payout_ids:
        weight += weigh.NAMES_ANOTHER
        said.append("the memo names another payout")
    elif reading.days & claim.paid_on:
        weight += weigh.NAMES_THE_DAY
        said.append("the memo names the payout's day")
    elif reading.days and claim.paid_on:
        weight += weigh.NAMES_ANOTHER_DAY
    if reading.from_processor:
        weight += weigh.FROM_PROCESSOR
    elif not reading.payout_ids:
        weight += weigh.FROM_OTHERS
    return weight, tuple(said)


def _pairs(claim: Claim, near: Sequence[Entry]) -> Iterator[Edge]:
    for entry in near:
        found = told(claim, entry)
        if found is None:
            continue
        amount = _amount(claim, entry)
        total = weigh.PRIOR + found[0] + amount[0]
        if total > 0:
            kind = "exact" if entry.amount_minor == claim.amount_minor else "differs"
            yield Edge((claim.key,), (entry.key,), total, kind, (amount[1], *found[1]))


def _amount(claim: Claim, entry: Entry) -> tuple[float, str]:
    """What an entry's amount weighs, and in words."""
    if entry.amount_minor == claim.amount_minor:
        return weigh.SAME_AMOUNT, "the same amount"
    booked = worded(entry.amount_minor, entry.currency)
    if entry.amount_minor == claim.gross_minor:
        return weigh.GROSS_OF_FEE, f"booked as {booked}, as if the bank had kept no fee"
    slip = is_mistyped(entry.amount_minor, claim.amount_minor)
    if slip is not None:
        return weigh.MISTYPED, f"booked as {booked}: {slip}"
    away = abs(entry.amount_minor - claim.amount_minor) / max(abs(claim.amount_minor), 1)
    return weigh.OTHER_AMOUNT - 4 * min(away, 2.0), f"booked as {booked}"


def _in_pieces(claim: Claim, near: Sequence[Entry]) -> Iterator[Edge]:
    """Several entries that make up one deposit: each payout booked for itself."""
    parts = [
        (entry, found)
        for entry in near
        if abs((entry.issued_on - claim.on).days) <= weigh.BOOKED_BEFORE_DAYS
        if read(entry.text).from_processor
        if (found := told(claim, entry)) is not None
    ]
    for places in subsets_of([entry.amount_minor for entry, _ in parts], claim.amount_minor):
        chosen = [parts[place] for place in places]
        words = sum(found[0] for _, found in chosen) / len(chosen)
        total = weigh.PRIOR + weigh.SUM_OF_SEVERAL + words
        if total > 0:
            keys = tuple(sorted(entry.key for entry, _ in chosen))
            said = (f"{len(chosen)} entries make up its amount",)
            yield Edge((claim.key,), keys, total, "group", said)


def _together(entry: Entry, near: Sequence[Claim]) -> Iterator[Edge]:
    """One entry for several deposits: a week booked at once."""
    reading = read(entry.text)
    if not reading.from_processor and not reading.payout_ids:
        return
    row = [claim for claim in near if claim.ledger in (None, entry.account)][::-1]
    for places in subsets_of([claim.amount_minor for claim in row], entry.amount_minor):
        chosen = [row[place] for place in places]
        if reading.payout_ids and not any(reading.payout_ids & c.payout_ids for c in chosen):
            continue
        keys = tuple(sorted(claim.key for claim in chosen))
        total = weigh.PRIOR + weigh.SUM_OF_SEVERAL
        said = (f"booked together with {len(chosen) - 1} more",)
        yield Edge(keys, (entry.key,), total, "group", said)


def doubles(
    claims: Mapping[str, Claim], taken: Sequence[Edge], left_over: Sequence[Entry]
) -> dict[str, str]:
    """Return which left-over entries repeat an entry that is there, and the claim they repeat.

    A repetition has the claim's amount or names its payout, stands on the same account, and within
    a few days of it.
    """
    booked: dict[tuple[str, int], list[Claim]] = {}
    for edge in taken:
        for key in edge.left:
            claim = claims[key]
            booked.setdefault((claim.currency, claim.amount_minor), []).append(claim)
            for payout in claim.payout_ids:
                booked.setdefault((payout, 0), []).append(claim)
    found: dict[str, str] = {}
    for entry in left_over:
        reading = read(entry.text)
        rivals = list(booked.get((entry.currency, entry.amount_minor), ()))
        rivals += [claim for name in reading.payout_ids for claim in booked.get((name, 0), ())]
        best: tuple[float, str] | None = None
        for claim in rivals:
            weight = told(claim, entry)
            days = (entry.issued_on - claim.on).days
            near = -weigh.BOOKED_BEFORE_DAYS <= days <= weigh.BOOKED_AFTER_DAYS
            if weight is None or not near or weight[0] + weigh.SAME_AMOUNT + weigh.PRIOR <= 0:
                continue
            if best is None or (-weight[0], claim.key) < best:
                best = (-weight[0], claim.key)
        if best is not None:
            found[entry.key] = best[1]
    return found
