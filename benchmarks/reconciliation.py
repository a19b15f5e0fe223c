"""How often is the reconciliation right? Judged against simulated companies with injected faults.

    python -m benchmarks.reconciliation [--seeds 20] [--payouts 5000] [--without-traces]

Each company is shown to the matching as banks and bookkeepers write it (never the line's own trace
field, which few banks pass on); links and verdicts are compared with what the company knows of
itself. Prints one JSON object per seed and one over all.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from reconciliation.matching import reconcile
from reconciliation.records import Company, Coverage, Deposit, Entry, Outcome, Payout, Span
from sandbox.company.accounting import entries as double_entry
from sandbox.company.calendar import DAY, day_of, midnight
from sandbox.company.synthetic import company_of
from sandbox.world import World

UNTIL = date(2026, 11, 1)
# When every deposit and every entry has come.
SETTLED_DAYS = 40
NAMED: Mapping[str | None, str] = {
    None: "matched",
    "missing_deposit": "missing_in_bank",
    "late_deposit": "matched_late",
    "bank_fee": "matched_with_fee",
    "several_payouts": "matched_group",
    "currency_conversion": "matched_converted",
    "wrong_amount": "amount_differs",
    "duplicate_entry": "duplicate",
    "missing_entry": "missing_in_books",
}
PRECISION_GOAL, RECALL_GOAL = 0.995, 0.99


@dataclass(slots=True)
class Judgement:
    """What was right, in links (payout with deposit, payout with entry) and in faults."""

    right: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    faults_named: Counter[str] = field(default_factory=Counter)
    false_alarms: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)
    # By tenths of the confidence of a deposit: how many, and how many of them right.
    by_confidence: dict[int, list[int]] = field(default_factory=dict)

    def add(self, other: "Judgement") -> None:
        """Count another's as well."""
        for name in ("right", "said", "true", "faults", "faults_named"):
            getattr(self, name).update(getattr(other, name))
        self.false_alarms += other.false_alarms
        for place, (number, right) in other.by_confidence.items():
            known = self.by_confidence.setdefault(place, [0, 0])
            known[0] += number
            known[1] += right

    def precision(self, link: str) -> float:
        """The share of what was said that is true."""
        return self.right[link] / max(self.said[link], 1)

    def recall(self, link: str) -> float:
        """The share of what is true that was said."""
        return self.right[link] / max(self.true[link], 1)

    def figures(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "links": {
                link: {
                    "true": self.true[link],
                    "precision": round(self.precision(link), 5),
                    "recall": round(self.recall(link), 5),
                }
                for link in ("deposit", "entry")
            },
            "faults": {
                name: {"injected": number, "named": self.faults_named[name]}
                for name, number in sorted(self.faults.items())
            },
            "false_alarms": self.false_alarms,
            "right_by_confidence": {
                f"{place / 10:.1f}": {"matches": number, "right": round(right / number, 4)}
                for place, (number, right) in sorted(self.by_confidence.items())
            },
        }


def company_at(world: World, at: int, *, traces: bool = True) -> Company:
    """What payouts, banks and books show by a moment, as records; without traces if so asked."""
    payouts = [
        Payout(
            key=fact.id, id=fact.id, currency=fact.currency.upper(), amount_minor=fact.amount,
            created_on=day_of(fact.created), arrives_on=day_of(fact.arrival),
            trace_id=fact.trace_id if traces else None,
        )
        for fact in world.spec.payouts
        if fact.created <= at
    ]  # fmt: skip
    deposits = [
        Deposit(
            key=line.id, account=account.id, booked_on=line.booked_on,
            currency=line.currency.upper(), amount_minor=line.amount, text=line.description,
            original_amount_minor=None if line.original is None else line.original[0],
            original_currency=None if line.original is None else line.original[1].upper(),
        )
        for account in world.bank.accounts
        if account.kind == "depository"
        for line in world.bank.lines_at(account.id, at)
        if line.posted_at <= at
    ]  # fmt: skip
    known = day_of(at - DAY)
    span = Span(day_of(world.spec.start_at), known)
    coverage = Coverage(dict.fromkeys(("EUR", "USD", "JPY", "KWD"), span), span)
    return Company(payouts, deposits, entries_at(world, at), coverage)


