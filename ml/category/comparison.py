"""How do the categories compare with what somebody else wrote down, of merchants nobody made up?

Labels such as a bookkeeper's accounts are not categories: only those that name a kind of seller are
compared, by group or by category as the table of labels says, one row per merchant (its most
frequent label, where that is most of its rows).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from ml.category.taxonomy import group_of
from ml.category.wording import WordingModel
from ml.enriching import enrich
from ml.metrics import coverage_at_precision, expected_calibration_error

_MOST = 0.6
_ANY_DAY = date(2017, 1, 1)


def compared(
    merchants: pl.Series, labels: pl.Series, categories: Mapping[str, str], model: WordingModel
) -> dict[str, Any]:
    """Compare the facet's answers with labels.

    Parameters
    ----------
    merchants, labels
        Descriptors and what they were labelled with, row by row.
    categories
        The category or group that a label means; other labels are left out.
    model
        The model of names.
    """
    rows = pl.DataFrame({"merchant": merchants, "label": labels}).drop_nulls()
    counted = rows.group_by("merchant", "label").len()
    counted = counted.with_columns(
        (pl.col("len") / pl.col("len").sum().over("merchant")).alias("s")
    )
    known = counted.filter((pl.col("s") >= _MOST) & pl.col("label").is_in(list(categories)))
    known = known.sort("merchant")
    frame = known.select(
        pl.lit("upload").alias("provider"),
        "merchant",
        pl.col("merchant").alias("id"),
        pl.lit(-1_000).alias("amount_minor"),
        pl.lit("GBP").alias("currency"),
    )
    found = enrich(frame, as_of=_ANY_DAY, facets=["category"], models={"category": model})[
        "category"
    ]
    truth = [categories[label] for label in known["label"]]
    right = np.array(
        [
            said is not None and (said == is_ or ("." not in is_ and group_of(said) == is_))
            for said, is_ in zip(found["value"], truth, strict=True)
        ],
        dtype=bool,
    )
    confidence = found["confidence"].to_numpy()
    answered = (~found["abstained"] & found["value"].is_not_null()).to_numpy()
    is_rule = found["model_version"].str.starts_with("category-rules").to_numpy() & answered
    by_label = known.select("label").with_columns(
        pl.Series("right", right), pl.Series("answered", answered),
        (pl.Series("right", right) & pl.Series("answered", answered)).alias("both"),
    )  # fmt: skip
    return {
        "merchants": known.height,
        "accuracy": float(right.mean()),
        "answered": float(answered.mean()),
        "precision_of_answered": float(right[answered].mean()),
        "known_by_rule_or_list": float(is_rule.mean()),
        "precision_of_rule_or_list": float(right[is_rule].mean()) if is_rule.any() else None,
        "expected_calibration_error": expected_calibration_error(confidence, right),
        "coverage_at_90_percent_precision": coverage_at_precision(confidence, right, 0.9),
        "by_label": by_label.group_by("label").agg(
            pl.len().alias("merchants"), pl.col("right").mean().alias("accuracy"),
            pl.col("answered").mean().alias("answered"),
            (pl.col("both").sum() / pl.col("answered").sum()).alias("precision"),
        ).sort("merchants", descending=True).to_dicts(),
    }  # fmt: skip
