"""What does not add up, and what was compared at all? One case for things that stand together.

A payout, its deposit and the entry of both are one case, not three: its amount is counted once, and
where only the amount differs, the difference is what is at stake.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from oppulence.report.months import Month

Row = Mapping[str, Any]
Thing = tuple[str, str, str]  # what, connection, id
# What a case is called for: the first of these that it has; and the column that names such things.
KINDS = ("payout", "deposit", "entry")
_NAMED_BY = {"payout": "payouts", "deposit": "deposits", "entry": "entries"}


@dataclass(frozen=True, slots=True)
class Case:
    """Things of the reconciliation that belong together and that somebody should look at.

    Attributes:
        what: A payout, a deposit or an entry: what it is called for.
        others: What else there is in it: (what, id).
        began_on: The first day of any of them.
        amount_minor: The whole, of those it is called for.
        at_stake_minor: The difference where only that is open, else the whole; never negative.
    """

    what: str
    id: str
    others: Sequence[tuple[str, str]]
    began_on: date
    is_new: bool
    currency: str
    amount_minor: int
    at_stake_minor: int
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands behind the cases, up to the month's end: how much was compared, and was not.

    Attributes:
        uncovered: Payouts for which no bank is known.
        waiting: Payouts that the reconciliation has not seen yet.
    """

    payouts: int = 0
    deposits: int = 0
    entries: int = 0
    uncovered: int = 0
    waiting: int = 0

    @property
    def things(self) -> int:
        """How many were compared."""
        return self.payouts + self.deposits + self.entries


def compared_of(rows: Iterable[Row], waiting: int) -> Compared:
    """Return what was compared."""
    by_kind = {row["what"]: row for row in rows}
    number = {kind: int(by_kind[kind]["compared"]) if kind in by_kind else 0 for kind in KINDS}
    uncovered = int(by_kind["payout"]["uncovered"]) if "payout" in by_kind else 0
    return Compared(
        number["payout"], number["deposit"], number["entry"], uncovered=uncovered, waiting=waiting
    )


def cases_of(rows: Sequence[Row], month: Month, until: date) -> list[Case]:
    """Return the cases that began before a day, the newest first."""
    found = (_case(members, month) for members in _together(rows))
    return sorted(
        (case for case in found if case.began_on < until),
        key=lambda case: (-case.began_on.toordinal(), KINDS.index(case.what), case.id),
    )


def _together(rows: Sequence[Row]) -> list[list[Row]]:
    """Group rows that name the same thing, themselves or by way of others."""
    leader: dict[Thing, Thing] = {}

    def find(thing: Thing) -> Thing:
        while (above := leader.setdefault(thing, thing)) != thing:
            leader[thing] = leader[above]
            thing = leader[thing]
        return thing

    for row in rows:
        first = find(_thing(row))
        for kind in KINDS:
            for thing in _named(row, kind):
                leader[find(thing)] = first
    groups: dict[Thing, list[Row]] = {}
    for row in rows:
        groups.setdefault(find(_thing(row)), []).append(row)
    return list(groups.values())


def _case(members: Sequence[Row], month: Month) -> Case:
    members = sorted(members, key=lambda m: (KINDS.index(m["what"]), m["happened_on"], m["id"]))
    lead, began_on = members[0], min(member["happened_on"] for member in members)
    whole = sum(
        int(member["amount_minor"])
        for member in members
        if (member["what"], member["currency"]) == (lead["what"], lead["currency"])
    )
    differing = _difference(members) if lead["verdict"] == "amount_differs" else None
    currency, at_stake = differing or (str(lead["currency"]), abs(whole))
    return Case(
        what=lead["what"], id=lead["id"],
        others=[(member["what"], member["id"]) for member in members[1:]],
        began_on=began_on, is_new=began_on >= month.starts_on, currency=currency,
        amount_minor=whole, at_stake_minor=at_stake, verdict=lead["verdict"],
        reason=lead["reason"],
    )  # fmt: skip


def _difference(members: Sequence[Row]) -> tuple[str, int] | None:
    """Return what differs and its currency: by entry, else by payouts and deposits once each."""
    told = {
        (_thing(row),)
        if row["what"] == "entry"
        else (*_named(row, "payout"), *_named(row, "deposit")): row
        for row in members
        if row["difference_minor"]
    }
    rows = [row for row in told.values() if row["what"] == "entry"] or list(told.values())
    if len({row["currency"] for row in rows}) != 1:
        return None
    return str(rows[0]["currency"]), sum(abs(int(row["difference_minor"])) for row in rows)


def _thing(row: Row) -> Thing:
    return str(row["what"]), str(row["connection_id"]), str(row["id"])


def _named(row: Row, kind: str) -> list[Thing]:
    return [(kind, one["connection_id"], one["id"]) for one in row[_NAMED_BY[kind]]]


def verdicts(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Return what there is of each verdict, kind and currency, the most frequent first."""
    found: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        found.setdefault((case.verdict, case.what, case.currency), []).append(case)
    counted: list[dict[str, Any]] = [
        {"verdict": verdict, "what": what, "currency": currency, "number": len(group),
         "new": sum(case.is_new for case in group),
         "at_stake_minor": sum(case.at_stake_minor for case in group)}
        for (verdict, what, currency), group in found.items()
    ]  # fmt: skip
    return sorted(
        counted, key=lambda one: (-one["number"], one["verdict"], one["what"], one["currency"])
    )
