"""Which lines could be a side of an own transfer, and with which others? Found by joins, not loops.

What a pair weighs is `reconciliation.transfers`' word, the same that the ledger goes by. Here only
the few lines are taken out that have any counterpart: of the same amount, or of the amount that one
of both says was paid in the other's currency, in another account, some days apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from reconciliation.accounts import Account, BankAccount, Line, lines_once, same_accounts
from reconciliation.records import PROCESSOR, Deposit
from reconciliation.texts import PROCESSORS
from reconciliation.transfers import holders_of, stated

_KINDS = ("depository", "credit", "loan")
# No pair is further apart (`reconciliation.transfers`); days fall into buckets as wide.
_DAYS = 7
_WHERE = "account_key"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Lines by row of the frame, pairs of such rows (out, in), the accounts, the company's names.

    `account` of a line is the key of one real account, whichever connections show it.
    """

    lines: dict[int, Deposit]
    pairs: list[tuple[int, int]]
    accounts: dict[str, BankAccount]
    holders: frozenset[str]


def candidates(frame: pl.DataFrame) -> Candidates:
    """Return the pairs that may be transfers, of a frame of `ml.transactions`."""
    told = _moved(frame)
    accounts = told.filter(~_IS_PROCESSOR).unique(_WHERE, maintain_order=True)
    real, counted = _once(told, accounts)
    lines = told.join(counted, on="row", how="anti") if counted.height else told
    own = {source: account.key for account in real for source in account.sources}
    lines = lines.with_columns(pl.col(_WHERE).replace(own).alias("real"))
    pairs = sorted({*_equal(lines).iter_rows(), *_converted(lines)})
    rows = {row for pair in pairs for row in pair}
    return Candidates(
        lines={line["row"]: _line(line) for line in
               lines.filter(pl.col("row").is_in(sorted(rows))).iter_rows(named=True)},
        pairs=pairs,
        accounts={account.key: account for account in real},
        holders=holders_of(accounts["account_holder"]),
    )  # fmt: skip


_IS_PROCESSOR = pl.col("provider") == "stripe"


def _moved(frame: pl.DataFrame) -> pl.DataFrame:
    """Settled lines of own accounts and top-ups; not what a payment processor paid out."""
    words = [pl.col(name).fill_null("") for name in ("merchant", "reference", "counterparty")]
    text = pl.concat_str(words, separator=" ").str.strip_chars()
    is_payout = pl.col("text").str.contains(rf"(?i){'|'.join(PROCESSORS)}") & (
        pl.col("amount_minor") > 0
    )
    is_own = pl.when(_IS_PROCESSOR).then(pl.col("type") == "topup").otherwise(
        pl.col("account_id").is_not_null()
        & pl.col("account_type").fill_null("depository").is_in(_KINDS)
        & ~is_payout
    )  # fmt: skip
    key = pl.concat_str(pl.col("connection_id").fill_null(""), pl.lit("/"), pl.col("account_id"))
    return (
        frame.with_row_index("row")
        .filter(
            (pl.col("status").fill_null("succeeded") == "succeeded")
            & pl.col("booked_on").is_not_null() & pl.col("currency").is_not_null()
            & (pl.col("amount_minor") != 0)
        )
        .with_columns(text.alias("text"))
        .filter(is_own)
        .with_columns(
            pl.when(_IS_PROCESSOR).then(pl.lit(PROCESSOR)).otherwise(key).alias(_WHERE),
            (pl.col("booked_on").to_physical() // _DAYS).alias("bucket"),
        )
    )  # fmt: skip


def _once(told: pl.DataFrame, accounts: pl.DataFrame) -> tuple[list[BankAccount], pl.DataFrame]:
    """The real accounts, and the rows that show a line of theirs a second time."""
    shown = [
        Account(
            key=row[_WHERE], connection=row["connection_id"] or "", currency=row["currency"],
            type=row["account_type"], institution=row["institution"], mask=row["account_mask"],
            iban=row["account_iban"] or None,
        )
        for row in accounts.iter_rows(named=True)
    ]  # fmt: skip
    doubtful = [one.key for one in shown if any(_may_be_same(one, other) for other in shown)]
    by_account: dict[str, list[Line]] = {}
    for row, key, on, amount in (
        told.filter(pl.col(_WHERE).is_in(doubtful))
        .select("row", _WHERE, "booked_on", "amount_minor").iter_rows()
    ):  # fmt: skip
        by_account.setdefault(key, []).append(Line(str(row), key, on, amount))
    real = same_accounts(shown, by_account)
    kept = {
        int(line.key)
        for account in real
        if len(account.sources) > 1
        for line in lines_once(account, by_account)
    }
    doubled = [source for account in real if len(account.sources) > 1 for source in account.sources]
    again = told.filter(pl.col(_WHERE).is_in(doubled) & ~pl.col("row").is_in(sorted(kept)))
    return real, again.select("row")


def _may_be_same(one: Account, other: Account) -> bool:
    """Whether lines are needed to say that two are one; `same_accounts` decides."""
    if one.key == other.key:
        return False
    if one.iban and other.iban:
        return one.iban == other.iban
    differ = one.mask and other.mask and one.mask != other.mask
    return one.connection != other.connection and not differ


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
    return (pl.col(into) - pl.col(out)).dt.total_days().abs() <= _DAYS


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
        key=str(row["row"]), account=str(row.get("real") or row[_WHERE]),
        booked_on=row["booked_on"], currency=row["currency"],  # type: ignore[arg-type]
        amount_minor=row["amount_minor"], text=row["text"],  # type: ignore[arg-type]
        original_amount_minor=row["original_amount_minor"],  # type: ignore[arg-type]
        original_currency=row["original_currency"],  # type: ignore[arg-type]
        counterparty_account=row["counterparty_account"],  # type: ignore[arg-type]
        counterparty=row["counterparty"],  # type: ignore[arg-type]
    )  # fmt: skip
