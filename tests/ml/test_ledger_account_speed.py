"""What is done otherwise to be fast says exactly what the plain way says."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from ml.ledger_account import predict
from ml.ledger_account.candidates import candidates
from ml.ledger_account.columns import purchases
from ml.ledger_account.fingerprints import FEW, parts
from ml.ledger_account.training import best
from ml.ledger_account.wording import _ngrams, probabilities
from ml.softmax import BUCKETS


@given(st.lists(st.text("ab é\tß&4漢 ", max_size=14), min_size=1, max_size=6))
def test_ngrams_by_word_are_those_of_the_whole_name(names: list[str]):
    plain = HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), n_features=BUCKETS, alternate_sign=False,
        norm="l2", dtype=np.float32,
    ).transform(names)  # fmt: skip
    found = _ngrams(names)
    assert found.shape == plain.shape
    assert found.dtype == np.float32
    assert (found != plain).nnz == 0


def test_the_rankers_trees_are_summed_as_by_scikit_learn(model, books):
    rows = purchases(books.drop("account"))
    facts = parts(rows)
    found = candidates(probabilities(rows, facts, model.softmax.weights), facts, model.memory)
    flat = found.features.reshape(-1, found.features.shape[-1])
    plain = model.ranker.predict_proba(flat)[:, 1].reshape(found.accounts.shape)
    choice, score = best(model.ranker, found.features)
    assert (choice == plain.argmax(axis=1)).all()
    np.testing.assert_array_equal(score, plain.max(axis=1))


def test_a_few_purchases_are_answered_as_among_many(model, books):
    rows = books.drop("account")[: 4 * FEW]
    strange = rows[:1].with_columns(
        pl.lit("7-eleven  42 ").alias("merchant"), pl.lit(None, pl.String).alias("unit")
    )
    rows = pl.concat([rows, strange])
    together = predict(model, rows)
    alone = pl.concat([predict(model, rows[at : at + 1]) for at in range(rows.height)])
    told = ["value", "evidence", "abstained"]
    assert alone.select(told).rows() == together.select(told).rows()
    assert together["evidence"][-1].startswith("New merchant")
