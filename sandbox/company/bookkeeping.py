"""How are the company's books kept? A journal per stretch of lives, entered into one SQLite file.

A `Journal` is plain and can be written in another process; `BookKeeper` enters journals and
payouts and sums
what runs through the whole company: MRR per day, counts, and the balance that each payout day
finds.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.company.entries import entries_of
from sandbox.company.facts import NEVER, Customer, Entry, Invoice
from sandbox.company.revenue import movements
from sandbox.company.treasury import Payout, slot_of

_TABLES = """
create table meta (name text primary key, value text);
create table counts (kind text primary key, number integer);
create table mrr_changes (day integer, currency text, change integer, primary key (day, currency));
create table movements (customer text, day integer, currency text, kind text, amount integer);
create table failed_payments (
    invoice text primary key, customer text, subscription text, currency text, amount integer,
    first_failed_at integer,
    code text, attempts integer, failures integer, recovered_at integer, outcome text
);
create table credits (id text primary key, customer text, currency text, amount integer,
created integer);
create table usage (line text primary key, invoice text, customer text, subscription text,
meter text,
currency text, started integer, ended integer, quantity integer, amount integer, status text);
create table entries (id text primary key, currency text, type text, amount integer, fee integer,
net integer, created integer, slot integer);
create table payouts (id text primary key, currency text, amount integer, created integer,
arrival integer, after_slot integer, slot integer);
"""


@dataclass(slots=True)
class Journal:
    """What a stretch of lives adds to the books."""

    until: int
    counts: Counter[str] = field(default_factory=Counter)
    mrr: Counter[tuple[int, str]] = field(default_factory=Counter)
    movements: list[tuple[Any, ...]] = field(default_factory=list)
    failed: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    credits: list[tuple[Any, ...]] = field(default_factory=list)
    usage: list[tuple[Any, ...]] = field(default_factory=list)

    def enter(self, customer: Customer) -> None:
        """Enter one customer's life."""
        self._count(customer)
        for day, kind, amount in movements(customer, self.until):
            self.mrr[day, customer.currency] += amount
            self.movements.append((customer.id, day, customer.currency, kind, amount))
        for invoice in customer.invoices:
            row = _failed(invoice, self.until)
            if row is not None:
                self.failed.append(row)
            self.usage += _used(invoice, self.until)
        for entry in entries_of(customer):
            self.enter_entry(entry, slot_of(entry))
        self.credits += [
            (credit.id, customer.id, customer.currency, credit.amount, credit.at)
            for credit in customer.credits
        ]

    def enter_entry(self, entry: Entry, slot: int) -> None:
        """Enter one movement of the balance."""
        self.counts["balance_transaction"] += 1
        amounts = (entry.amount, entry.fee, entry.net)
        self.entries.append((entry.id, entry.currency, entry.type, *amounts, entry.created, slot))

    def _count(self, customer: Customer) -> None:
        counts = self.counts
        counts["deleted_customer" if customer.deleted_at != NEVER else "customer"] += 1
        counts["payment_method"] += len(customer.methods)
        counts["subscription"] += len(customer.subscriptions)
        counts["subscription_item"] += sum(
            len(subscription.items_at(self.until)) for subscription in customer.subscriptions
        )
        counts["checkout.session"] += len(customer.checkouts)
        counts["invoice"] += len(customer.invoices)
        counts["customer_balance_transaction"] += len(customer.credits)
        counts["invoiceitem"] += len(customer.pending)
        for invoice in customer.invoices:
            counts["invoiceitem"] += sum(1 for line in invoice.lines if line.pending_id is not None)
            counts["payment_intent"] += invoice.total > 0 and invoice.finalized_at < self.until
            counts["charge"] += len(invoice.attempts)
            counts["credit_note"] += len(invoice.credit_notes)
            for attempt in invoice.attempts:
                counts["refund"] += len(attempt.refunds)
                counts["dispute"] += attempt.dispute is not None


