"""Which past is replayed through a draft? Failed payments, and what was known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.errors import ConflictError
from core.warehouse import TenantQuery
from recovery.declines import load_declines
from recovery.flows.document import Flow
from recovery.known.catalogue import CATALOGUE
from recovery.known.reading import Asking, read_facts
from recovery.known.subjects import Subject
from recovery.simulation.history import PastFailure, failures_of
from serving.auth.scope import TenantScope
from serving.recovery.simulation_schemas import MOST_FAILURES, SimulationRequest

TABLE, INVOICES = "unified.payment_attempts", "unified.invoices"
HISTORY = TenantQuery("""
with chosen as (
    select connection_id, payment_id, min(occurred_at) as failed_at
    from unified.payment_attempts final
    where status = 'failed' and occurred_at >= {since:DateTime64(3)}
        and ({connection:String} = '' or connection_id = {connection:String})
    group by connection_id, payment_id
    order by failed_at desc, payment_id
    limit {most:UInt32}
)
select connection_id, id, payment_id, customer_id, invoice_id, amount_minor, currency, status,
    decline_code, advice_code, payment_method_type, payment_method_id, occurred_at
from unified.payment_attempts final
where (connection_id, payment_id) in (select connection_id, payment_id from chosen)
    and currency is not null and amount_minor > 0
order by payment_id, occurred_at, id
""")
# Since 2025-03-31 a charge no longer names its invoice: the invoice names its payment.
_OF_PAYMENTS = TenantQuery("""
select connection_id, id, ifNull(payment_id, '') as payment_id,
    ifNull(subscription_id, '') as subscription_id, ifNull(billing_reason, '') as reason
from unified.invoices final
where payment_id in {payments:Array(String)} or id in {invoices:Array(String)}
""")
_PAYMENTS_AT_ONCE = 2_000
Invoices = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Past:
    """Failures of the past; which of their facts are as they were then, and which as today."""

    failures: list[PastFailure]
    is_truncated: bool
    known_then: tuple[str, ...]
    known_today: tuple[str, ...]


def past_of(
    scope: TenantScope, draft: Flow, request: SimulationRequest, dbt_project: Path, now: datetime
) -> Past:
    """Return the newest failures, and what the draft's conditions want to know of them.

    Raises:
        ConflictError: Nothing was synced yet.
    """
    if not scope.has_table(TABLE):
        raise ConflictError("There is no history yet.", next_step="Sync a connection first.")
    values = {
        "since": now - timedelta(days=request.days), "most": MOST_FAILURES + 1,
        "connection": request.connection_id or "",
    }  # fmt: skip
    failures = failures_of(scope.rows(HISTORY, values), load_declines(dbt_project))
    newest = sorted(failures, key=lambda one: (one.failed_at, one.id))[-MOST_FAILURES:]
    invoices = _invoices(scope, newest)
    named = [_of_invoice(one, invoices.get((one.connection_id, one.id))) for one in newest]
    names = sorted({one.fact for one in draft.wanted_anywhere})
    then = tuple(name for name in names if name in CATALOGUE and CATALOGUE[name].is_dated)
    return Past(
        failures=_with_known(scope, draft, named, invoices) if names else named,
        is_truncated=len(failures) > MOST_FAILURES,
        known_then=then,
        known_today=tuple(name for name in names if name not in then),
    )


def _of_invoice(failure: PastFailure, invoice: Mapping[str, Any] | None) -> PastFailure:
    """Return a failure with the invoice that it was of, and the cause that follows from it."""
    if invoice is None:
        return failure
    named = replace(failure, invoice_id=invoice["id"])
    if failure.cause == "action_required":
        return named
    reason = str(invoice["reason"])
    if reason == "subscription_create":
        return replace(named, cause="first_payment")
    return replace(named, cause="renewal" if reason.startswith("subscription") else "one_off")


def _with_known(
    scope: TenantScope, draft: Flow, failures: Sequence[PastFailure], invoices: Invoices
) -> list[PastFailure]:
    """Return failures with what was known of them at the moment that each failed."""
    subjects = [_subject(one, invoices.get((one.connection_id, one.id))) for one in failures]
    found = read_facts(Asking(scope.rows, scope.has_table), subjects, draft.wanted_anywhere)
    return [
        replace(one, facts={**one.facts, **known})
        for one, known in zip(failures, found, strict=True)
    ]


def _subject(failure: PastFailure, invoice: Mapping[str, Any] | None) -> Subject:
    return Subject(
        connection_id=failure.connection_id,
        customer_id=failure.customer_id,
        moment=failure.failed_at,
        currency=failure.currency,
        invoice_id=failure.invoice_id,
        subscription_id="" if invoice is None else str(invoice["subscription_id"]),
        payment_id=failure.id,
        charge_id=failure.charge_id,
    )


def _invoices(scope: TenantScope, failures: Sequence[PastFailure]) -> Invoices:
    """Return the invoice of each failure that has one, by connection and payment."""
    if not scope.has_table(INVOICES):
        return {}
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for first in range(0, len(failures), _PAYMENTS_AT_ONCE):
        share = failures[first : first + _PAYMENTS_AT_ONCE]
        asked = {
            "payments": [one.id for one in share],
            "invoices": [one.invoice_id for one in share if one.invoice_id],
        }
        rows = scope.rows(_OF_PAYMENTS, asked)
        by_payment = {(row["connection_id"], row["payment_id"]): row for row in rows}
        by_id = {(row["connection_id"], row["id"]): row for row in rows}
        for one in share:
            row = by_id.get((one.connection_id, one.invoice_id)) or by_payment.get(
                (one.connection_id, one.id)
            )
            if row is not None:
                found[one.connection_id, one.id] = row
    return found
