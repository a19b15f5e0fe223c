"""The facet learns whatever books it is given, says how sure it is, and never looks ahead."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from core.errors import ConflictError, InvalidInputError
from ml.ledger_account import model as ledger_model
from ml.ledger_account import predict, train
from ml.ledger_account.columns import purchases
from ml.ledger_account.evaluation import PROTOCOLS, replay
from ml.ledger_account.fingerprints import parts
from ml.ledger_account.model import from_artifact
from ml.ledger_account.training import Training, block_ends
from ml.ledger_account.wording import feature_matrix, probabilities
from ml.results import SCHEMA
from ml.softmax import softmax


def purchase(merchant: str, unit: str = "office", amount_minor: int = -2_500) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "provider": ["plaid"],
            "merchant": [merchant],
            "amount_minor": [amount_minor],
            "booked_on": [date(2023, 12, 5)],
            "unit": [unit],
        }
    )


def december(books: pl.DataFrame) -> pl.DataFrame:
    return books.filter(pl.col("booked_on") >= pl.date(2023, 12, 1))


def test_the_month_after_training_is_booked_by_the_rules_of_the_books(model, books):
    unseen = december(books)
    answers = predict(model, unseen.drop("account"))
    assert dict(answers.schema) == SCHEMA
    assert answers["value"].to_list() == unseen["account"].to_list()
    assert answers["abstained"].sum() == 0
    assert answers["confidence"].min() > 0.9


def test_unit_and_amount_decide_where_the_merchant_alone_cannot(model):
    rows = pl.concat(
        [
            purchase("city florist", "events"),
            purchase("city florist", "office"),
            purchase("everything store", amount_minor=-300),
            purchase("everything store", amount_minor=-70_000),
        ]
    )
    assert predict(model, rows)["value"].to_list() == [
        "Hospitality", "Decoration", "Supplies", "Equipment",
    ]  # fmt: skip


def test_evidence_counts_the_past_codings(model, books):
    past = books.filter(
        (pl.col("booked_on") < pl.date(2023, 12, 1))
        & (pl.col("merchant") == "city florist")
        & (pl.col("unit") == "events")
    )
    times = past.height
    answer = predict(model, purchase("City Florist", "events"))
    assert answer["evidence"].to_list() == [
        f"'city florist' in 'events' was booked so {times} of {times} times."
    ]


def test_another_branch_of_a_known_merchant_is_recognised(model):
    answer = predict(model, purchase("shell kings 901"))
    assert answer["value"].to_list() == ["Fuel"]
    assert answer["evidence"][0].startswith("Merchants like 'shell kings' in 'office'")


def test_a_merchant_never_seen_is_less_certain_than_a_known_one(model):
    rows = pl.concat([purchase("zzyzx qwrt"), purchase("trainline.com")])
    strange, known = predict(model, rows)["confidence"]
    assert strange < 0.7 < known
    assert predict(model, purchase("zzyzx qwrt"))["abstained"].to_list() == [True]


def test_an_answer_does_not_depend_on_what_stands_beside_it(model, books):
    unseen = december(books).drop("account")
    together = predict(model, unseen)
    for position in (0, 17, unseen.height - 1):
        alone = predict(model, unseen[position : position + 1])
        assert alone["value"][0] == together["value"][position]
        assert alone["confidence"][0] == pytest.approx(together["confidence"][position], abs=1e-6)


def test_training_is_deterministic_and_names_of_accounts_mean_nothing(model, books):
    """The same books under another chart of accounts get the same answers, renamed."""
    past = books.filter(pl.col("booked_on") < pl.date(2023, 12, 1))
    chart = {name: f"{4000 + i} x" for i, name in enumerate(sorted(set(past["account"])))}
    renamed = train(past.with_columns(pl.col("account").replace_strict(chart)))
    unseen = december(books).drop("account")
    ours, theirs = predict(model, unseen), predict(renamed, unseen)
    assert [chart[name] for name in ours["value"]] == theirs["value"].to_list()
    assert ours["confidence"].to_list() == theirs["confidence"].to_list()
    assert train(past).version == model.version


def test_one_more_month_continues_to_the_same_model_as_training_anew(books):
    """The rolling evaluation relies on it."""
    ends = block_ends(books["booked_on"])
    shorter, longer = Training(books[: ends[9]]), Training(books)
    for end in ends[:10]:
        shorter.advance(end)
        longer.advance(end)
    width = shorter.softmax.weights.shape[1]
    assert np.array_equal(shorter.softmax.weights, longer.softmax.weights[:, :width])
    for one, other in zip(shorter.examples, longer.examples, strict=True):
        assert np.array_equal(one.features, other.features, equal_nan=True)


def test_no_label_of_the_future_touches_an_evaluated_answer(books):
    """Scramble the labels of the last month: every earlier answer stays as it was."""
    cut = pl.date(2023, 12, 1)
    scrambled = books.with_columns(
        pl.when(pl.col("booked_on") >= cut)
        .then(pl.lit("Fuel"))
        .otherwise("account")
        .alias("account")
    )
    honest, other = replay(books, 3).rows, replay(scrambled, 3).rows
    answers = [f"{name}_{part}" for name in PROTOCOLS for part in ("value", "confidence")]
    before = pl.col("booked_on") < cut
    assert honest.filter(before).select(answers).equals(other.filter(before).select(answers))
    # December's own answers come from before December, except where weekly corrections enter.
    december_ = [name for name in answers if not name.startswith("weekly")]
    assert honest.filter(~before).select(december_).equals(other.filter(~before).select(december_))
    assert not honest["weekly_confidence"].equals(other["weekly_confidence"])


def test_a_correction_counts_at_once_and_only_in_the_corrected_model(model):
    new = purchase("harbour crane hire")
    before = predict(model, new)
    coded = pl.concat([new.with_columns(pl.lit("Plant hire").alias("account"))] * 3)
    corrected = model.corrected(coded)
    answer = predict(corrected, new)
    assert before["value"][0] != "Plant hire"
    assert answer["value"].to_list() == ["Plant hire"]
    assert answer["evidence"].to_list() == [
        "'harbour crane hire' in 'office' was booked so 3 of 3 times."
    ]
    assert answer["model_version"][0] != model.version
    assert predict(model, new).equals(before)


def test_the_artifact_answers_as_the_model_and_is_opened_only_with_its_hash(model, books):
    artifact = model.to_artifact()
    unseen = december(books).drop("account")
    assert predict(from_artifact(artifact.content, artifact.sha256), unseen).equals(
        predict(model, unseen)
    )
    with pytest.raises(ConflictError, match="registered hash"):
        from_artifact(artifact.content + b" ", artifact.sha256)


@pytest.mark.parametrize("coded", [0, 1, 40])
def test_a_young_workspace_gets_proposals_but_nothing_is_booked_for_it(books, coded):
    answers = predict(train(books[:coded]), december(books).drop("account"))
    assert answers["abstained"].all()
    assert answers["value"].null_count() == (answers.height if coded == 0 else 0)
    assert answers["confidence"].is_between(0, 1).all()


def test_rows_without_unit_amount_or_letters_are_answered(model):
    rows = pl.DataFrame(
        {
            "provider": ["plaid"] * 3,
            "merchant": ["trainline.com", None, "4711"],
            "amount_minor": [None, None, 2**62],
            "booked_on": [date(2023, 12, 5)] * 3,
        },
        schema_overrides={"amount_minor": pl.Int64, "merchant": pl.String},
    )
    answers = predict(model, rows)
    assert answers["value"][0] == "Travel"
    assert answers["confidence"].is_finite().all()
    assert predict(model, rows[:0]).height == 0


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (purchase("x").drop("merchant"), "lack the column `merchant`"),
        (purchase("x").cast({"amount_minor": pl.Float64}), "`amount_minor` must be Int64"),
        (purchase("x").with_columns(pl.lit(None, pl.Date).alias("booked_on")), "no date"),
    ],
)
def test_unreadable_rows_are_refused(model, broken, message):
    with pytest.raises(InvalidInputError, match=message):
        predict(model, broken)


def test_the_wording_is_weighed_without_the_matrix_as_with_it(model, books):
    """Scoring weighs what merchant and unit say once; training put the whole matrix together."""
    rows = purchases(december(books).drop("account"))
    facts = parts(rows)
    whole = softmax(feature_matrix(rows, facts) @ model.softmax.weights)
    found = probabilities(rows, facts, model.softmax.weights)
    assert np.allclose(found, whole, atol=1e-6)


def test_purchases_scored_in_several_chunks_keep_their_order(model, books, monkeypatch):
    unseen = december(books).drop("account")
    together = predict(model, unseen)
    monkeypatch.setattr(ledger_model, "_CHUNK", 7)
    apart = predict(model, unseen)
    assert apart.drop("confidence").equals(together.drop("confidence"))
    assert apart["confidence"].to_list() == pytest.approx(together["confidence"].to_list())
