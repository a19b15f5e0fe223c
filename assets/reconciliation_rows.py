"""How do outcomes become rows, and which of them have changed since they were stored?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assets.reconciliation_inputs import Inputs, parts_of
from reconciliation.accounts import BankAccount
from reconciliation.openings import Opening
from reconciliation.records import UNMATCHED, Deposit, Entry, Outcome, Payout, Transfer
from reconciliation.tables import KEY, OF_KIND

# What a row is written with, but not told apart by.
_STAMPS = ("reconciled_at", "version", "is_deleted")


def outcome_rows(
    workspace: str, inputs: Inputs, outcomes: Iterable[Outcome]
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the three tables, without their stamps."""
    company = inputs.company
    things: dict[str, Payout | Deposit | Entry] = {
        **{payout.key: payout for payout in company.payouts},
        **{deposit.key: deposit for deposit in company.deposits},
        **{entry.key: entry for entry in company.entries},
    }
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in OF_KIND.values()}
    for outcome in outcomes:
        thing = things[outcome.key]
        connection, identity = parts_of(outcome.key)
        account, on = _place(thing)
        found[OF_KIND[outcome.kind]].append(
            {
                "workspace_id": workspace,
                "connection_id": connection,
                "id": identity,
                "account_id": account,
                "happened_on": on,
                "currency": thing.currency,
                "amount_minor": thing.amount_minor,
                "verdict": outcome.verdict,
                "bank_verdict": outcome.bank_verdict,
                "books_verdict": outcome.books_verdict,
                "is_unmatched": outcome.verdict in UNMATCHED,
                "reason": outcome.reason,
                "confidence": outcome.confidence,
                "difference_minor": outcome.difference_minor,
                "payouts": pairs(outcome.payouts),
                "deposits": pairs(outcome.deposits),
                "entries": pairs(outcome.entries),
            }
        )
    return found


def account_rows(workspace: str, accounts: Iterable[BankAccount]) -> list[dict[str, Any]]:
    """Return the rows of the bank accounts, without their stamps."""
    found = []
    for account in accounts:
        connection, identity = parts_of(account.key)
        found.append(
            {
                "workspace_id": workspace, "connection_id": connection, "id": identity,
                "name": account.name, "type": account.type,
                "currency": account.currency, "institution_name": account.institution,
                "mask": account.mask, "iban": account.iban, "sources": pairs(account.sources),
                "since_on": account.since, "until_on": account.until,
            }
        )  # fmt: skip
    return found


def source_rows(
    workspace: str, accounts: Iterable[BankAccount], openings: Mapping[str, Opening]
) -> list[dict[str, Any]]:
    """Return a row for every account that a connection shows, without stamps."""
    found = []
    for account in accounts:
        bank_connection, bank_account = parts_of(account.key)
        opening = openings.get(account.key)
        for source in account.sources:
            connection, identity = parts_of(source)
            is_primary = source == account.key
            told = opening if is_primary else None
            found.append(
                {
                    "workspace_id": workspace, "connection_id": connection, "id": identity,
                    "bank_connection_id": bank_connection, "bank_account_id": bank_account,
                    "type": account.type or "", "currency": account.currency or "",
                    "is_primary": is_primary,
                    "opening_on": told.on if told else None,
                    "opening_minor": told.amount_minor if told else 0,
                    "opening_source_table": told.source_table if told else "",
                    "opening_source_id": told.source_id if told else "",
                    "opening_source_version": told.source_version if told else 0,
                }
            )  # fmt: skip
    return found


def line_rows(workspace: str, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of lines that count though they are another source's, without stamps."""
    return [
        {"workspace_id": workspace, "connection_id": connection, "id": identity}
        for connection, identity in map(parts_of, keys)
    ]


def transfer_rows(workspace: str, transfers: Iterable[Transfer]) -> list[dict[str, Any]]:
    """Return the rows of the lines of own transfers, without stamps."""
    found = []
    for transfer in transfers:
        connection, identity = parts_of(transfer.key)
        other_connection, other = parts_of(transfer.other)
        found.append(
            {
                "workspace_id": workspace, "connection_id": connection, "id": identity,
                "kind": transfer.kind, "other_connection_id": other_connection,
                "other_id": other, "confidence": transfer.confidence, "reason": transfer.reason,
            }
        )  # fmt: skip
    return found


def changed(
    rows: Sequence[Mapping[str, Any]],
    stored: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    now: datetime,
    version: int,
) -> list[list[Any]]:
    """Return the rows to write: new, changed, and tombstones of those that are no more."""
    known = {_key(row): row for row in stored}
    plain = [column for column in columns if column not in _STAMPS]
    write = []
    for row in rows:
        before = known.pop(_key(row), None)
        if before is None or any(_plain(row[name]) != _plain(before[name]) for name in plain):
            write.append([*(row[name] for name in plain), now, version, 0])
    return write + [[*(row[name] for name in plain), now, version, 1] for row in known.values()]


def pairs(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return keys as (connection, id), as the tables hold them."""
    return [parts_of(key) for key in keys]


def _place(thing: Payout | Deposit | Entry) -> tuple[str, Any]:
    """The account on which a thing stands, and its day."""
    if isinstance(thing, Payout):
        return "", thing.arrives_on
    on = thing.booked_on if isinstance(thing, Deposit) else thing.issued_on
    return parts_of(thing.account)[1], on


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY if name in row)


def _plain(value: Any) -> Any:
    """A value in one form: what comes back from ClickHouse are lists of dictionaries."""
    if isinstance(value, (list, tuple)):
        return [tuple(v.values()) if isinstance(v, dict) else tuple(v) for v in value]
    return value
