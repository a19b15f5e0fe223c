"""What settled of those who were drawn, within the time that everyone has? Of any subject.

An invoice or a payment is a debt: what settled is what came in for it. A renewal to come, a card
that expires and a lost dispute are no debt; of them counts what was paid since the customer was
drawn: on the subscription's invoices, or by the customer who disputed, and what of the dispute came
back. It is net of refunds and disputes, in the subject's own currency, and through the provider.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import ConflictError
from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.recovery import experiment_queries as queries

IDS_PER_QUERY = 5_000
# By connection and id. Who is not there is not known, which is not nothing.
Place = tuple[str, str]
Cash = dict[Place, int]


class MartsMissingError(ConflictError):
    """The marts that tell what settled are not built yet."""

    code = "marts_missing"
    title = "What settled is not known yet"


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved because of one charge: paid by it, or given back of it.

    `is_payment` is the payment itself, `is_returned` what a dispute had taken and gave back.
    """

    charge_id: str
    is_payment: bool
    is_returned: bool
    minor: int
    currency: str
    booked_at: datetime
    available_at: datetime


def cash_in_time(
    movements: Iterable[Movement], currency: str, drawn_at: datetime, until: datetime
) -> int:
    """Return what was paid since `drawn_at` and settled by `until`, net of what went back of it.

    What is given back of an older payment has nothing to do with the experiment; what a dispute
    gives back of one has.
    """
    settled = [
        one for one in movements
        if one.currency == currency and one.available_at <= until and one.booked_at >= drawn_at
    ]  # fmt: skip
    paid = {one.charge_id for one in settled if one.is_payment}
    return sum(one.minor for one in settled if one.charge_id in paid or one.is_returned)


def settled_cash(
    scope: TenantScope, drawn: Sequence[Mapping[str, Any]], maturity: timedelta
) -> Cash:
    """Return what settled of each drawn subject in time, by connection and subject.

    Raises:
        MartsMissingError: The marts are not built.
    """
    if drawn and not scope.has_table(queries.MART):
        raise MartsMissingError(
            "Settled cash is told by the marts, which are not built yet.",
            next_step="Run the job `marts` in Dagster, or `oppulence migrate`.",
        )
    debts = [row for row in drawn if row["subject_kind"] in ("invoice", "payment_intent")]
    ahead = [row for row in drawn if row["subject_kind"] in ("subscription", "payment_method")]
    disputes = [row for row in drawn if row["subject_kind"] == "dispute"]
    return {
        **_of_debts(scope, debts, maturity),
        **_of_subscriptions(scope, ahead, maturity),
        **_of_disputes(scope, disputes, maturity),
    }


def _of_debts(scope: TenantScope, drawn: Sequence[Mapping[str, Any]], maturity: timedelta) -> Cash:
    found = {_at(row): row for row in _read(scope, queries.SETTLED, _ids(drawn, "subject_id"))}
    sent = [row for row in drawn if row["subject_kind"] == "invoice" and _place(row) not in found]
    if sent and scope.has_table(queries.INVOICES):
        found |= {_at(row): row for row in _read(scope, queries.SENT, _ids(sent, "subject_id"))}
    known = [row for row in drawn if _place(row) in found]
    came_in = {
        _place(row): _debt(found[_place(row)], row["assigned_at"] + maturity) for row in known
    }
    paid = [row for row in known if came_in[_place(row)]]
    if not _can_read(scope, queries.WENT_BACK):
        # How much of a payment stayed cannot be known.
        return {place: minor for place, minor in came_in.items() if not minor}
    back = _movements(scope, queries.WENT_BACK, paid, "subject_id")
    for row in paid:
        until, currency = row["assigned_at"] + maturity, row["currency"]
        went = [
            one.minor for one in back.get(_place(row), ())
            if one.available_at <= until and one.currency == currency
        ]  # fmt: skip
        came_in[_place(row)] = max(0, came_in[_place(row)] + sum(went))
    return came_in


