"""Which rows does an answer of GoCardless hold, and what are they called?

Rows are slices of the answer's bytes. Ids begin with the account's stable key, because the rows do
not name their account, and go on with the institution's id, because whether its signs are the wrong
way round depends on it.

A line is named by its transactionId. Where that is missing or blank, and where one answer uses it
for several lines (there are banks that number their lines 9998, day after day), by its content:
`pipelines.bank_rows`. An internalTransactionId is not used: pending lines have none, and both sides
of a transfer between two accounts of a bank may share it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from core.errors import ProviderError
from pipelines.bank_rows import Names, fields_of, repeated, text_at
from pipelines.batches import RawObject


class _Lists(msgspec.Struct):
    booked: list[msgspec.Raw] = []
    pending: list[msgspec.Raw] = []


class _Transactions(msgspec.Struct):
    transactions: _Lists


class _Balances(msgspec.Struct):
    balances: list[msgspec.Raw]


class _Details(msgspec.Struct):
    account: msgspec.Raw


_TRANSACTIONS = msgspec.json.Decoder(_Transactions)
_BALANCES = msgspec.json.Decoder(_Balances)
_DETAILS = msgspec.json.Decoder(_Details)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an answer.

    Attributes:
        booked: Rows of booked lines.
        pending: Rows of pending lines.
        reused: Ids that the bank uses for several lines.
        newest_on: The newest day of a booked line, as text; empty without one.
    """

    booked: Sequence[RawObject]
    pending: Sequence[RawObject]
    reused: Collection[str]
    newest_on: str


def lines_of(body: bytes, prefix: str, version: int, reused: Collection[str]) -> Lines:
    """Return the lines of an account.

    A booked line is one microsecond newer than a pending one of the same answer: a bank that shows
    a line in both has booked it.

    Args:
        body: The answer.
        prefix: `<account>/<institution>`.
        version: When the provider held this state.
        reused: Ids that are known not to identify lines.

    Raises:
        ProviderError: It is no answer about transactions.
    """
    lists = _decoded(_TRANSACTIONS, body).transactions
    booked = [(payload, fields_of(payload)) for payload in lists.booked]
    pending = [(payload, fields_of(payload)) for payload in lists.pending]
    found = set(reused) | repeated(text_at(line, "transactionId") for _, line in booked)
    names = Names()

    def named(payload: msgspec.Raw, line: Mapping[str, Any]) -> str:
        own = text_at(line, "transactionId")
        name = own if own and own not in found else names.of(content_of(line), payload)
        return f"{prefix}/{name}"

    days = [text_at(line, "bookingDate")[:10] for _, line in booked]
    return Lines(
        booked=[RawObject(named(p, line), version + 1, False, p) for p, line in booked],  # noqa: FBT003
        pending=[RawObject(named(p, line), version, False, p) for p, line in pending],  # noqa: FBT003
        reused=found,
        newest_on=max(filter(is_day, days), default=""),
    )


def content_of(line: Mapping[str, Any]) -> list[str]:
    """Return what does not change about a line: its day, amount, other side and text."""
    day = text_at(line, "bookingDate") or text_at(line, "valueDate")
    return [
        day[:10],
        text_at(line, "transactionAmount", "amount"),
        text_at(line, "transactionAmount", "currency"),
        text_at(line, "creditorName"),
        text_at(line, "creditorAccount", "iban"),
        text_at(line, "debtorName"),
        text_at(line, "debtorAccount", "iban"),
        text_at(line, "endToEndId"),
        text_at(line, "remittanceInformationUnstructured"),
        text_at(line, "remittanceInformationUnstructuredArray"),
        text_at(line, "remittanceInformationStructured"),
    ]


def balances_of(body: bytes, prefix: str, version: int) -> list[RawObject]:
    """Return the balances of an account, one row per kind, currency and day.

    Args:
        body: The answer.
        prefix: `<account>/<institution>`.
        version: When the provider held this state.

    Raises:
        ProviderError: It is no answer about balances.
    """
    today = datetime.fromtimestamp(version // 1_000_000, UTC).date().isoformat()
    rows, names = [], Names()
    for payload in _decoded(_BALANCES, body).balances:
        fields = fields_of(payload)
        kind = text_at(fields, "balanceType") or names.of((), payload)
        day = text_at(fields, "referenceDate")[:10]
        currency = text_at(fields, "balanceAmount", "currency")
        name = f"{prefix}/{kind}/{currency}/{day if is_day(day) else today}"
        rows.append(RawObject(name, version, False, payload))  # noqa: FBT003
    return rows


def detail_of(body: bytes) -> msgspec.Raw:
    """Return the `account` of an answer about details.

    Raises:
        ProviderError: It is no answer about details.
    """
    details: _Details = _decoded(_DETAILS, body)
    return details.account


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
        raise ProviderError(f"GoCardless answered something unexpected: {error}") from None