def entries_at(world: World, at: int) -> list[Entry]:
    """What each document of the books moves on a bank account."""
    books = world.accounting
    banks = {account.id for account in books.accounts if account.type == "bank"}
    names = {contact.id: contact.name for contact in books.contacts}
    found = []
    for document in books.all_documents:
        if document.state_at(at) != "live":
            continue
        memo = " ".join(line.description for line in document.lines)
        moved: Counter[str] = Counter()
        for account, debit, credit in double_entry(document):
            if account in banks:
                moved[account] += debit - credit
        for account, amount in moved.items():
            found.append(
                Entry(
                    key=f"{document.entity}/{document.kind}/{document.id}/{account}",
                    account=account, issued_on=document.date,
                    currency=document.currency.upper(), amount_minor=amount,
                    text=f"{names.get(document.contact_id or '', '')} {memo}",
                )
            )  # fmt: skip
    return found


def judge(world: World, at: int, outcomes: Sequence[Outcome]) -> Judgement:
    """Compare outcomes with what the company knows of itself."""
    of_payout = {outcome.key: outcome for outcome in outcomes if outcome.kind == "payout"}
    judged = Judgement()
    for truth in world.reconciliation_truth(at):
        outcome = of_payout[truth["payout_id"]]
        entries = {key.split("/")[2] for key in outcome.entries}
        for link, said, true in (
            ("deposit", set(outcome.deposits), set(truth["bank_line_ids"])),
            ("entry", entries, set(truth["accounting_document_ids"])),
        ):
            judged.right[link] += len(said & true)
            judged.said[link] += len(said)
            judged.true[link] += len(true)
        if outcome.deposits:
            place = judged.by_confidence.setdefault(outcome.confidence // 100, [0, 0])
            place[0] += 1
            place[1] += set(outcome.deposits) == set(truth["bank_line_ids"])
        fault, expected = truth["fault"], NAMED[truth["fault"]]
        if fault is None:
            judged.false_alarms += outcome.verdict != expected
        else:
            judged.faults[fault] += 1
            judged.faults_named[fault] += outcome.verdict == expected
        if outcome.verdict != expected:
            judged.wrong.append({**truth, "said": outcome.verdict, "reason": outcome.reason})
    return judged


def judged_company(seed: int, payouts: int, *, traces: bool) -> tuple[Judgement, float]:
    """Judge one company, and say how many seconds the matching took."""
    world = World(company_of(seed, payouts, UNTIL))
    at = midnight(UNTIL + timedelta(days=SETTLED_DAYS))
    company = company_at(world, at, traces=traces)
    started = time.monotonic()
    outcomes = reconcile(company)
    return judge(world, at, outcomes), time.monotonic() - started


def main() -> int:
    """Judge every seed and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--payouts", type=int, default=5_000)
    parser.add_argument("--without-traces", action="store_true", help="as if Stripe gave none")
    parser.add_argument("--wrong", action="store_true", help="print every wrong verdict as well")
    chosen = parser.parse_args()
    total = Judgement()
    for seed in range(1, chosen.seeds + 1):
        judged, seconds = judged_company(seed, chosen.payouts, traces=not chosen.without_traces)
        total.add(judged)
        print(json.dumps({"seed": seed, "seconds": round(seconds, 2), **judged.figures()}))
        if chosen.wrong:
            for wrong in judged.wrong:
                print(json.dumps(wrong), file=sys.stderr)
    met = all(
        total.precision(link) >= PRECISION_GOAL and total.recall(link) >= RECALL_GOAL
        for link in ("deposit", "entry")
    )
    head = {"benchmark": "reconciliation", "seeds": chosen.seeds, "payouts": chosen.payouts}
    head["traces"] = not chosen.without_traces
    print(json.dumps({**head, **total.figures(), "goal_met": met}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
