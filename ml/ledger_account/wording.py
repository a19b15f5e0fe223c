"""Which account do the merchant's wording and the context suggest, seen before or not?

Hashed features for a multinomial logistic model (`ml.softmax`): character 3- to 5-grams and words
of the merchant, and combinations with unit, amount, roundness and calendar. It learns in one pass
through time, block by block (a month), each block mixed with a sample of what came before. So the
prediction for a block before learning it is out of time by construction, the newest habits weigh
most, and next month's learning continues where this month's ended.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.ledger_account.fingerprints import FEW, Hashes, Parts, hash_texts, mix, taken
from ml.softmax import BUCKETS, Floats, Matrix, softmax

_CONTEXT_WEIGHT = np.float32(0.35)
# Which of the combinations of facts follow from merchant and unit alone, and which do not.
_COMBINATIONS = 21
_OF_MERCHANT = (0, 1, 2, 8, 9, 13, 14, 16)
_OF_PURCHASE = tuple(number for number in range(_COMBINATIONS) if number not in _OF_MERCHANT)


@cache
def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer  # where it is used: 100 MB

    return HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), n_features=BUCKETS, alternate_sign=False,
        norm=None, dtype=np.float32,
    )  # fmt: skip


def _ngrams(names: Sequence[str]) -> Matrix:
    """Return the n-grams of names, each row of length one.

    N-grams do not reach beyond a word, and names are made of few words: each is read once.
    """
    words_of = [name.split() for name in names]
    place: dict[str, int] = {}
    taken = [place.setdefault(word, len(place)) for words in words_of for word in words]
    ends = np.cumsum([0, *map(len, words_of)])
    if not place:
        return Matrix((len(names), BUCKETS), dtype=np.float32)
    ones = np.ones(len(taken), np.float32)
    chosen = Matrix((ones, np.array(taken, np.int32), ends), shape=(len(names), len(place)))
    found = (chosen @ _vectorizer().transform(list(place))).tocsr()
    found.sort_indices()
    squares = np.add.reduceat(
        np.append(found.data.astype(np.float64) ** 2, 0.0), np.minimum(found.indptr[:-1], found.nnz)
    )
    length = np.where(np.diff(found.indptr) > 0, np.sqrt(squares), 1.0)
    found.data = (found.data / np.repeat(length, np.diff(found.indptr))).astype(np.float32)
    return found


def feature_matrix(frame: pl.DataFrame, facts: Parts) -> Matrix:
    """Return the sparse features of purchases (of `columns.purchases`), one row each."""
    rows = frame.height
    merchants = frame["merchant"].unique(maintain_order=True)
    row_of = _positions(frame["merchant"], merchants)
    ngrams = _ngrams(merchants.to_list())[row_of] if rows else Matrix((0, BUCKETS))
    context = _contexts(facts, range(_COMBINATIONS))
    combined = (ngrams + context + _word_features(frame, facts)).tocsr()
    combined.sum_duplicates()
    return combined


def probabilities(frame: pl.DataFrame, facts: Parts, weights: Floats) -> Floats:
    """Return what a softmax of these weights makes of `feature_matrix`, row by row.

    The matrix is not put together: what merchant and unit say is weighed once for all rows that
    have the same, and the rest is added to it. Sums of floats differ in their last digits.
    """
    same = mix(facts.merchant, facts.unit)
    _, first, own = np.unique(same, return_index=True, return_inverse=True)
    rows, told = frame[first], taken(facts, first)
    logits = _ngrams(rows["merchant"].to_list()) @ weights
    logits += _contexts(told, _OF_MERCHANT) @ weights
    logits += _word_features(rows, told) @ weights
    logits = logits[own]
    logits += _contexts(facts, _OF_PURCHASE) @ weights
    return softmax(logits)


def _contexts(facts: Parts, numbers: Sequence[int]) -> Matrix:
    hashes = _context_hashes(facts, numbers)
    rows, width = hashes.shape
    return Matrix(
        (
            np.full(rows * width, _CONTEXT_WEIGHT),
            _buckets(hashes.ravel()),
            np.arange(rows + 1) * width,
        ),
        shape=(rows, BUCKETS),
    )


def _context_hashes(facts: Parts, numbers: Sequence[int]) -> Hashes:
    f = facts
    combinations: list[tuple[Hashes, ...]] = [
        (f.merchant,), (f.key,), (f.unit,), (f.band,), (f.roundness,), (f.month,), (f.weekday,),
        (f.amount,), (f.two_words,), (f.key, f.unit), (f.key, f.band), (f.unit, f.band),
        (f.first_word, f.band), (f.first_word, f.unit), (f.two_words, f.unit),
        (f.key, f.roundness), (f.merchant, f.unit), (f.key, f.unit, f.band), (f.key, f.amount),
        (f.unit, f.month), (f.key, f.weekend),
    ]  # fmt: skip
    return np.stack([mix(number, *combinations[number]) for number in numbers], axis=1)


def _word_features(frame: pl.DataFrame, facts: Parts) -> Matrix:
    if frame.height <= FEW:
        split = [key.split(" ") for key in frame["key"]]
        words = hash_texts(pl.Series([word for own in split for word in own], dtype=pl.String))
        row = np.repeat(np.arange(len(split)), [len(own) for own in split])
    else:
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
