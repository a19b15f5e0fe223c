"""Which accounts that providers show are one and the same? So that each line counts once.

A bank account may be reached through two providers, or twice through one. By IBAN where both tell
it; else by the last digits, the currency, and the bank's name or the lines themselves. One source
is the primary one; another's lines are taken only for days that the primary one does not reach, or
may not have told to their end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

# Lines seen through both in the days that both reach: as many, and this share of the fewer.
_LEAST_LINES = 5
_SHARED = 0.8
_STRANGE = 0.3
# Without digits to compare, the lines alone must speak.
_LEAST_LINES_ALONE, _SHARED_ALONE = 20, 0.95
# Two providers may date a line so many days apart.
_APART = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account as one connection shows it; `key` is unique in a workspace."""

    key: str
    connection: str
    currency: str | None = None
    type: str | None = None
    institution: str | None = None
    mask: str | None = None
    iban: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A posted line of an account."""

    key: str
    account: str
    booked_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One account of the real world: its primary source, and every source in order."""

    key: str
    sources: tuple[str, ...]
    currency: str | None
    type: str | None
    institution: str | None
    mask: str | None
    iban: str | None
    name: str | None
    since: date | None
    until: date | None


def same_accounts(
    accounts: Sequence[Account], lines: Mapping[str, Sequence[Line]]
) -> list[BankAccount]:
    """Return the accounts that there really are, by key.

    Args:
        accounts: What the connections show.
        lines: The posted lines of each, by account key.
    """
    groups: dict[str, list[Account]] = {a.key: [a] for a in sorted(accounts, key=lambda a: a.key)}
    for one, other in combinations(sorted(accounts, key=lambda a: a.key), 2):
        if groups[one.key] is not groups[other.key] and _same(one, other, lines):
            merged = groups[one.key] + groups[other.key]
            for account in merged:
                groups[account.key] = merged
    unique = {id(group): group for group in groups.values()}
    return sorted((_merged(group, lines) for group in unique.values()), key=lambda a: a.key)


def lines_once(account: BankAccount, lines: Mapping[str, Sequence[Line]]) -> list[Line]:
    """Return each line once: the primary source's, and others' where it is silent.

    It may be silent within its last days too: a link that ended at noon has not told the afternoon,
    and banks book lines under days that are past.
    """
    found = list(lines.get(account.key, ()))
    for source in account.sources[1:]:
        days = [line.booked_on for line in found]
        since, told_until = min(days, default=date.max), max(days, default=date.max)
        theirs = lines.get(source, ())
        seen = _twins(theirs, found)
        found += [
            line
            for line in theirs
            if line.key not in seen and not since <= line.booked_on <= told_until - _APART
        ]
    return sorted(found, key=_in_order)


def twins_of(
    account: BankAccount, lines: Mapping[str, Sequence[Line]], counted: Sequence[Line]
) -> dict[str, str]:
    """Return, by the key of a line that is not `counted`, the key of the one that is in its place.

    Args:
        account: The account that the lines are of.
        lines: The posted lines of each source.
        counted: What `lines_once` made of them.
    """
    own = {line.key for line in counted}
    found: dict[str, str] = {}
    for source in account.sources:
        unseen = [line for line in lines.get(source, ()) if line.key not in own]
        found |= _twins(unseen, [line for line in counted if line.account != source])
    return found


def _twins(theirs: Sequence[Line], ours: Sequence[Line]) -> dict[str, str]:
    """Which of our lines each of theirs is: as much money, on the nearest day within three."""
    free: dict[tuple[int, date], list[str]] = {}
    for line in sorted(ours, key=_in_order, reverse=True):
        free.setdefault((line.amount_minor, line.booked_on), []).append(line.key)
    found: dict[str, str] = {}
    for days in range(_APART.days + 1):
        for line in sorted(theirs, key=_in_order):
            for day in (line.booked_on - timedelta(days), line.booked_on + timedelta(days)):
                if line.key not in found and (same := free.get((line.amount_minor, day))):
                    found[line.key] = same.pop()
    return found


def _in_order(line: Line) -> tuple[date, str]:
    return line.booked_on, line.key


def _same(one: Account, other: Account, lines: Mapping[str, Sequence[Line]]) -> bool:
    for name in ("currency", "type"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours is not None and theirs is not None and ours != theirs:
            return False
    if one.iban and other.iban:
        return one.iban == other.iban
    if one.connection == other.connection:
        return False
    number, share = _shared(lines.get(one.key, ()), lines.get(other.key, ()))
    if number >= _LEAST_LINES and share < _STRANGE:
        return False
    same_bank = _bank(one.institution) == _bank(other.institution) != ""
    if one.mask and other.mask:
        agree = number >= _LEAST_LINES and share >= _SHARED
        return one.mask == other.mask and (same_bank or agree)
    return same_bank and number >= _LEAST_LINES_ALONE and share >= _SHARED_ALONE


def _shared(ours: Sequence[Line], theirs: Sequence[Line]) -> tuple[int, float]:
    """How many lines the quieter side has in the days that both reach, and the share in common."""
    if not ours or not theirs:
        return 0, 0.0
    since = max(min(line.booked_on for line in side) for side in (ours, theirs))
    until = min(max(line.booked_on for line in side) for side in (ours, theirs))
    counts = [
        Counter(line.amount_minor for line in side if since <= line.booked_on <= until)
        for side in (ours, theirs)
    ]
    least = min(count.total() for count in counts)
    return least, (counts[0] & counts[1]).total() / max(least, 1)


def _bank(name: str | None) -> str:
    """A bank's name without what providers write differently."""
    words = re.findall(r"[a-z0-9äöüß]+", (name or "").lower())
    return " ".join(word for word in words if word not in ("the", "ag", "bank", "na", "nv", "plc"))


def _merged(group: Sequence[Account], lines: Mapping[str, Sequence[Line]]) -> BankAccount:
    """One account of a group; primary is the source that reaches back furthest."""

    def rank(account: Account) -> tuple[date, int, str]:
        own = lines.get(account.key, ())
        return min((line.booked_on for line in own), default=date.max), -len(own), account.key

    ordered = sorted(group, key=rank)
    days = [line.booked_on for account in group for line in lines.get(account.key, ())]

    def said(name: str) -> str | None:
        return next((getattr(a, name) for a in ordered if getattr(a, name)), None)

    return BankAccount(
        key=ordered[0].key, sources=tuple(account.key for account in ordered),
        currency=said("currency"), type=said("type"), institution=said("institution"),
        mask=said("mask"), iban=said("iban"), name=said("name"),
        since=min(days, default=None), until=max(days, default=None),
    )  # fmt: skip
