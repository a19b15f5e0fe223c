"""How is the model of names trained and measured? On one side of the names, tested on another.

The test names are frozen: a challenger is measured on the same ones as the champion
(`ml.store.register`). Learning takes seconds: the rows are in the package.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl

from ml.category.evaluation import measures, score_of
from ml.category.examples import Example, examples, side_of
from ml.category.taxonomy import codes
from ml.category.wording import BUCKETS, NAME, WordingModel, features
from ml.facet import Trained
from ml.ledger_account.calibration import Calibration, calibrate
from ml.merchants import parse
from ml.softmax import Softmax

# Rules and rows: a new one has every installation train anew.
RECIPE = "category-2"
ROUNDS = 2


def train(rows: pl.DataFrame, feedback: pl.DataFrame) -> Trained:
    """Train from the package's rows and reviewed corrections.

    Parameters
    ----------
    rows
        Unused: nothing of any workspace enters this model but what was reviewed.
    feedback
        Reviewed corrections: `merchant`, `value`.
    """
    known = [*examples(), *_said(feedback)]
    sides: dict[str, list[Example]] = {"training": [], "calibration": [], "test": []}
    for example in known:
        sides[side_of(example.merchant)].append(example)
    model = learn(sides["training"], sides["calibration"])
    measured = measures(model, sides["test"], known=len(sides["training"]))
    return Trained(model.to_artifact(), model.version, score_of(measured), measured)


def learn(training: Sequence[Example], calibration: Sequence[Example]) -> WordingModel:
    """Learn names from some examples, and what the confidence is worth from others.

    Deterministic: the same examples give the same model.
    """
    names = sorted({example.category for example in training} & codes())
    number = {name: index for index, name in enumerate(names)}
    usable = [example for example in training if example.category in number]
    truth = np.array([number[example.category] for example in usable], np.int64)
    matrix = features([example.key for example in usable])
    softmax = Softmax(
        weights=np.zeros((BUCKETS, len(names)), np.float32),
        curvature=np.full(BUCKETS, 1e-6, np.float32),
    )
    everything = np.arange(len(usable))
    for _ in range(ROUNDS):
        softmax.learn(matrix, truth, everything)
    digest = hashlib.sha256("\n".join(f"{e.key}\t{e.category}" for e in usable).encode())
    # Another way of learning the same examples makes another model.
    digest.update(softmax.weights.astype(np.float16).tobytes())
    raw = WordingModel(names, softmax.weights, Calibration(), f"{RECIPE}-{digest.hexdigest()[:12]}")
    # Made-up names are easier than real ones: among them confidence would promise too much.
    real = [example for example in calibration if example.origin == "listed"] or calibration
    best, _, score = raw.guess([example.key for example in real])
    right = np.array([names[b] for b in best]) == np.array([e.category for e in real])
    return WordingModel(names, raw.weights, calibrate(score, right), raw.version)


def _said(feedback: pl.DataFrame) -> list[Example]:
    if not feedback.height:
        return []
    keys = parse(feedback["merchant"])["key"]
    return [
        Example(key, value, "listed", key)
        for key, value in zip(keys, feedback["value"], strict=True)
        if value in codes()
    ]


assert NAME == "category"
