"""What is true of the company?

Its own books, kept from the facts while they happen, never from rendered objects.

`BookKeeper` writes one SQLite file while lives are streamed; `Books` reads it and answers plain
JSON values:
counts, MRR per day, movements, failed payments, balances, months, payouts with their members.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.company.calendar import DAY, day_of
from sandbox.company.facts import NEVER, Customer, Entry, Invoice
from sandbox.company.revenue import movements
from sandbox.company.treasury import Payout

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
create table entries (id text primary key, currency text, type text, amount integer, fee integer,
net integer, created integer, slot integer);
create table payouts (id text primary key, currency text, amount integer, created integer,
arrival integer, after_slot integer, slot integer);
"""


class BookKeeper:
    """Writes the books of one company into a new file."""

    def __init__(self, path: Path, start: int, until: int) -> None:
        """Begin the books of a company that lives from `start` to `until`."""
        self.until = until
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript(
            "pragma journal_mode = off; pragma synchronous = off;" + _TABLES
        )
        self.connection.execute("begin")
        self.connection.executemany(
            "insert into meta values (?, ?)", [("start", str(start)), ("until", str(until))]
        )
        self.counts: Counter[str] = Counter()
        self.mrr: Counter[tuple[int, str]] = Counter()

    def enter(self, customer: Customer) -> None:
        """Enter one customer's life."""
        self._count(customer)
        moved = []
        for day, kind, amount in movements(customer, self.until):
            self.mrr[day, customer.currency] += amount
            moved.append((customer.id, day, customer.currency, kind, amount))
        self.connection.executemany("insert into movements values (?, ?, ?, ?, ?)", moved)
        failed = [
            row
            for invoice in customer.invoices
            if (row := _failed(invoice, self.until)) is not None
        ]
        self.connection.executemany(
            "insert into failed_payments values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", failed
        )

    def enter_entry(self, entry: Entry, slot: int) -> None:
        """Enter one movement of the balance."""
        self.counts["balance_transaction"] += 1
        row = (
            entry.id,
            entry.currency,
            entry.type,
            entry.amount,
            entry.fee,
            entry.net,
            entry.created,
            slot,
        )
        self.connection.execute("insert into entries values (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def enter_payout(self, payout: Payout) -> None:
        """Enter one payout and its movement."""
        self.counts["payout"] += 1
        row = (
            payout.id,
            payout.currency,
            payout.amount,
            payout.created,
            payout.arrival,
            payout.after_slot,
            payout.slot,
        )
        self.connection.execute("insert into payouts values (?, ?, ?, ?, ?, ?, ?)", row)
        self.enter_entry(payout.entry, payout.slot)

    def close(self) -> None:
        """Write what was summed up, and commit."""
        rows = [
            (day, currency, change)
            for (day, currency), change in sorted(self.mrr.items())
            if change
        ]
        self.connection.executemany("insert into mrr_changes values (?, ?, ?)", rows)
        self.connection.executemany("insert into counts values (?, ?)", sorted(self.counts.items()))
        self.connection.execute("commit")
        self.connection.execute("create index entries_slot on entries (currency, slot)")
        self.connection.close()

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
        counts["invoiceitem"] += len(customer.pending)
        for invoice in customer.invoices:
            counts["invoiceitem"] += sum(1 for line in invoice.lines if line.pending_id is not None)
            counts["payment_intent"] += invoice.total > 0 and invoice.finalized_at < self.until
            counts["charge"] += len(invoice.attempts)
            counts["credit_note"] += len(invoice.credit_notes)
            for attempt in invoice.attempts:
                counts["refund"] += len(attempt.refunds)
                counts["dispute"] += attempt.dispute is not None


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


class Books:
    """Reads one company's books. Days are ISO dates, amounts minor units, times epoch seconds."""

    def __init__(self, path: Path) -> None:
        """Open the books at `path`."""
        self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        meta = dict(self.connection.execute("select name, value from meta").fetchall())
        self.start, self.until = int(meta["start"]), int(meta["until"])

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def counts(self) -> dict[str, int]:
        """How many objects of each kind there are at the end, deleted ones apart."""
        return dict(
            self.connection.execute("select kind, number from counts order by kind").fetchall()
        )

    def mrr(self) -> dict[str, dict[str, int]]:
        """MRR at the end of every day of the company's life, by currency and day."""
        found: dict[str, dict[str, int]] = {}
        days = range(self.start // DAY, self.until // DAY)
        sql = "select currency, day, change from mrr_changes order by currency, day"
        changes: dict[str, dict[int, int]] = {}
        for currency, day, change in self.connection.execute(sql):
            changes.setdefault(currency, {})[day] = change
        for currency, by_day in changes.items():
            value = 0
            found[currency] = {}
            for day in days:
                value += by_day.get(day, 0)
                found[currency][day_of(day * DAY).isoformat()] = value
        return found

    def movements(self) -> list[dict[str, Any]]:
        """Every change of a customer's MRR: new, expansion, contraction, churn, reactivation."""
        sql = "select customer, day, currency, kind, amount from movements order by day, customer"
        return [
            {
                "customer": customer,
                "on": day_of(day * DAY).isoformat(),
                "currency": currency,
                "kind": kind,
                "amount": amount,
            }
            for customer, day, currency, kind, amount in self.connection.execute(sql)
        ]

    def failed_payments(self) -> list[dict[str, Any]]:
        """Every invoice that a try to collect failed on, and what became of it."""
        return self._rows("select * from failed_payments order by first_failed_at, invoice")

    def balances(self) -> dict[str, dict[str, int]]:
        """The balance at the provider at the end of every day, by settlement currency and day."""
        found: dict[str, dict[str, int]] = {}
        sql = (
            f"select currency, created / {DAY} as day, sum(net) from entries group by 1, 2 "
            f"order by 1, 2"
        )
        changes: dict[str, dict[int, int]] = {}
        for currency, day, net in self.connection.execute(sql):
            changes.setdefault(currency, {})[day] = net
        for currency, by_day in changes.items():
            value = 0
            found[currency] = {}
            for day in range(self.start // DAY, self.until // DAY):
                value += by_day.get(day, 0)
                found[currency][day_of(day * DAY).isoformat()] = value
        return found

    def months(self) -> list[dict[str, Any]]:
        """Gross volume, refunds, fees, disputes, payouts per month and settlement currency."""
        return self._rows("""
            select strftime('%Y-%m', created, 'unixepoch') as month, currency,
                sum(iif(type in ('charge', 'payment'), amount, 0)) as gross,
                sum(iif(type = 'payment_failure_refund', amount, 0)) as returned,
                sum(iif(type in ('refund', 'payment_refund'), amount, 0)) as refunds,
                sum(iif(type = 'adjustment', amount, 0)) as disputes,
                sum(fee) - sum(iif(type = 'stripe_fee', amount, 0)) as fees,
                sum(iif(type = 'payout', amount, 0)) as payouts,
                sum(iif(type in ('topup', 'transfer', 'application_fee'), amount, 0)) as other,
                sum(net) as net
            from entries group by 1, 2 order by 1, 2
        """)

    def payouts(self, members: bool = True) -> list[dict[str, Any]]:
        """Every payout, with the ids of the movements that add up to it."""
        found = self._rows(
            "select id, currency, amount, created, arrival, after_slot, slot from payouts "
            "order by created, id"
        )
        sql = (
            "select id from entries where currency = ? and slot > ? and slot <= ? and type "
            "<> 'payout' order by id"
        )
        for payout in found:
            bounds = (payout["currency"], payout.pop("after_slot"), payout.pop("slot"))
            if members:
                payout["members"] = [row[0] for row in self.connection.execute(sql, bounds)]
        return found

    def day(self, on: str) -> dict[str, int]:
        """MRR by currency at the end of one day."""
        return {currency: by_day[on] for currency, by_day in self.mrr().items()}

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]
