"""What is said of each payout, deposit and entry? One verdict, and the reason in a sentence.

A payout has a verdict at the bank and one in the books; the one word for both is the graver. What
may still come is `in_transit`, never missing; what lies before the first day known of the bank or
the books is `not_covered`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from reconciliation import evidence as weigh
from reconciliation.bank_days import bank_days_late
from reconciliation.entry_candidates import Claim
from reconciliation.records import Coverage, Deposit, Edge, Entry, Outcome, Payout, Verdict
from reconciliation.texts import read

_OF_KIND: Mapping[str, Verdict] = {
    "exact": "matched",
    "confirmed": "matched",
    "late": "matched_late",
    "fee": "matched_with_fee",
    "group": "matched_group",
    "converted": "matched_converted",
}
# The graver of two verdicts is the one that stands first.
GRAVITY: tuple[Verdict, ...] = (
    "failed", "not_covered", "missing_in_bank", "amount_differs", "duplicate", "missing_in_books",
    "unexplained", "in_transit", "matched_late", "matched_with_fee", "matched_converted",
    "matched_group", "matched",
)  # fmt: skip
NOT_EXPLAINED = "names the payment provider, and no payout explains it"
_RANK = {verdict: rank for rank, verdict in enumerate(GRAVITY)}


@dataclass(frozen=True)
class Found:
    """What both stages found."""

    banked: Sequence[Edge]
    claims: Mapping[str, Claim]
    booked: Sequence[Edge]
    doubled: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def bank_of(self) -> dict[str, Edge]:
        """The match at the bank, of payouts and of deposits."""
        return {key: edge for edge in self.banked for key in (*edge.left, *edge.right)}

    @cached_property
    def books_of(self) -> dict[str, Edge]:
        """The match in the books, of claims and of entries."""
        return {key: edge for edge in self.booked for key in (*edge.left, *edge.right)}

    @cached_property
    def doubles_of(self) -> dict[str, tuple[str, ...]]:
        """The entries that repeat the one of a claim."""
        found: dict[str, tuple[str, ...]] = {}
        for entry, claim in sorted(self.doubled.items()):
            found[claim] = (*found.get(claim, ()), entry)
        return found


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict and why."""

    verdict: Verdict
    why: str


def both(bank: Verdict, books: Verdict) -> Verdict:
    """Return the one word for a verdict at the bank and one in the books.

    Books that are not connected, or not yet written, take nothing from what the bank shows.
    """
    if books in ("not_covered", "in_transit") or bank == "not_covered":
        return bank
    return min(bank, books, key=_RANK.__getitem__)


def outcomes(
    payouts: Sequence[Payout],
    deposits: Sequence[Deposit],
    entries: Sequence[Entry],
    found: Found,
    coverage: Coverage,
) -> list[Outcome]:
    """Return every outcome: payouts, deposits, entries, each by key."""
    judge = _Judge({p.key: p for p in payouts}, {d.key: d for d in deposits}, found, coverage)
    return [
        *(judge.payout(payout) for payout in payouts),
        *judge.deposits(),
        *judge.entries(entries),
    ]


