"""What is done otherwise to be fast says exactly what the plain way says."""

from types import SimpleNamespace

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from ml.ledger_account import model as ledger_account_model
from ml.ledger_account import predict
from ml.ledger_account.candidates import candidates
from ml.ledger_account.columns import purchases
from ml.ledger_account.fingerprints import FEW, parts
from ml.ledger_account.memory import _table
from ml.ledger_account.ranker import best
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


def test_a_candidate_far_behind_is_given_up_and_none_other():
    """By hand: trees that count for a candidate by its only number, eight and then eighty-two."""
    late = [SimpleNamespace(predict=lambda rows, *_: rows[:, 0] / 8)] * 8
    turn = [SimpleNamespace(predict=lambda rows, *_: -rows[:, 0])] * 82
    ranker = SimpleNamespace(
        _predictors=[[tree] for tree in (*late, *turn)], _baseline_prediction=np.array(0.0)
    )
    # After eight trees the log odds are the numbers themselves; after all, the least has the most.
    features = np.array([[[1.0], [3.5], [-1.5]], [[3.5], [1.0], [0.9]]], np.float32)
    choice, score = best(ranker, features)
    # 1.0 is 2.5 behind 3.5 and stays, what is further behind does not come back.
    assert choice.tolist() == [0, 1]
    np.testing.assert_allclose(score, 1 / (1 + np.exp(81.0)))


@given(
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), min_size=1, max_size=40),
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), max_size=40),
)
def test_what_is_remembered_is_found_and_nothing_else(known: list[int], asked: list[int]):
    keys = np.array(known, np.uint64)
    accounts = np.arange(len(keys))
    facts = SimpleNamespace(log_amount=np.zeros(len(keys)), day=np.zeros(len(keys), np.int64))
    table = _table(keys, facts, accounts, (np.ones(len(keys)), np.ones(len(keys))))
    wanted = [*asked, *known, 0, 2**64 - 1]
    newest = {key: account for account, key in enumerate(known)}
    at = table.find(np.array(wanted, np.uint64)[None, :])
    assert table.last_account[at].tolist() == [[newest.get(key, -1) for key in wanted]]
    assert table.times[at].tolist() == [[known.count(key) for key in wanted]]


def test_many_purchases_are_answered_in_even_chunks_as_one(model, books, monkeypatch):
    rows = books.drop("account").sample(301, seed=4)
    whole = predict(model, rows)
    asked = []
    chunk = ledger_account_model._predict_chunk
    monkeypatch.setattr(ledger_account_model, "_CHUNK", 100)
    monkeypatch.setattr(
        ledger_account_model,
        "_predict_chunk",
        lambda model, memory, rows: asked.append(rows.height) or chunk(model, memory, rows),
    )
    told = ["value", "evidence", "abstained"]
    assert predict(model, rows).select(told).rows() == whole.select(told).rows()
    assert sorted(asked) == [73, 76, 76, 76]


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
