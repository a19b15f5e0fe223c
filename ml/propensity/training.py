"""How is the model of propensity trained and measured? On earlier tries, judged on later ones.

Six tenths of the tries, the earliest, teach; the next two set the calibration; the last two are the
frozen test, on which the score, the calibration's error and the off-policy estimate are read. Hours
and days are kept only if that estimate shows a gain over the fixed schedule (its interval lies
above zero); the shared model has none, since what the sandbox generates has no hours in it.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ml.facet import Trained
from ml.ledger_account.calibration import calibrate
from ml.lineage import require_permitted
from ml.metrics import expected_calibration_error
from ml.propensity import off_policy
from ml.propensity.choosing import FIXED_HOUR, choose
from ml.propensity.model import PropensityModel
from ml.propensity.tries import COLUMNS, Floats, clocks, features

ROWS = Path(__file__).parent / "rows" / "tries.csv.gz"
RECIPE = "propensity-1"
# Of a workspace's own: fewer tell less than what all share.
LEAST_TRIES = 500
LEAST_OF_EACH = 75
# Strong enough that hours without an effect stay without one.
_STRENGTH = 0.05


def train_shared(_: pl.DataFrame, __: pl.DataFrame) -> Trained:
    """Train the model for all from the package's rows: what the sandbox generated, nothing real."""
    return _trained(sandbox_tries(), is_synthetic=True)


def train_own(rows: pl.DataFrame, _: pl.DataFrame) -> Trained | None:
    """Train a workspace's own model; None where its tries are too few, or teach nothing.

    Parameters
    ----------
    rows
        Its retries, as `ml.feature_queries.TRIES` reads them.
    """
    if rows.height < LEAST_TRIES:
        return None
    paid = int(rows["is_paid"].sum())
    if min(paid, rows.height - paid) < LEAST_OF_EACH:
        return None
    trained = _trained(rows, is_synthetic=False)
    return trained if trained.measures["log_loss"] < trained.measures["log_loss_base"] else None


@lru_cache(maxsize=1)
def sandbox_tries() -> pl.DataFrame:
    """Return the package's rows, earliest first."""
    kept = pl.read_csv(ROWS, schema_overrides={"is_paid": pl.Int8})
    return kept.select(
        pl.lit("stripe").alias("provider"), "decline_code", pl.col("attempt_number").cast(pl.Int64),
        "amount_minor", "currency", "country",
        *(pl.from_epoch(name).cast(pl.Datetime("ms", "UTC")).alias(name)
          for name in ("customer_since", "attempted_at")),
        pl.col("is_paid").cast(pl.Boolean),
    ).sort("attempted_at", maintain_order=True)  # fmt: skip


def learn(tries: pl.DataFrame, *, is_timed: bool, is_synthetic: bool) -> PropensityModel:
    """Learn from tries, earliest first: the last quarter of them sets the calibration."""
    require_permitted(tries)
    when = clocks(tries["attempted_at"], tries["country"]) if is_timed else None
    rows, paid = features(tries, when), tries["is_paid"].to_numpy()
    cut = tries.height * 3 // 4
    from sklearn.linear_model import LogisticRegression  # where it is used: 100 MB

    estimator = LogisticRegression(C=_STRENGTH, max_iter=500).fit(rows[:cut], paid[:cut])
    calibration = calibrate(estimator.predict_proba(rows[cut:])[:, 1], paid[cut:])
    told = f"{is_timed}" + tries.select(list(COLUMNS)[1:]).write_csv()
    version = f"{RECIPE}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    return PropensityModel(estimator, calibration, version, is_timed, is_synthetic)


def judge(model: PropensityModel, log: pl.DataFrame) -> off_policy.Comparison:
    """Estimate what the model's hours would have brought on logged tries, against fixed ones."""
    local = clocks(log["attempted_at"], log["country"])
    middles = [block * off_policy.BLOCK_HOURS + 1 for block in range(off_policy.BLOCKS)]
    guess = np.column_stack(
        [model.chances(log, [at.replace(hour=hour, minute=0) for at in local]) for hour in middles]
    )
    fixed = np.full(log.height, off_policy.block_of(FIXED_HOUR))
    kept = off_policy.Log(
        stratum=np.minimum(log["attempt_number"].to_numpy(), 4),
        block=np.array([off_policy.block_of(at.hour) for at in local]),
        paid=log["is_paid"].to_numpy().astype(np.float64),
        guess=guess,
    )
    return off_policy.compare(kept, fixed, choose(guess, fixed))


def _trained(tries: pl.DataFrame, *, is_synthetic: bool) -> Trained:
    known = tries.sort("attempted_at", maintain_order=True)
    cut = known.height * 8 // 10
    before, test = known[:cut], known[cut:]
    model = learn(before, is_timed=not is_synthetic, is_synthetic=is_synthetic)
    judged = None if is_synthetic else judge(model, test)
    if judged is not None and judged.difference.low <= 0:
        model = learn(before, is_timed=False, is_synthetic=is_synthetic)
    measured = _measures(model, before, test, judged)
    return Trained(model.to_artifact(), model.version, -measured["log_loss"], measured)


def _measures(
    model: PropensityModel,
    before: pl.DataFrame,
    test: pl.DataFrame,
    judged: off_policy.Comparison | None,
) -> dict[str, Any]:
    """Return what is stated of a model: on tries that it had not seen."""
    paid = test["is_paid"].to_numpy()
    chance = model.chances(test)
    base = np.full(len(paid), before["is_paid"].to_numpy().mean())
    return {
        "tries": before.height,
        "test_tries": test.height,
        "synthetic": model.is_synthetic,
        "hours_matter": model.is_timed,
        "paid_share": round(float(paid.mean()), 4),
        "log_loss": round(_log_loss(chance, paid), 5),
        "log_loss_base": round(_log_loss(base, paid), 5),
        "expected_calibration_error": round(expected_calibration_error(chance, paid, 10), 4),
        # Without hours every policy is the fixed schedule: there is nothing to compare.
        "off_policy": None if judged is None else judged.as_json(),
    }


def _log_loss(chance: Floats, paid: Any) -> float:
    clipped = np.clip(chance, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(paid, np.log(clipped), np.log(1 - clipped))))
