"""At which of several moments is a try made? The likeliest, if it is likelier by enough."""

import numpy as np
import numpy.typing as npt

from ml.propensity.tries import Floats

# Where the fixed schedule of the library's flows has its tries, on the payer's clock.
FIXED_HOUR = 9
# Less than a point is noise: the schedule's own moment is kept then.
LEAST_GAIN = 0.01


def choose(chances: Floats, fixed: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the column to take in each row.

    Parameters
    ----------
    chances
        One row per try, one column per moment.
    fixed
        The schedule's own column in each row.

    Examples
    --------
    >>> choose(np.array([[0.2, 0.3], [0.2, 0.205]]), np.array([0, 0]))
    array([1, 0])
    """
    rows = np.arange(len(chances))
    best = chances.argmax(axis=1)
    gain = chances[rows, best] - chances[rows, fixed]
    return np.where(gain >= LEAST_GAIN, best, fixed)
