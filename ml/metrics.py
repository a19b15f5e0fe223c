"""How good is a classifier that states its confidence? Measures over (confidence, was it right).

All take flat arrays, so that every facet is measured by the same code.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One band of stated confidence: what was said, what came true, over how many rows."""

    lower: float
    upper: float
    rows: int
    confidence: float
    accuracy: float


def reliability(confidence: Floats, correct: Booleans, bins: int = 15) -> list[ReliabilityBin]:
    """Compare stated confidence with observed accuracy, band by band.

    Parameters
    ----------
    confidence
        Stated probabilities in [0, 1].
    correct
        Whether each answer was right.
    bins
        Number of bands of equal width.

    Returns
    -------
    list of ReliabilityBin
        The bands that hold rows, ascending.

    Examples
    --------
    >>> bands = reliability(np.array([0.9, 0.9, 0.2]), np.array([True, False, False]), bins=2)
    >>> [(band.rows, band.accuracy) for band in bands]
    [(1, 0.0), (2, 0.5)]
    """
    index = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    found = []
    for band in np.unique(index):
        inside = index == band
        found.append(
            ReliabilityBin(
                lower=float(band / bins),
                upper=float((band + 1) / bins),
                rows=int(inside.sum()),
                confidence=float(confidence[inside].mean()),
                accuracy=float(correct[inside].mean()),
            )
        )
    return found


def expected_calibration_error(confidence: Floats, correct: Booleans, bins: int = 15) -> float:
    """Return the mean distance of stated confidence from observed accuracy, weighted by rows.

    Parameters
    ----------
    confidence, correct, bins
        As in `reliability`.

    Returns
    -------
    float
        0 is perfect.

    Examples
    --------
    >>> expected_calibration_error(np.array([0.5, 0.5]), np.array([True, False]))
    0.0
    """
    bands = reliability(confidence, correct, bins)
    total = sum(band.rows for band in bands)
    return sum(abs(band.confidence - band.accuracy) * band.rows for band in bands) / max(total, 1)


def coverage_at_precision(confidence: Floats, correct: Booleans, precision: float) -> float:
    """Return the largest share of rows, most confident first, that is right at this precision.

    It is read off the evaluated rows themselves, hence an upper bound of what a threshold chosen
    beforehand reaches.

    Parameters
    ----------
    confidence, correct
        As in `reliability`.
    precision
        The share that must be right.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> coverage_at_precision(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]), 0.9)
    0.6666666666666666
    """
    kept, _ = _longest_prefix(confidence, correct, precision)
    return kept / max(len(confidence), 1)


def threshold_for_precision(confidence: Floats, correct: Booleans, precision: float) -> float:
    """Return the lowest confidence above which the rows are right at this precision.

    Parameters
    ----------
    confidence, correct
        Of a validation set, not of the rows that will be judged.
    precision
        The share that must be right.

    Returns
    -------
    float
        A threshold, or infinity when no confidence is high enough.

    Examples
    --------
    >>> threshold_for_precision(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]), 0.9)
    0.8
    """
    return _longest_prefix(confidence, correct, precision)[1]


def _longest_prefix(confidence: Floats, correct: Booleans, precision: float) -> tuple[int, float]:
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    running = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    # A threshold cannot cut between equal confidences: only the last of each run is a cut.
    last_of_run = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)[: len(order)]
    cuts = np.flatnonzero((running >= precision) & last_of_run)
    if not len(cuts):
        return 0, float("inf")
    return int(cuts[-1]) + 1, float(sorted_confidence[cuts[-1]])


def macro_f1(truth: npt.NDArray[np.str_], predicted: npt.NDArray[np.str_]) -> float:
    """Return the unweighted mean F1 over the classes that occur in the truth.

    Parameters
    ----------
    truth, predicted
        Class names, row by row.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> macro_f1(np.array(["a", "b"]), np.array(["a", "a"]))
    0.3333333333333333
    """
    scores = []
    for name in np.unique(truth):
        hits = int(((truth == name) & (predicted == name)).sum())
        scores.append(2 * hits / (int((truth == name).sum()) + int((predicted == name).sum())))
    return float(np.mean(scores)) if scores else 0.0
