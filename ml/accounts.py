"""Which accounts does a workspace really have, and which rows show a line of one a second time?

Two connections may show one account. The ledger counts each of its lines once, and so do facets
that add up or compare a history (`reconciliation.accounts` decides for both).
"""

from __future__ import annotations

import polars as pl

from ml.transactions import IS_BANK_LINE
from reconciliation.accounts import Account, BankAccount, Line, lines_once, same_accounts

KEY = "account_key"
KINDS = ("depository", "credit", "loan")


def settled(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what moved money in bank accounts, cards and loans, with `row` and the account's key.

    Parameters
    ----------
    frame
        As in `ml.transactions`.
    """
    key = pl.concat_str(pl.col("connection_id").fill_null(""), pl.lit("/"), pl.col("account_id"))
    return (
        frame.with_row_index("row")
        .filter(
            IS_BANK_LINE & (pl.col("status").fill_null("succeeded") == "succeeded")
            & pl.col("booked_on").is_not_null() & pl.col("currency").is_not_null()
            & (pl.col("amount_minor") != 0) & pl.col("account_id").is_not_null()
            & pl.col("account_type").fill_null("depository").is_in(KINDS)
        )
        .with_columns(key.alias(KEY))
    )  # fmt: skip


def real_accounts(lines: pl.DataFrame) -> tuple[list[BankAccount], pl.DataFrame]:
    """Return the accounts that there really are, and the rows that show a line again (`row`).

    Parameters
    ----------
    lines
        Of `settled`.
    """
    shown = _shown(lines)
    doubtful = [one.key for one in shown if any(_may_be_same(one, other) for other in shown)]
    by_account: dict[str, list[Line]] = {}
    rows = lines.filter(pl.col(KEY).is_in(doubtful)).select("row", KEY, "booked_on", "amount_minor")
    for row, key, on, amount in rows.iter_rows():
        by_account.setdefault(key, []).append(Line(str(row), key, on, amount))
    real = same_accounts(shown, by_account)
    several = [account for account in real if len(account.sources) > 1]
    kept = [int(line.key) for account in several for line in lines_once(account, by_account)]
    doubled = [source for account in several for source in account.sources]
    again = lines.filter(pl.col(KEY).is_in(doubled) & ~pl.col("row").is_in(kept))
    return real, again.select("row")


def is_shown_again(frame: pl.DataFrame) -> pl.Series:
    """Say, row for row, whether another connection's row is the one that counts.

    Parameters
    ----------
    frame
        As in `ml.transactions`.
    """
    if frame["connection_id"].n_unique() < 2:
        return pl.repeat(False, frame.height, eager=True).alias("is_shown_again")  # noqa: FBT003
    _, again = real_accounts(settled(frame))
    return frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).is_in(again["row"].implode()))[
        :, 0
    ].alias("is_shown_again")


def may_be_same(lines: pl.DataFrame) -> bool:
    """Say whether any two accounts may be one, which their lines must tell.

    Parameters
    ----------
    lines
        Of `settled`.
    """
    shown = _shown(lines)
    return any(_may_be_same(one, other) for one in shown for other in shown)


def _shown(lines: pl.DataFrame) -> list[Account]:
    return [
        Account(
            key=row[KEY], connection=row["connection_id"] or "", currency=row["currency"],
            type=row["account_type"], institution=row["institution"], mask=row["account_mask"],
            iban=row["account_iban"] or None,
        )
        for row in lines.unique(KEY, keep="first", maintain_order=True).iter_rows(named=True)
    ]  # fmt: skip


def _may_be_same(one: Account, other: Account) -> bool:
    """Whether lines are needed to say that two are one; `same_accounts` decides."""
    if one.key == other.key:
        return False
    if one.iban and other.iban:
        return one.iban == other.iban
    differ = one.mask and other.mask and one.mask != other.mask
    return one.connection != other.connection and not differ