def _debt(told: Mapping[str, Any], until: datetime) -> int:
    """The same time for everyone: what settles later counts for nobody."""
    when = told["settled_at"]
    return int(told["collected_minor"]) if when is not None and when <= until else 0


def _of_subscriptions(
    scope: TenantScope, drawn: Sequence[Mapping[str, Any]], maturity: timedelta
) -> Cash:
    known = _known(scope, queries.SUBSCRIPTIONS, drawn, "subscription_id", maturity)
    if not _can_read(scope, queries.PAID_ON_SUBSCRIPTIONS):
        return {}
    paid = _movements(scope, queries.PAID_ON_SUBSCRIPTIONS, known, "subscription_id")
    return {
        _place(row): cash_in_time(
            paid.get((row["connection_id"], row["subscription_id"]), ()),
            row["currency"], row["assigned_at"], row["assigned_at"] + maturity,
        )
        for row in known
    }  # fmt: skip


def _of_disputes(
    scope: TenantScope, drawn: Sequence[Mapping[str, Any]], maturity: timedelta
) -> Cash:
    known = _known(scope, queries.DISPUTES, drawn, "subject_id", maturity)
    if not _can_read(scope, queries.PAID_BY_CUSTOMERS, queries.GIVEN_BACK):
        return {}
    paid = _movements(scope, queries.PAID_BY_CUSTOMERS, known, "customer_id")
    back = _movements(scope, queries.GIVEN_BACK, known, "subject_id")
    return {
        _place(row): cash_in_time(
            [
                *paid.get((row["connection_id"], row["customer_id"]), ()),
                *back.get(_place(row), ()),
            ],
            row["currency"], row["assigned_at"], row["assigned_at"] + maturity,
        )
        for row in known
    }  # fmt: skip


def _known(
    scope: TenantScope,
    query: TenantQuery,
    drawn: Sequence[Mapping[str, Any]],
    column: str,
    maturity: timedelta,
) -> list[Mapping[str, Any]]:
    """Return those of whom nothing is missing: the layer has them, and was read since their time.

    No payment is an answer only where all payments of that time have been read.
    """
    read = [
        row for row in drawn
        if row["last_synced_at"] is not None
        and row["last_synced_at"] >= row["assigned_at"] + maturity
    ]  # fmt: skip
    if not read or not _can_read(scope, query):
        return []
    there = {_at(row) for row in _read(scope, query, _ids(read, column))}
    return [row for row in read if (row["connection_id"], row[column]) in there]


def _movements(
    scope: TenantScope, query: TenantQuery, drawn: Sequence[Mapping[str, Any]], column: str
) -> dict[Place, list[Movement]]:
    found: dict[Place, list[Movement]] = {}
    for row in _read(scope, query, _ids(drawn, column) - {""}):
        found.setdefault(_at(row), []).append(
            Movement(
                row["charge_id"], row["is_payment"], row["is_returned"], row["minor"],
                row["currency"], row["booked_at"], row["available_at"],
            )
        )  # fmt: skip
    return found


def _can_read(scope: TenantScope, *asked: TenantQuery) -> bool:
    """Say whether the marts and the layer have every table: what a missing one held is unknown."""
    return all(scope.has_table(table) for query in asked for table in query.tables)


def _read(scope: TenantScope, query: TenantQuery, wanted: set[str]) -> list[dict[str, Any]]:
    ids = sorted(wanted)
    return [
        row
        for start in range(0, len(ids), IDS_PER_QUERY)
        for row in scope.rows(query, {"ids": ids[start : start + IDS_PER_QUERY]})
    ]


def _ids(drawn: Iterable[Mapping[str, Any]], column: str) -> set[str]:
    return {row[column] for row in drawn}


def _place(row: Mapping[str, Any]) -> Place:
    return row["connection_id"], row["subject_id"]


def _at(row: Mapping[str, Any]) -> Place:
    return row["connection_id"], row["id"]
