"""By which accounts and levels are a workspace's payments judged, and which of them have moved?

What is usual in an account is a figure of many payments (`ml.anomaly.levels`): counted in the
warehouse, kept as it was when payments were last judged by it, and compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from core.clock import epoch_microseconds
from core.warehouse import Warehouse
from ml.accounts import KEY, KINDS, may_be_same
from ml.anomaly.levels import GRID, SCHEMA, SPENT, levels
from ml.anomaly.levels import KEY as MONTH
from ml.feature_queries import ACCOUNTS
from ml.feature_queries import SPENT as COUNT_SPENT
from ml.tables import LEVEL_COLUMNS, LEVELS
from ml.transactions import COLUMNS

_LINE = ("connection_id", "account_id", "currency", "account_type", "account_mask", "account_iban",
         "account_holder", "institution")  # fmt: skip
_LEVELS = f"""
select connection_id, account_id, toString(currency) as currency, month, usual_minor, rare_minor
from {LEVELS} final where workspace_id = {{workspace:String}}
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What bears on all of a workspace's payments: its accounts, and its levels.

    Attributes:
    ----------
    accounts
        As `ml.facet.Beyond` has them.
    are_apart
        No two of them can be one that two connections show.
    version
        Differs whenever the accounts do.
    levels
        As in `ml.anomaly.levels`.
    """

    accounts: pl.DataFrame
    are_apart: bool
    version: str
    levels: pl.DataFrame


def surroundings(warehouse: Warehouse, workspace: str) -> Surroundings:
    """Read the accounts, and count what was spent from them."""
    asked = {"workspace": workspace, "grid": GRID}
    counted = pl.DataFrame(pl.from_arrow(warehouse.arrow(COUNT_SPENT, asked)))
    counted = counted.select(pl.col(name).cast(dtype) for name, dtype in SPENT.items())
    known = pl.DataFrame(pl.from_arrow(warehouse.arrow(ACCOUNTS, {"workspace": workspace})))
    accounts = accounts_of(counted, known)
    return Surroundings(
        accounts=accounts,
        are_apart=not may_be_same(accounts),
        version=version_of(accounts),
        levels=levels(counted.filter(pl.col("low") >= 0)),
    )


def accounts_of(counted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the accounts that have settled lines, as providers show them."""
    seen = counted.filter(pl.col("account_id") != "").sort("currency")
    lines = (
        seen.unique(["connection_id", "account_id"], keep="first")
        .select("connection_id", "account_id", "currency")
        .join(known.cast(pl.String), on=["connection_id", "account_id"], how="left")
    )
    return as_accounts(lines)


def as_accounts(lines: pl.DataFrame) -> pl.DataFrame:
    """Return one line of each account, in order, with the account's key."""
    key = pl.concat_str(pl.col("connection_id").fill_null(""), pl.lit("/"), "account_id")
    return (
        lines.select(pl.col(name).cast(COLUMNS[name]) for name in _LINE)
        .filter(pl.col("account_type").fill_null("depository").is_in(KINDS))
        .unique(["connection_id", "account_id"], keep="any")
        .sort("connection_id", "account_id")
        .with_columns(
            key.alias(KEY), pl.lit(None, pl.UInt32).alias("row"),
            pl.lit(None, pl.Date).alias("booked_on"), pl.lit(None, pl.Int64).alias("amount_minor"),
        )
    )  # fmt: skip


def version_of(accounts: pl.DataFrame) -> str:
    """Return what differs whenever accounts do."""
    return hashlib.sha256(accounts.drop("currency").write_csv().encode()).hexdigest()[:8]


def moved(warehouse: Warehouse, workspace: str, now: pl.DataFrame) -> pl.DataFrame:
    """Return the levels that are others than those by which payments were judged, and these.

    Those before stand in `usual_before` and `rare_before`; null where there were none.
    """
    found = warehouse.arrow(_LEVELS, {"workspace": workspace})
    before = pl.DataFrame(pl.from_arrow(found)).select(
        pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()
    )
    other = now.join(before, on=list(SCHEMA), how="anti", nulls_equal=True)
    names = {"usual_minor": "usual_before", "rare_minor": "rare_before"}
    return other.join(before.rename(names), on=MONTH, how="left")


def between(moved_so: pl.DataFrame) -> pl.DataFrame:
    """Return the steps of amounts (`low`) of which a moved level may say something else.

    What is usual is compared with a payment, and with what it is above the payee's usual, which is
    more than half of it (`ml.anomaly.reasons`); what is rare is compared with the payment.
    """
    grid = pl.DataFrame({"low": GRID}, schema={"low": pl.Int64})
    least, most = pl.min_horizontal, pl.max_horizontal
    most_rare = pl.col("rare_minor", "rare_before").fill_null(GRID[-1])
    usual = moved_so.filter(pl.col("usual_minor").ne_missing(pl.col("usual_before"))).select(
        *MONTH, pl.col("usual_minor", "usual_before").fill_null(0)
    )
    rare = moved_so.filter(pl.col("rare_minor").ne_missing(pl.col("rare_before"))).select(
        *MONTH, most_rare
    )
    ranges = pl.concat([
        usual.select(*MONTH, least("usual_minor", "usual_before").alias("from"),
                     (most("usual_minor", "usual_before") * 2).alias("to")),
        rare.select(*MONTH, least("rare_minor", "rare_before").alias("from"),
                    most("rare_minor", "rare_before").alias("to")),
    ])  # fmt: skip
    # Steps are at or below the amounts that they stand for.
    return (
        ranges.join_where(grid, pl.col("low") >= pl.col("from"), pl.col("low") <= pl.col("to"))
        .select(*MONTH, "low")
        .unique()
    )


def keep(warehouse: Warehouse, workspace: str, judged_by: pl.DataFrame, now: datetime) -> None:
    """Keep the levels by which payments were judged."""
    if judged_by.height:
        rows = judged_by.with_columns(
            pl.lit(workspace).alias("workspace_id"),
            pl.lit(epoch_microseconds(now), pl.UInt64).alias("version"),
        ).select(*LEVEL_COLUMNS)
        warehouse.insert_arrow(LEVELS, rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
