"""What do the replayed answers add up to? One plain structure, for JSON, table and model card."""

from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from ml.ledger_account.baselines import ceiling
from ml.ledger_account.evaluation import PROTOCOLS, Replay
from ml.metrics import (
    coverage_at_precision,
    expected_calibration_error,
    macro_f1,
    reliability,
)

# What issue-level goals ask of the monthly protocol.
GOALS = {"accuracy": 0.68, "expected_calibration_error": 0.03, "automatic": 0.40}
BASELINES = {
    "most frequent account": "most_frequent",
    "exact merchant, trained once": "exact_merchant_frozen",
    "exact merchant, monthly": "exact_merchant_monthly",
    "wording alone, monthly": "wording",
}
_SMALLEST_SLICE = 200


def summarise(found: Replay) -> dict[str, Any]:
    """Measure every protocol, the baselines and the slices of the headline.

    Parameters
    ----------
    found
        From `evaluation.replay`.

    Returns
    -------
    dict
        JSON-ready.
    """
    rows = found.rows
    return {
        "training_rows": found.training_rows,
        "test_rows": rows.height,
        "test_from": str(rows["booked_on"].min()),
        "test_to": str(rows["booked_on"].max()),
        "accounts": rows["account"].n_unique(),
        "merchant_ceiling": ceiling(rows),
        "protocols": {name: measure(rows, name) for name in PROTOCOLS},
        "baselines": {
            name: int((rows[f"{column}_value"] == rows["account"]).sum()) / rows.height
            for name, column in BASELINES.items()
        },
        "slices": {
            "merchant": _slices(rows.with_columns(_seen()), "seen_word"),
            "unit": _slices(rows, "unit"),
            "month": _slices(rows, "month"),
        },
        "confusions": _confusions(rows),
        "reliability": [asdict(band) for band in reliability(*_confidence(rows, "monthly"))],
    }


def measure(rows: pl.DataFrame, protocol: str) -> dict[str, float]:
    """Measure one protocol on some rows.

    Parameters
    ----------
    rows
        Rows of a `Replay`.
    protocol
        One of `evaluation.PROTOCOLS`.

    Returns
    -------
    dict
        Accuracy, macro F1, calibration, and what the threshold chosen beforehand gave: the share
        booked automatically and how much of that was right.
    """
    confidence, correct = _confidence(rows, protocol)
    automatic = rows[f"{protocol}_automatic"].to_numpy()
    return {
        "accuracy": float(correct.mean()),
        "macro_f1": macro_f1(
            rows["account"].to_numpy().astype(np.str_),
            rows[f"{protocol}_value"].to_numpy().astype(np.str_),
        ),
        "expected_calibration_error": expected_calibration_error(confidence, correct),
        "automatic": float(automatic.mean()),
        "automatic_right": float(correct[automatic].mean()) if automatic.any() else float("nan"),
        "coverage_at_90": coverage_at_precision(confidence, correct, 0.9),
    }


def _confidence(
    rows: pl.DataFrame, protocol: str
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.bool_]]]:
    correct = (rows[f"{protocol}_value"] == rows["account"]).to_numpy()
    return rows[f"{protocol}_confidence"].to_numpy(), correct


def _slices(rows: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    found = []
    for (name,), part in rows.sort(column).group_by(column, maintain_order=True):
        if part.height >= _SMALLEST_SLICE:
            measured = measure(part, "monthly")
            found.append({"slice": str(name) or "(none)", "rows": part.height, **measured})
    return found


def _seen() -> pl.Expr:
    words = pl.when("seen").then(pl.lit("seen in training")).otherwise(pl.lit("never seen before"))
    return words.alias("seen_word")


def _confusions(rows: pl.DataFrame) -> list[dict[str, Any]]:
    wrong = rows.filter(pl.col("monthly_value") != pl.col("account"))
    counted = wrong.group_by("account", pl.col("monthly_value").alias("booked_as")).len("rows")
    ordered = counted.sort("rows", "account", "booked_as", descending=[True, False, False])
    return ordered.head(10).to_dicts()
