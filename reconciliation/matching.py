"""What is matched with what? Payouts with deposits first, then what the bank shows with the books.

    payouts  ×  deposits   → the best packing →  claims: money that the books should hold once
    claims   ×  entries    → the best packing →  verdicts for every payout, deposit and entry

Each stage takes the matches of the greatest total weight, never the best one at a time. The same
records in another order give the same outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from reconciliation import deposit_candidates, entry_candidates
from reconciliation.bank_days import next_bank_day
from reconciliation.decisions import bound
from reconciliation.entry_candidates import Claim
from reconciliation.ledger_accounts import ledger_accounts
from reconciliation.packing import best_of
from reconciliation.rates import Rates
from reconciliation.records import Company, Decision, Deposit, Edge, Entry, Outcome, Payout
from reconciliation.texts import read
from reconciliation.verdicts import Found, outcomes

Keyed = TypeVar("Keyed", Payout, Deposit, Entry)


def reconcile(company: Company) -> list[Outcome]:
    """Return what became of every payout, of every deposit and entry that belongs to one or says
    that it is one, ordered by kind and key."""  # noqa: D205, D209
    paid = [payout for payout in _unique(company.payouts) if not payout.failed]
    deposits, entries = _unique(company.deposits), _unique(company.entries)
    # A payout that a person placed may fail later: then no money of it is anywhere.
    known = {payout.key for payout in paid}, {deposit.key for deposit in deposits}
    of_bank = [d for d in company.decisions if d.payout in known[0] and d.other in known[1]]
    possible = deposit_candidates.candidates(paid, deposits, learned(paid, deposits))
    banked = best_of(bound(possible, of_bank))
    claims = claims_of(paid, deposits, banked, ledger_accounts(deposits, entries))
    of_books = _on_claims(company.decisions, claims, {entry.key for entry in entries})
    booked = best_of(bound(entry_candidates.candidates(list(claims.values()), entries), of_books))
    taken = {key for edge in booked for key in edge.right}
    doubled = entry_candidates.doubles(
        claims, booked, [entry for entry in entries if entry.key not in taken]
    )
    found = Found(banked, claims, booked, doubled)
    return outcomes(_unique(company.payouts), deposits, entries, found, company.coverage)


def learned(payouts: Sequence[Payout], deposits: Sequence[Deposit]) -> Rates:
    """Return the rates that deposits state: original amounts, printed ones, payouts' traces."""
    traced = {payout.trace_id.upper(): payout for payout in payouts if payout.trace_id}
    known = []
    for deposit in deposits:
        paid = deposit_candidates.originals(deposit)
        for word in read(deposit.text).words & traced.keys():
            paid.add((traced[word].currency, abs(traced[word].amount_minor)))
        for currency, amount in paid:
            if currency != deposit.currency:
                received = abs(deposit.amount_minor)
                known.append((currency, deposit.currency, deposit.booked_on, amount, received))
    return Rates.of(known)


def claims_of(
    payouts: Sequence[Payout],
    deposits: Sequence[Deposit],
    banked: Sequence[Edge],
    ledgers: Mapping[str, str],
) -> dict[str, Claim]:
    """Return what the books should hold, by deposit, or by payout where no deposit shows it."""
    by_key = {payout.key: payout for payout in payouts}
    carried = {key: edge for edge in banked for key in edge.right}
    arrived = {key for edge in banked for key in edge.left}
    found: dict[str, Claim] = {}
    for deposit in deposits:
        edge = carried.get(deposit.key)
        if edge is None and not read(deposit.text).from_processor:
            continue
        parts = [by_key[key] for key in edge.left] if edge is not None else []
        same = all(part.currency == deposit.currency for part in parts)
        whole = edge is not None and same and len(edge.right) == 1
        found[deposit.key] = Claim(
            key=deposit.key, on=deposit.booked_on, currency=deposit.currency,
            amount_minor=deposit.amount_minor,
            gross_minor=sum(p.amount_minor for p in parts) if whole else deposit.amount_minor,
            payout_keys=tuple(part.key for part in parts),
            payout_ids=frozenset(part.id for part in parts),
            paid_on=frozenset(part.created_on for part in parts),
            ledger=ledgers.get(deposit.account),
        )  # fmt: skip
    for payout in payouts:
        if payout.key not in arrived:
            found[payout.key] = Claim(
                key=payout.key, on=next_bank_day(payout.arrives_on, payout.currency),
                currency=payout.currency, amount_minor=payout.amount_minor,
                gross_minor=payout.amount_minor, payout_keys=(payout.key,),
                payout_ids=frozenset({payout.id}),
                paid_on=frozenset({payout.created_on}),
            )  # fmt: skip
    return found


def _on_claims(
    decisions: Sequence[Decision], claims: dict[str, Claim], entries: set[str]
) -> list[Decision]:
    """Decisions on entries, said of the claims whose payouts they name."""
    holders: dict[str, list[str]] = {}
    for key, claim in claims.items():
        for payout in claim.payout_keys:
            holders.setdefault(payout, []).append(key)
    return [
        Decision(claim, decision.other, decision.confirmed)
        for decision in decisions
        if decision.other in entries
        for claim in holders.get(decision.payout, ())
    ]


def _unique(records: Sequence[Keyed]) -> list[Keyed]:
    """Records by key, each once, in the order of their keys."""
    return [record for _, record in sorted({record.key: record for record in records}.items())]
