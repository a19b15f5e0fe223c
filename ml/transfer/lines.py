"""Which lines could be a side of an own transfer, and with which others? Found by joins, not loops.

What a pair weighs is `reconciliation.transfers`' word, the same that the ledger goes by. Here only
the few lines are taken out that have any counterpart: of the same amount, or of the amount that one
of both says was paid in the other's currency, in another account, some days apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ml.accounts import KEY, real_accounts, settled
from ml.facet import Beyond
from ml.transactions import prepared
from reconciliation.accounts import BankAccount
from reconciliation.records import PROCESSOR, Deposit
from reconciliation.texts import PROCESSORS
from reconciliation.transfers import holders_of, stated

# No pair is further apart (`reconciliation.transfers`); days fall into buckets as wide.
DAYS = 7


@dataclass(frozen=True, slots=True)
class Candidates:
    """Lines by row of the frame, pairs of such rows (out, in), the accounts, the company's names.

    `account` of a line is the key of one real account, whichever connections show it.
    """

    lines: dict[int, Deposit]
    pairs: list[tuple[int, int]]
    accounts: dict[str, BankAccount]
    holders: frozenset[str]


def candidates(frame: pl.DataFrame, beyond: Beyond | None = None) -> Candidates:
    """Return the pairs that may be transfers, of a frame of `ml.transactions`.

    Parameters
    ----------
    frame
        A history, or all of its lines of some days.
    beyond
        What is known beyond these days: accounts whose lines stand on others.
    """
    lines, real, shown = _lines(frame)
    known = shown.select("account_holder")
    if beyond is not None:
        here = {source for account in real for source in account.sources}
        elsewhere = beyond.accounts.filter(~pl.col(KEY).is_in(list(here)))
        real = [*real, *real_accounts(elsewhere)[0]]
        known = pl.concat([known, elsewhere.select("account_holder")])
    pairs = sorted({*_equal(lines).iter_rows(), *_converted(lines)})
    rows = sorted({row for pair in pairs for row in pair})
    taken = lines.filter(pl.col("row").is_in(rows))
    return Candidates(
        lines={line["row"]: _line(line) for line in taken.iter_rows(named=True)},
        pairs=pairs,
        accounts={account.key: account for account in real},
        holders=holders_of(known["account_holder"].unique()),
    )


def pairs_of(frame: pl.DataFrame) -> list[tuple[int, int]]:
    """Return the rows, out and in, that may be sides of one transfer.

    Parameters
    ----------
    frame
        As in `ml.transactions`.
    """
    lines, _, _ = _lines(prepared(frame))
    return [*_equal(lines).iter_rows(), *_converted(lines)]


def _lines(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[BankAccount], pl.DataFrame]:
    """Return what may be a side, once each, the accounts, and all settled lines."""
    shown = settled(frame)
    real, again = real_accounts(shown)
    own = {source: account.key for account in real for source in account.sources}
    lines = pl.concat(
        [
            shown.join(again, on="row", how="anti")
            .with_columns(pl.col(KEY).replace(own).alias("real"), _TEXT)
            .filter(~_IS_PAID_OUT),
            _topups(frame),
        ],
        how="diagonal",
    ).with_columns((pl.col("booked_on").to_physical() // DAYS).alias("bucket"))
    return lines, real, shown


_TEXT = (
    pl.concat_str(
        [pl.col(name).fill_null("") for name in ("merchant", "reference", "counterparty")],
        separator=" ",
    )
    .str.strip_chars()
    .alias("text")
)
# What a payment processor paid out is the reconciliation's to follow.
_IS_PAID_OUT = (pl.col("amount_minor") > 0) & pl.col("text").str.contains(
    rf"(?i){'|'.join(PROCESSORS)}"
)


def _topups(frame: pl.DataFrame) -> pl.DataFrame:
    """Money sent to the payment provider, as it stands there."""
    return (
        frame.with_row_index("row")
        .filter(
            (pl.col("provider") == "stripe") & (pl.col("type") == "topup")
            & (pl.col("status").fill_null("succeeded") == "succeeded")
            & pl.col("booked_on").is_not_null() & (pl.col("amount_minor") != 0)
        )
        .with_columns(pl.lit(PROCESSOR).alias("real"), _TEXT)
    )  # fmt: skip


def _equal(lines: pl.DataFrame) -> pl.DataFrame:
    """Pairs of rows that move one amount out of one account and into another."""
    sides = lines.select(
        "row", "real", "currency", "bucket", "booked_on", "amount_minor",
        pl.col("amount_minor").abs().alias("size"),
    )  # fmt: skip
    into = sides.filter(pl.col("amount_minor") > 0)
    out = sides.filter(pl.col("amount_minor") < 0).join(
        into.select("currency", "size"), on=["currency", "size"], how="semi"
    )
    # A pair lies in one bucket or in two neighbouring ones.
    near = pl.concat([into.with_columns(pl.col("bucket") + step) for step in (-1, 0, 1)])
    return (
        out.join(near, on=["currency", "size", "bucket"], suffix="_in")
        .filter(pl.col("real") != pl.col("real_in"), _is_near("booked_on", "booked_on_in"))
        .select("row", "row_in")
    )


def _is_near(out: str, into: str) -> pl.Expr:
    return (pl.col(into) - pl.col(out)).dt.total_days().abs() <= DAYS


def _converted(lines: pl.DataFrame) -> list[tuple[int, int]]:
    """Pairs of which one side says the amount of the other, in the other's currency."""
    codes = sorted(lines["currency"].unique())
    if len(codes) < 2:
        return []
    # An account's own currency is printed on lines by the thousand: only another's counts.
    other = pl.any_horizontal(
        (pl.col("currency") != code) & pl.col("text").str.contains(rf"(?i)\b{code}\s?\d")
        for code in codes
    )
    telling = lines.filter(pl.col("original_currency").is_not_null() | other)
    said: Sequence[tuple[int, int, str, int]] = [
        (row["row"], -1 if row["amount_minor"] < 0 else 1, currency, amount)
        for row in telling.iter_rows(named=True)
        for currency, amount in stated(_line(row))
    ]
    told = pl.DataFrame(
        said, orient="row",
        schema={"row": lines.schema["row"], "side": pl.Int64, "currency": pl.String,
                "size": pl.Int64},
    ).join(lines.select("row", "real", "booked_on"), on="row")  # fmt: skip
    found = (
        lines.with_columns(pl.col("amount_minor").abs().alias("size"))
        .join(told, on=["currency", "size"], suffix="_told")
        .filter(
            pl.col("amount_minor").sign() == -pl.col("side"),
            pl.col("real") != pl.col("real_told"),
            _is_near("booked_on", "booked_on_told"),
        )
    )
    return [
        (other, row) if side > 0 else (row, other)
        for row, other, side in found.select("row_told", "row", "side").iter_rows()
    ]


def _line(row: dict[str, object]) -> Deposit:
    return Deposit(
        key=str(row["row"]), account=str(row["real"]),
        booked_on=row["booked_on"], currency=row["currency"],  # type: ignore[arg-type]
        amount_minor=row["amount_minor"], text=row["text"],  # type: ignore[arg-type]
        original_amount_minor=row["original_amount_minor"],  # type: ignore[arg-type]
        original_currency=row["original_currency"],  # type: ignore[arg-type]
        counterparty_account=row["counterparty_account"],  # type: ignore[arg-type]
        counterparty=row["counterparty"],  # type: ignore[arg-type]
    )  # fmt: skip
