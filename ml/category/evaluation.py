"""How good is the model of names on merchants it has never seen? Measures by where names come from.

Listed names are real brands under real categories: most of them do not tell what they sell, so this
is the hard and honest half. Made-up names hold a telling word that training has seen with another
partner: they say that the words were learned, no more.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.category.examples import Example
from ml.category.taxonomy import group_of, read_rows
from ml.category.wording import WordingModel
from ml.merchants.known import countries
from ml.metrics import (
    coverage_at_precision,
    expected_calibration_error,
    macro_f1,
    reliability,
)

_COVERAGE = 0.8
# A slice with fewer examples measures chance.
LEAST_SLICE = 50
Texts = npt.NDArray[np.str_]
Booleans = npt.NDArray[np.bool_]


def score_of(measured: dict[str, Any]) -> float:
    """Return the measure by which a challenger must not be worse: macro F1 on listed names."""
    return float(measured["listed"]["macro_f1"])


def measures(model: WordingModel, test: Sequence[Example], known: int) -> dict[str, Any]:
    """Measure on the frozen names: all, and by origin; against two baselines.

    Parameters
    ----------
    model
        Trained on other names.
    test
        The frozen examples.
    known
        How many examples it was trained on.
    """
    found: dict[str, Any] = {"training_examples": known, "test_examples": len(test)}
    for origin in ("listed", "made up"):
        own = [example for example in test if example.origin == origin]
        found[origin.replace(" ", "_")] = measured(model, own)
    found["listed_by_country"] = by_country(model, [e for e in test if e.origin == "listed"])
    return found


def by_country(model: WordingModel, test: Sequence[Example]) -> list[dict[str, Any]]:
    """Measure the listed names of each country with enough of them, the largest first.

    Of a brand at home in several countries, or everywhere, the list names none: `several`.
    """
    whose: dict[str, list[Example]] = {}
    for example in test:
        whose.setdefault(countries().get(example.merchant, "several"), []).append(example)
    shown = ("examples", "accuracy", "macro_f1", "expected_calibration_error", "answered",
             "precision_of_answered")  # fmt: skip
    return [
        {"country": country, **{name: found[name] for name in shown}}
        for country, own in sorted(whose.items(), key=lambda item: -len(item[1]))
        if len(own) >= LEAST_SLICE
        for found in (measured(model, own),)
    ]


def measured(model: WordingModel, test: Sequence[Example]) -> dict[str, Any]:
    """Measure a model on examples, most frequent confusions and reliability bands included."""
    truth = np.array([example.category for example in test])
    best, confidence, _ = model.guess([example.key for example in test])
    said = np.array([model.names[b] for b in best])
    right = said == truth
    confident = confidence >= np.quantile(confidence, 1 - _COVERAGE)
    kept = confidence >= model.calibration.threshold
    top = confidence >= 0.9
    groups = (np.array([group_of(t) for t in truth]), np.array([group_of(s) for s in said]))
    return {
        "examples": len(test),
        "merchants": len({example.merchant for example in test}),
        "accuracy": float(right.mean()),
        "group_accuracy": float((groups[0] == groups[1]).mean()),
        "macro_f1": macro_f1(truth, said),
        "macro_f1_at_80_percent_coverage": macro_f1(truth[confident], said[confident]),
        "expected_calibration_error": expected_calibration_error(confidence, right),
        "coverage_at_90_percent_precision": coverage_at_precision(confidence, right, 0.9),
        "answered": float(kept.mean()),
        "precision_of_answered": float(right[kept].mean()) if kept.any() else None,
        "share_over_0.9": float(top.mean()),
        "precision_over_0.9": float(right[top].mean()) if top.any() else None,
        "baseline_most_frequent": float((truth == _most_frequent(truth)).mean()),
        "baseline_keywords": float((keywords([e.key for e in test]) == truth).mean()),
        "reliability": [
            {"lower": band.lower, "upper": band.upper, "rows": band.rows,
             "confidence": round(band.confidence, 4), "accuracy": round(band.accuracy, 4)}
            for band in reliability(confidence, right, bins=10)
        ],
        "confusions": [
            {"is": t, "said": s, "examples": n}
            for (t, s), n in Counter(zip(truth[~right], said[~right], strict=True)).most_common(15)
        ],
    }  # fmt: skip


def keywords(keys: Sequence[str]) -> Texts:
    """Answer by the telling words alone: the longest that a key holds; else nothing."""
    words = sorted(read_rows("words"), key=lambda row: -len(row["word"]))
    found = []
    for key in keys:
        padded = f" {key} "
        found.append(next((r["category"] for r in words if f" {r['word']} " in padded), ""))
    return np.array(found)


def _most_frequent(truth: Texts) -> str:
    return str(Counter(truth.tolist()).most_common(1)[0][0]) if len(truth) else ""