@dataclass(frozen=True)
class _Judge:
    payout_by: Mapping[str, Payout]
    deposit_by: Mapping[str, Deposit]
    found: Found
    coverage: Coverage

    @cached_property
    def traces_come(self) -> dict[str, Payout]:
        """The payouts that have come, by their traces."""
        return {
            payout.trace_id.upper(): payout
            for payout in self.payout_by.values()
            if payout.trace_id and payout.key in self.found.bank_of
        }

    def payout(self, payout: Payout) -> Outcome:
        edge = self.found.bank_of.get(payout.key)
        bank = self._at_bank(payout, edge)
        claims = edge.right if edge is not None else (payout.key,)
        books = self._in_books(claims, None if edge is not None else bank.verdict)
        if payout.failed:
            bank = books = Said("failed", f"the provider says that it is {payout.status}")
        entries = self._entries_of(claims)
        return Outcome(
            kind="payout", key=payout.key, verdict=both(bank.verdict, books.verdict),
            bank_verdict=bank.verdict, books_verdict=books.verdict, reason=_sentence(bank, books),
            confidence=weigh.confidence(edge.weight) if edge is not None else 0,
            payouts=edge.left if edge is not None else (payout.key,),
            deposits=edge.right if edge is not None else (), entries=entries,
            difference_minor=self._kept(edge),
        )  # fmt: skip

    def deposits(self) -> Iterator[Outcome]:
        for key, deposit in self.deposit_by.items():
            edge = self.found.bank_of.get(key)
            if edge is None and key not in self.found.claims:
                continue
            books = self._in_books((key,), None)
            if edge is None:
                bank = self._unexplained(deposit)
            else:
                bank = Said(_OF_KIND[edge.kind], "; ".join(edge.evidence))
            yield Outcome(
                kind="deposit", key=key, verdict=both(bank.verdict, books.verdict),
                bank_verdict=bank.verdict, books_verdict=books.verdict,
                reason=_sentence(bank, books),
                confidence=weigh.confidence(edge.weight) if edge is not None else 0,
                payouts=edge.left if edge is not None else (),
                deposits=edge.right if edge is not None else (key,),
                entries=self._entries_of((key,)), difference_minor=self._kept(edge),
            )  # fmt: skip

    def entries(self, entries: Sequence[Entry]) -> Iterator[Outcome]:
        for entry in entries:
            edge = self.found.books_of.get(entry.key)
            double = self.found.doubled.get(entry.key)
            claims = edge.left if edge is not None else (double,) if double is not None else ()
            if not claims and not read(entry.text).from_processor:
                continue
            bank = self._bank_of_entry(claims)
            if edge is not None:
                kind: Verdict = "amount_differs" if edge.kind == "differs" else "matched"
                books = Said(kind, "; ".join(edge.evidence))
            elif double is not None:
                books = Said("duplicate", "the books hold it once already")
            else:
                books = bank
            off = edge is not None and edge.kind == "differs"
            yield Outcome(
                kind="entry", key=entry.key, verdict=both(bank.verdict, books.verdict),
                bank_verdict=bank.verdict, books_verdict=books.verdict,
                reason=_sentence(bank, books),
                confidence=weigh.confidence(edge.weight) if edge is not None else 0,
                payouts=tuple(
                    sorted(
                        {name for key in claims for name in self.found.claims[key].payout_keys}
                    )
                ),
                deposits=tuple(key for key in claims if key in self.deposit_by),
                entries=(entry.key,),
                difference_minor=entry.amount_minor - self.found.claims[claims[0]].amount_minor
                if off
                else 0,
            )  # fmt: skip

    def _at_bank(self, payout: Payout, edge: Edge | None) -> Said:
        if edge is not None:
            return Said(_OF_KIND[edge.kind], "; ".join(edge.evidence))
        span = self.coverage.bank_for(payout.currency)
        due = payout.arrives_on.isoformat()
        if span is None:
            return Said("not_covered", "no bank account is connected")
        if payout.arrives_on < span.since:
            return Said("not_covered", f"due {due}, before the bank's lines begin")
        waited = bank_days_late(payout.arrives_on, span.until, payout.currency)
        if waited <= weigh.GRACE_BANK_DAYS:
            return Said("in_transit", f"due {due}, and the bank's lines reach {span.until}")
        return Said(
            "missing_in_bank",
            f"due {due}, and no deposit by {span.until}, {waited} bank days after"
            + (f"; its trace is {payout.trace_id}" if payout.trace_id else ""),
        )

    def _in_books(self, claims: Sequence[str], bank: Verdict | None) -> Said:
        """What the books say of claims; `bank` where there is no deposit to book."""
        span = self.coverage.books
        if span is None:
            return Said("not_covered", "no books are connected")
        doubles = [entry for key in claims for entry in self.found.doubles_of.get(key, ())]
        edges = [edge for key in claims if (edge := self.found.books_of.get(key)) is not None]
        if doubles:
            number = len(doubles) + 1
            return Said("duplicate", f"the books hold it {number} times")
        differing = [edge for edge in edges if edge.kind == "differs"]
        if differing:
            return Said("amount_differs", "; ".join(differing[0].evidence))
        unbooked = [key for key in claims if key not in self.found.books_of]
        if bank is not None:
            told = "the books say that it came" if edges else "the books do not hold it either"
            return Said("matched" if bank == "not_covered" and edges else bank, told)
        if not unbooked:
            return Said("matched", f"booked: {'; '.join(edges[0].evidence)}")
        on = max(self.found.claims[key].on for key in unbooked)
        if on < span.since:
            return Said("not_covered", "before the books begin")
        if on + timedelta(days=weigh.BOOKS_GRACE_DAYS) > span.until:
            return Said("in_transit", "not booked yet")
        return Said("missing_in_books", f"no entry of the books tells of it by {span.until}")

    def _unexplained(self, deposit: Deposit) -> Said:
        for trace in sorted(read(deposit.text).words & self.traces_come.keys()):
            payout = self.traces_come[trace]
            return Said("duplicate", f"carries the trace of {payout.id}, which came already")
        return Said("unexplained", NOT_EXPLAINED)

    def _bank_of_entry(self, claims: Sequence[str]) -> Said:
        if not claims:
            return Said("unexplained", NOT_EXPLAINED)
        found = []
        for key in claims:
            edge = self.found.bank_of.get(key)
            if edge is not None:
                found.append(Said(_OF_KIND[edge.kind], "; ".join(edge.evidence)))
            elif key in self.payout_by:
                found.append(self._at_bank(self.payout_by[key], None))
            else:
                found.append(self._unexplained(self.deposit_by[key]))
        return min(found, key=lambda said: _RANK[said.verdict])

    def _entries_of(self, claims: Sequence[str]) -> tuple[str, ...]:
        booked = {
            entry
            for key in claims
            if (edge := self.found.books_of.get(key)) is not None
            for entry in edge.right
        }
        doubles = {entry for key in claims for entry in self.found.doubles_of.get(key, ())}
        return tuple(sorted(booked | doubles))

    def _kept(self, edge: Edge | None) -> int:
        """What the deposits lack of the payouts, in one currency; 0 where it is converted."""
        if edge is None:
            return 0
        payouts = [self.payout_by[key] for key in edge.left]
        deposits = [self.deposit_by[key] for key in edge.right]
        if len({p.currency for p in payouts} | {d.currency for d in deposits}) > 1:
            return 0
        return sum(p.amount_minor for p in payouts) - sum(d.amount_minor for d in deposits)


def _sentence(bank: Said, books: Said) -> str:
    both = [f"Bank: {bank.why}.", f"Books: {books.why}."]
    return both[0] if bank == books else " ".join(both)
