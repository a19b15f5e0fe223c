"""Which rows does an answer of Enable Banking hold, and what are they called?

Rows are slices of the answer's bytes. Ids begin with the account's stable key, because the rows do
not name their account. A line is named by its `entry_reference`, which Enable Banking says is one
line's and lasting; where it is missing, by its content: `pipelines.bank_rows`. `transaction_id` is
not used: it may change with every list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from core.errors import ProviderError
from pipelines.bank_rows import Names, fields_of, text_at
from pipelines.batches import RawObject

# What a line is until it is booked.
_PENDING = frozenset({"PDNG", "HOLD", "SCHD"})


class _Page(msgspec.Struct):
    transactions: list[msgspec.Raw]
    continuation_key: str | None = None


class _Balances(msgspec.Struct):
    balances: list[msgspec.Raw]


_PAGE = msgspec.json.Decoder(_Page)
_BALANCES = msgspec.json.Decoder(_Balances)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of lines.

    Attributes:
        rows: Its lines.
        pending: The ids of those that are not booked.
        continuation_key: What asks for the next page; empty on the last.
        newest_on: The newest day of a booked line, as text; empty without one.
    """

    rows: list[RawObject]
    pending: list[str]
    continuation_key: str
    newest_on: str


def page_of(body: bytes, key: str, version: int, names: Names) -> Page:
    """Return a page of an account's lines.

    Args:
        body: The answer.
        key: The account's stable key.
        version: When the provider held this state.
        names: Names of the lines without a reference, over all pages of the list.

    Raises:
        ProviderError: It is no page of lines.
    """
    page = _decoded(_PAGE, body)
    rows, pending, days = [], [], [""]
    for payload in page.transactions:
        line = fields_of(payload)
        own = text_at(line, "entry_reference") or names.of(content_of(line), payload)
        name = f"{key}/{own}"
        rows.append(RawObject(name, version, False, payload))  # noqa: FBT003
        if text_at(line, "status") in _PENDING:
            pending.append(name)
        else:
            days.append(text_at(line, "booking_date")[:10])
    newest = max(day for day in days if not day or is_day(day))
    return Page(rows, pending, page.continuation_key or "", newest)


def content_of(line: Mapping[str, Any]) -> list[str]:
    """Return what does not change about a line: its day, amount, other side and text."""
    days = ("booking_date", "value_date", "transaction_date")
    return [
        next(filter(None, (text_at(line, day)[:10] for day in days)), ""),
        text_at(line, "transaction_amount", "amount"),
        text_at(line, "transaction_amount", "currency"),
        text_at(line, "credit_debit_indicator"),
        text_at(line, "creditor", "name"),
        text_at(line, "creditor_account", "iban"),
        text_at(line, "debtor", "name"),
        text_at(line, "debtor_account", "iban"),
        text_at(line, "reference_number"),
        text_at(line, "remittance_information"),
    ]


def balances_of(body: bytes, key: str, version: int) -> list[RawObject]:
    """Return the balances of an account, one row per kind, currency and day.

    Raises:
        ProviderError: It is no answer about balances.
    """
    today = datetime.fromtimestamp(version // 1_000_000, UTC).date().isoformat()
    rows, names = [], Names()
    for payload in _decoded(_BALANCES, body).balances:
        fields = fields_of(payload)
        kind = text_at(fields, "balance_type") or names.of((), payload)
        currency = text_at(fields, "balance_amount", "currency")
        day = text_at(fields, "reference_date")[:10]
        name = f"{key}/{kind}/{currency}/{day if is_day(day) else today}"
        rows.append(RawObject(name, version, False, payload))  # noqa: FBT003
    return rows


def is_day(text: str) -> bool:
    """Say whether a text is an ISO date."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise ProviderError(f"Enable Banking answered something unexpected: {error}") from None
