"""Which of a purchase's candidates is it? Boosted trees over numbers that never name an account.

A row is read once for each tree, six candidates a purchase: most of what an answer costs. So not
every tree reads every candidate. After some trees those far behind the leader are given up: on
52,442 purchases of months not yet seen none of these would have won. The score of the one that is
chosen is scikit-learn's to the digit. What a purchase is told hangs on it alone.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# After so many trees a candidate whose log odds are so far behind is given up.
BEHIND = {8: 2.5, 20: 1.75, 45: 1.25}
# Rows that a processor's cache holds.
_CACHED = 4_096


@dataclass(frozen=True, slots=True)
class Examples:
    """Out-of-time candidates of one block: features, and which candidate was right."""

    features: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]


def fit_ranker(examples: list[Examples]) -> "HistGradientBoostingClassifier":
    """Learn the probability that a candidate is what the bookkeeper chooses."""
    width = examples[0].features.shape[-1]
    features = np.concatenate([block.features.reshape(-1, width) for block in examples])
    right = np.concatenate([block.right.ravel() for block in examples])
    from sklearn.ensemble import HistGradientBoostingClassifier  # where it is used: 100 MB

    ranker = HistGradientBoostingClassifier(
        max_iter=90, learning_rate=0.1, max_leaf_nodes=31, min_samples_leaf=60,
        l2_regularization=1.0, early_stopping=False, random_state=0,
    )  # fmt: skip
    # On a busy machine OpenMP's threads wait for each other: one is many times faster than two.
    with _one_thread():
        return ranker.fit(features, right)


def best(
    ranker: "HistGradientBoostingClassifier", features: npt.NDArray[np.float32]
) -> tuple[Integers, Floats]:
    """Return each row's best candidate and its uncalibrated probability.

    The trees are read without scikit-learn's checks of the rows, which take a millisecond.
    """
    rows, most, width = features.shape
    flat = features.reshape(-1, width)
    trees = [iteration[0] for iteration in ranker._predictors]
    odds = np.full(len(flat), ranker._baseline_prediction.item())
    left = np.arange(len(flat))
    done = 0
    for trees_read, behind in {**BEHIND, len(trees): 0.0}.items():
        _add(odds, flat, left, trees[done:trees_read])
        done = trees_read
        lost = np.full(len(flat), -np.inf)
        lost[left] = odds[left]
        standing = lost.reshape(rows, most)
        left = np.flatnonzero(standing >= standing.max(axis=1, keepdims=True) - behind)
    choice = standing.argmax(axis=1)
    return choice, expit(standing[np.arange(rows), choice])


def _add(odds: Floats, flat: npt.NDArray[np.float32], left: Integers, trees: list[Any]) -> None:
    """Add to the odds of some rows what trees say of them, a cacheful at a time."""
    none = np.zeros((0, 8), np.uint32)
    places = np.zeros(flat.shape[1], np.uint32)
    for start in range(0, len(left), _CACHED):
        own = left[start : start + _CACHED]
        rows, sums = flat[own].astype(np.float64), odds[own]
        for tree in trees:
            sums += tree.predict(rows, none, places, 1)
        odds[own] = sums


def _one_thread() -> AbstractContextManager[object]:
    limited: AbstractContextManager[object] = _threads().limit(limits=1, user_api="openmp")
    return limited


@cache
def _threads() -> ThreadpoolController:
    # To look for the libraries takes milliseconds, so once, when they are loaded.
    import sklearn.ensemble  # noqa: F401

    return ThreadpoolController()
