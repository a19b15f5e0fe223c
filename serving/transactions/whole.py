"""How does a line of `unified.transactions_by_time` become JSON? Without a model per field.

A page has a hundred rows of thirty-five fields; made by Pydantic it would cost ten times what
ClickHouse takes to read it. `Shown` is `serving.transactions.schemas.Transaction`, field by field
(a test holds the two together); `whole` is the feed's array (dbt, `transactions_by_time`).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from core.money import format_minor

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1)


class Line(msgspec.Struct, array_like=True):
    """One row as `serving.transactions.newest` selects it."""

    newest_first: int
    id: str
    connection_id: str
    version: int
    whole: str


class Whole(msgspec.Struct, array_like=True):
    """The feed's array. New fields go to its end, with a default: older rows end before them."""

    provider: str
    account_id: str
    type: str
    status: str
    amount_minor: int
    currency: str
    original_amount_minor: int | None
    original_currency: str | None
    balance_after_minor: int | None
    description: str | None
    customer_id: str | None
    counterparty: str | None
    counterparty_account: str | None
    reference: str | None
    merchant_category_code: str | None
    provider_category: str | None
    invoice_id: str | None
    payment_id: str | None
    parent_id: str | None
    pending_id: str | None
    failure_code: str | None
    decline_code: str | None
    payment_method_type: str | None
    booked_days: int | None
    posted_milliseconds: int | None


class Shown(msgspec.Struct):
    """A transaction as the API answers it."""

    id: str
    provider: str
    connection_id: str
    account_id: str
    type: str
    status: str
    amount: str
    amount_minor: int
    currency: str
    original_amount: str | None
    original_amount_minor: int | None
    original_currency: str | None
    balance_after: str | None
    balance_after_minor: int | None
    description: str | None
    customer_id: str | None
    counterparty: str | None
    counterparty_account: str | None
    reference: str | None
    merchant_category_code: str | None
    provider_category: str | None
    invoice_id: str | None
    payment_id: str | None
    parent_id: str | None
    pending_id: str | None
    failure_code: str | None
    decline_code: str | None
    payment_method_type: str | None
    occurred_at: datetime
    booked_on: date | None
    posted_at: datetime | None
    state_at: datetime


_WHOLE = msgspec.json.Decoder(Whole)


def shown(line: Line) -> Shown:
    """Return the transaction of a line."""
    of = _WHOLE.decode(line.whole)
    return Shown(
        line.id, of.provider, line.connection_id, of.account_id, of.type, of.status,
        format_minor(of.amount_minor, of.currency), of.amount_minor, of.currency,
        _amount(of.original_amount_minor, of.original_currency), of.original_amount_minor,
        of.original_currency, _amount(of.balance_after_minor, of.currency),
        of.balance_after_minor, of.description, of.customer_id, of.counterparty,
        of.counterparty_account, of.reference, of.merchant_category_code, of.provider_category,
        of.invoice_id, of.payment_id, of.parent_id, of.pending_id, of.failure_code,
        of.decline_code, of.payment_method_type, _moment(-line.newest_first),
        None if of.booked_days is None else _FIRST_DAY + timedelta(of.booked_days),
        None if of.posted_milliseconds is None else _moment(of.posted_milliseconds),
        _EPOCH + timedelta(microseconds=line.version),
    )  # fmt: skip


def row_of(line: Line) -> dict[str, Any]:
    """Return a line as a row of `unified.transactions`, for answers of another shape."""
    row = msgspec.structs.asdict(shown(line))
    for computed in ("amount", "original_amount", "balance_after"):
        del row[computed]
    return row


def _amount(amount_minor: int | None, currency: str | None) -> str | None:
    if amount_minor is None or not currency:
        return None
    return format_minor(amount_minor, currency)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