class BookKeeper:
    """Writes the books of one company into a new file."""

    def __init__(self, path: Path, start: int, until: int) -> None:
        """Begin the books of a company that lives from `start` to `until`."""
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript(
            "pragma journal_mode = off; pragma synchronous = off;" + _TABLES
        )
        self.connection.execute("begin")
        meta = [("start", str(start)), ("until", str(until))]
        self.connection.executemany("insert into meta values (?, ?)", meta)
        self.counts: Counter[str] = Counter()
        self.mrr: Counter[tuple[int, str]] = Counter()
        self.slots: Counter[tuple[str, int]] = Counter()

    def keep(self, journal: Journal) -> None:
        """Enter a journal."""
        self.counts.update(journal.counts)
        for key, change in journal.mrr.items():
            self.mrr[key] += change
        for _, currency, _, _, _, net, _, slot in journal.entries:
            self.slots[currency, slot] += net
        self._insert("movements", 5, journal.movements)
        self._insert("failed_payments", 11, journal.failed)
        self._insert("entries", 8, journal.entries)
        self._insert("credits", 5, journal.credits)
        self._insert("usage", 11, journal.usage)

    def enter_payout(self, payout: Payout) -> None:
        """Enter one payout and its movement, which no slot counts."""
        self.counts.update(("payout", "balance_transaction"))
        entry = payout.entry
        window = (payout.after_slot, payout.slot)
        row = (payout.id, payout.currency, payout.amount, payout.created, payout.arrival, *window)
        self._insert("payouts", 7, [row])
        amounts = (entry.amount, entry.fee, entry.net)
        paid = (entry.id, entry.currency, entry.type, *amounts, entry.created, payout.slot)
        self._insert("entries", 8, [paid])

    def close(self) -> None:
        """Write what was summed up, and commit."""
        changes = [(*key, change) for key, change in sorted(self.mrr.items()) if change]
        self._insert("mrr_changes", 3, changes)
        self._insert("counts", 2, sorted(self.counts.items()))
        self.connection.execute("commit")
        self.connection.execute("create index entries_slot on entries (currency, slot)")
        self.connection.close()

    def _insert(self, table: str, width: int, rows: list[tuple[Any, ...]]) -> None:
        marks = ",".join("?" * width)
        self.connection.executemany(f"insert into {table} values ({marks})", rows)


def _used(invoice: Invoice, until: int) -> list[tuple[Any, ...]]:
    """The metered lines of an invoice, with what became of it; amounts less discount, no tax."""
    if invoice.finalized_at >= until:
        return []
    status = "void" if invoice.voided_at < until else "issued"
    return [
        (
            line.id, invoice.id, invoice.customer.id,
            invoice.subscription.id if invoice.subscription else None, line.price.meter.id,
            invoice.customer.currency, line.start, line.end, line.quantity,
            line.amount - line.discount, status,
        )
        for line in invoice.lines
        if line.price is not None and line.price.meter is not None
    ]  # fmt: skip


def _failed(invoice: Invoice, until: int) -> tuple[Any, ...] | None:
    """The failed payment of an invoice, if a try to collect it failed."""
    declined = [attempt for attempt in invoice.attempts if attempt.decline is not None]
    if not declined:
        return None
    first = declined[0]
    subscription = invoice.subscription
    lost = (
        invoice.voided_at != NEVER
        or invoice.uncollectible_at != NEVER
        or (subscription is not None and subscription.ended_at < until)
    )
    outcome = "recovered" if invoice.paid_at != NEVER else "lost" if lost else "open"
    return (
        invoice.id, invoice.customer.id, subscription.id if subscription else None,
        invoice.customer.currency, invoice.total,
        first.failed_at if first.failed_at is not None else first.at, first.decline,
        len(invoice.attempts), len(declined),
        None if invoice.paid_at == NEVER else invoice.paid_at, outcome,
    )  # fmt: skip
