"""What does a merchant's name sound like? A model of names for merchants that no list knows.

Character n-grams and words of the name's key, hashed, into a softmax over categories; its top
probability is flattened into a share that was right among merchants it had never seen
(`ml.category.training`). A name without a telling word has none: then the confidence says so.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInputError
from ml.artifacts import Artifact, dump, load
from ml.ledger_account.calibration import Calibration
from ml.softmax import Floats as Vector
from ml.softmax import Matrix, Softmax, softmax

NAME = "category"
BUCKETS = 2**17

Floats = npt.NDArray[np.float64]


def features(keys: list[str]) -> Matrix:
    """Return the sparse features of merchants' keys, one row each."""
    characters, words = _vectorizer("char_wb", 3, 5), _vectorizer("word", 1, 2)
    return (characters.transform(keys) + words.transform(keys)).tocsr()


def features_of(key: str) -> tuple[npt.NDArray[np.int64], Vector]:
    """Return buckets and values of one key: a row of `features`, a bucket once per kind."""
    from sklearn.utils import murmurhash3_32  # where it is used: 100 MB

    buckets: list[int] = []
    values: list[float] = []
    for vectorizer in (_vectorizer("char_wb", 3, 5), _vectorizer("word", 1, 2)):
        counts: dict[int, int] = {}
        for gram in _analyzer(vectorizer)(key):
            # As scikit-learn's hasher folds a signed hash.
            bucket = abs(murmurhash3_32(gram, seed=0)) % BUCKETS
            counts[bucket] = counts.get(bucket, 0) + 1
        length = math.sqrt(sum(count * count for count in counts.values())) or 1.0
        buckets += counts
        values += [count / length for count in counts.values()]
    return np.array(buckets, np.int64), np.array(values, np.float32)


@cache
def _analyzer(vectorizer: Any) -> Callable[[str], list[str]]:
    built: Callable[[str], list[str]] = vectorizer.build_analyzer()
    return built


@cache
def _vectorizer(analyzer: str, shortest: int, longest: int) -> Any:
    # Here, not above: 100 MB, for processes that only name facets (the API, Dagster's contents).
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer=analyzer, ngram_range=(shortest, longest), n_features=BUCKETS,
        alternate_sign=False, norm="l2", dtype=np.float32,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WordingModel:
    """Weights of names, one column per category, and what its confidence is worth."""

    names: list[str]
    weights: npt.NDArray[np.float32]
    calibration: Calibration
    version: str

    def guess(self, keys: list[str]) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
        """Return each key's best category, its calibrated confidence, and the group's.

        The group's confidence is that of all its members together, flattened alike.
        """
        found = self.probabilities(keys)
        best = found.argmax(axis=1) if found.size else np.zeros(0, np.int64)
        score = found[np.arange(len(keys)), best].astype(np.float64)
        return best, self.calibration.apply(score), score

    def guess_one(self, key: str) -> tuple[str, float]:
        """Return one key's best category and its calibrated confidence, as `guess` does.

        Without scikit-learn's checks and sparse matrices, which take ten times as long as a name.
        """
        buckets, values = features_of(key)
        (found,) = softmax((values @ self.weights[buckets])[None])
        best = int(found.argmax())
        (sure,) = self.calibration.apply(found[best : best + 1].astype(np.float64))
        return self.names[best], float(sure)

    def probabilities(self, keys: list[str]) -> npt.NDArray[np.float32]:
        """Return one probability per category, as the softmax has it."""
        return Softmax(weights=self.weights).probabilities(features(keys))

    def to_artifact(self) -> Artifact:
        """Write the model as skops bytes with their hash."""
        used = np.flatnonzero(np.abs(self.weights).max(axis=1, initial=0) > 0)
        return dump(
            {
                "facet": NAME, "version": self.version, "names": self.names, "buckets": used,
                # Half precision: a quarter of the digits would do for a choice among names.
                "weights": self.weights[used].astype(np.float16),
                "calibration": [
                    self.calibration.slope, self.calibration.offset, self.calibration.threshold,
                ],
            }
        )  # fmt: skip


def from_artifact(content: bytes, sha256: str) -> WordingModel:
    """Open a model after its hash was checked.

    Raises
    ------
    ConflictError
        The bytes are not those of the registered model.
    InvalidInputError
        They are another facet's model.
    """
    stored = load(content, sha256)
    if stored.get("facet") != NAME:
        raise InvalidInputError(f"This is no {NAME} model.")
    weights = np.zeros((BUCKETS, stored["weights"].shape[1]), np.float32)
    weights[stored["buckets"]] = stored["weights"]
    return WordingModel(
        list(stored["names"]), weights, Calibration(*stored["calibration"]), stored["version"]
    )
