"""What is a score worth? The share that was right among like scores, and from where on to act.

Two numbers (slope and offset of the log odds, Platt's scaling) rather than a free curve: a small
workspace has a few hundred examples, on which an isotonic curve invents steps.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.metrics import threshold_for_precision

Floats = npt.NDArray[np.float64]

PRECISION = 0.9
# Aim a little higher than promised: the threshold is chosen on one quarter and used on the next.
_MARGIN = 0.005


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log odds are multiplied by `slope` and shifted by `offset`; below `threshold` we abstain."""

    slope: float = 1.0
    offset: float = 0.0
    threshold: float = float("inf")

    def apply(self, score: Floats) -> Floats:
        """Turn scores into probabilities."""
        calibrated: Floats = 1 / (1 + np.exp(-(self.slope * _log_odds(score) + self.offset)))
        return calibrated


def calibrate(score: Floats, correct: npt.NDArray[np.bool_]) -> Calibration:
    """Fit calibration and threshold on out-of-time scores.

    Parameters
    ----------
    score
        Scores of the chosen candidates.
    correct
        Whether each was right.

    Returns
    -------
    Calibration
        With the threshold above which nine of ten are right; infinite when none is.

    Examples
    --------
    >>> score = np.tile([0.95, 0.2], 50)
    >>> fitted = calibrate(score, score > 0.5)
    >>> round(float(fitted.apply(np.array([0.95]))[0]), 2), fitted.threshold > 0.5
    (1.0, True)
    """
    fitted = Calibration()
    if correct.any() and not correct.all():
        from sklearn.linear_model import LogisticRegression  # where it is used: 100 MB

        model = LogisticRegression(C=100.0).fit(_log_odds(score)[:, None], correct)
        fitted = Calibration(float(model.coef_[0, 0]), float(model.intercept_[0]))
    threshold = threshold_for_precision(fitted.apply(score), correct, PRECISION + _MARGIN)
    return Calibration(fitted.slope, fitted.offset, threshold)


def _log_odds(score: Floats) -> Floats:
    clipped = np.clip(score, 1e-6, 1 - 1e-6)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds
