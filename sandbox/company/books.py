"""What is true of the company? Its own books, kept from the facts, never from rendered objects.

`Books` reads what `bookkeeping` wrote and answers plain JSON values: counts, MRR per day,
movements,
failed payments, balances, months, payouts with their members.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sandbox.company.calendar import DAY, day_of


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

    def credits(self) -> list[dict[str, Any]]:
        """Every change by hand of what a customer has in their favour; below zero gives."""
        return self._rows("select * from credits order by created, id")

    def usage(self) -> list[dict[str, Any]]:
        """What meters counted on issued invoices, a line each: quantity, net amount, status."""
        known = "select 1 from sqlite_master where name = 'usage'"
        if self.connection.execute(known).fetchone() is None:
            return []  # Books from before meters.
        return self._rows("select * from usage order by started, line")

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

    def payout_facts(self) -> list[dict[str, Any]]:
        """Every payout as a bank hears of it, with the trace that the provider names."""
        return self._rows(
            "select id, currency, amount, created, arrival, "
            "'NWTRACE' || slot || upper(currency) as trace_id from payouts order by created, id"
        )

    def day(self, on: str) -> dict[str, int]:
        """MRR by currency at the end of one day."""
        return {currency: by_day[on] for currency, by_day in self.mrr().items()}

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]
