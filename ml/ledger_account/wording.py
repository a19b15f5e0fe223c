"""Which account do the merchant's wording and the context suggest, seen before or not?

A multinomial logistic model over hashed features: character 3- to 5-grams and words of the
merchant, and combinations with unit, amount, roundness and calendar. It learns in one pass through
time, block by block (a month), each block mixed with a sample of what came before. So the
prediction for a block before learning it is out of time by construction, the newest habits weigh
most, and next month's learning continues where this month's ended.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sparse
from sklearn.feature_extraction.text import HashingVectorizer

from ml.ledger_account.fingerprints import Hashes, Parts, hash_texts, mix

BUCKETS = 2**18
_CONTEXT_WEIGHT = np.float32(0.35)
_BATCH = 512
_CHUNK = 8192

Floats = npt.NDArray[np.float32]
Matrix: TypeAlias = sparse.csr_matrix

_NGRAMS = HashingVectorizer(
    analyzer="char_wb", ngram_range=(3, 5), n_features=BUCKETS, alternate_sign=False,
    norm="l2", dtype=np.float32,
)  # fmt: skip


def feature_matrix(frame: pl.DataFrame, facts: Parts) -> Matrix:
    """Return the sparse features of purchases (of `columns.purchases`), one row each."""
    contexts = _context_hashes(facts)
    rows = frame.height
    width = contexts.shape[1]
    merchants = frame["merchant"].unique(maintain_order=True)
    row_of = _positions(frame["merchant"], merchants)
    ngrams = _NGRAMS.transform(merchants.to_list())[row_of] if rows else Matrix((0, BUCKETS))
    context = Matrix(
        (
            np.full(rows * width, _CONTEXT_WEIGHT),
            _buckets(contexts.ravel()),
            np.arange(rows + 1) * width,
        ),
        shape=(rows, BUCKETS),
    )
    combined = (ngrams + context + _word_features(frame, facts)).tocsr()
    combined.sum_duplicates()
    return combined


def _context_hashes(facts: Parts) -> Hashes:
    f = facts
    combinations: list[tuple[Hashes, ...]] = [
        (f.merchant,), (f.key,), (f.unit,), (f.band,), (f.roundness,), (f.month,), (f.weekday,),
        (f.amount,), (f.two_words,), (f.key, f.unit), (f.key, f.band), (f.unit, f.band),
        (f.first_word, f.band), (f.first_word, f.unit), (f.two_words, f.unit),
        (f.key, f.roundness), (f.merchant, f.unit), (f.key, f.unit, f.band), (f.key, f.amount),
        (f.unit, f.month), (f.key, f.weekend),
    ]  # fmt: skip
    return np.stack([mix(i, *parts) for i, parts in enumerate(combinations)], axis=1)


def _word_features(frame: pl.DataFrame, facts: Parts) -> Matrix:
    exploded = (
        frame.select(pl.col("key").str.split(" ").alias("word"))
        .with_row_index("row")
        .explode("word")
        .with_columns(pl.col("word").fill_null(""))
    )
    words = hash_texts(exploded["word"])
    row = exploded["row"].to_numpy().astype(np.int64)
    bucket = np.concatenate([_buckets(mix(101, words)), _buckets(mix(102, words, facts.unit[row]))])
    values = np.full(2 * len(words), _CONTEXT_WEIGHT)
    return Matrix((values, (np.concatenate([row, row]), bucket)), shape=(frame.height, BUCKETS))


def _buckets(hashes: Hashes) -> npt.NDArray[np.int32]:
    return (hashes & np.uint64(BUCKETS - 1)).astype(np.int32)


def _positions(values: pl.Series, distinct: pl.Series) -> npt.NDArray[np.int64]:
    table = pl.DataFrame({"value": distinct}).with_row_index("row")
    joined = values.to_frame("value").join(table, on="value", how="left", maintain_order="left")
    return joined["row"].to_numpy().astype(np.int64)


@dataclass(slots=True)
class Softmax:
    """Weights of a multinomial logistic model that learns block after block.

    Attributes
    ----------
    weights
        One row per bucket, one column per account; columns are added as accounts appear.
    curvature
        Summed squared gradients per bucket (AdaGrad), decayed per block so that learning never
        freezes.
    blocks
        How many blocks were learned; also the seed of the next one's order.
    """

    weights: Floats = field(default_factory=lambda: np.zeros((BUCKETS, 0), np.float32))
    curvature: Floats = field(default_factory=lambda: np.full(BUCKETS, 1e-6, np.float32))
    blocks: int = 0

    RATE = 0.2
    PASSES = 2
    REPLAY = 0.5
    DECAY = 0.9

    def probabilities(self, features: Matrix) -> Floats:
        """Return one probability per known account, row by row."""
        found = np.empty((features.shape[0], self.weights.shape[1]), np.float32)
        for start in range(0, features.shape[0], _CHUNK):
            found[start : start + _CHUNK] = _softmax(
                features[start : start + _CHUNK] @ self.weights
            )
        return found

    def learn(
        self, features: Matrix, accounts: npt.NDArray[np.int64], new: npt.NDArray[np.int64]
    ) -> None:
        """Learn the rows `new`, mixed with a sample of the rows before them.

        Parameters
        ----------
        features, accounts
            Everything up to and including the block, in time order.
        new
            Positions of the block's rows.
        """
        self._widen(int(accounts[: new[-1] + 1].max()) + 1)
        draw = np.random.default_rng(self.blocks)
        earlier = int(new[0])
        for _ in range(self.PASSES):
            sample = draw.choice(
                earlier, min(earlier, int(self.REPLAY * len(new))), replace=False
            ) if earlier else new[:0]  # fmt: skip
            order = draw.permutation(np.concatenate([new, sample]))
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                self._step(features[batch], accounts[batch])
        self.curvature *= np.float32(self.DECAY)
        self.blocks += 1

    def _step(self, features: Matrix, accounts: npt.NDArray[np.int64]) -> None:
        touched, position = np.unique(features.indices, return_inverse=True)
        narrow = Matrix(
            (features.data, position.astype(np.int32), features.indptr),
            shape=(features.shape[0], len(touched)),
        )
        error = _softmax(narrow @ self.weights[touched])
        error[np.arange(len(accounts)), accounts] -= 1
        gradient = narrow.T @ error
        self.curvature[touched] += (gradient * gradient).sum(axis=1)
        scale = np.float32(self.RATE) / np.sqrt(self.curvature[touched])
        self.weights[touched] -= scale[:, None] * gradient

    def _widen(self, accounts: int) -> None:
        missing = accounts - self.weights.shape[1]
        if missing > 0:
            self.weights = np.hstack([self.weights, np.zeros((BUCKETS, missing), np.float32)])


def _softmax(logits: Floats) -> Floats:
    logits -= logits.max(axis=1, keepdims=True) if logits.shape[1] else 0
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits
