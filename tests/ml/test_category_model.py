"""The model of names: no name on two sides, the same from the same, and through its artifact."""

import numpy as np
import polars as pl
import pytest

from core.errors import ConflictError, InvalidInputError
from ml.artifacts import dump
from ml.category import evaluation
from ml.category.evaluation import by_country, keywords, measured
from ml.category.examples import Example, examples, side_of
from ml.category.training import learn
from ml.category.wording import WordingModel, from_artifact


@pytest.fixture(scope="module")
def few() -> dict[str, list[Example]]:
    """Restaurants and hairdressers by telling words alone: small, so that tests stay cheap."""
    wanted = ("food_and_drink.restaurants", "personal_care.beauty", "transportation.parking")
    made = [e for e in examples() if e.origin == "made up" and e.category in wanted]
    sides: dict[str, list[Example]] = {"training": [], "calibration": [], "test": []}
    for example in made:
        sides[side_of(example.merchant)].append(example)
    return sides


@pytest.fixture(scope="module")
def model(few) -> WordingModel:
    return learn(few["training"], few["calibration"])


def test_no_merchant_stands_on_two_sides():
    sides: dict[str, set[str]] = {}
    for example in examples():
        sides.setdefault(example.merchant, set()).add(side_of(example.merchant))
    assert max(map(len, sides.values())) == 1
    shares = [side_of(merchant) for merchant in sides]
    assert 0.10 < shares.count("test") / len(shares) < 0.14


def test_telling_words_are_learned_and_the_artifact_answers_alike(model, few):
    found = measured(model, few["test"])
    assert found["accuracy"] > found["baseline_most_frequent"] + 0.3
    assert sum(band["rows"] for band in found["reliability"]) == found["examples"]
    artifact = model.to_artifact()
    again = from_artifact(artifact.content, artifact.sha256)
    keys = [example.key for example in few["test"]]
    assert (again.guess(keys)[0] == model.guess(keys)[0]).mean() > 0.99  # half precision
    assert again.version == model.version


def test_confidence_is_calibrated_on_real_names_where_there_are_any(few):
    """Made-up names hold a telling word: what is right among them says nothing of a brand."""
    real = [Example(e.key, "transportation.parking", "listed", e.merchant)
            for e in few["calibration"] if e.category != "transportation.parking"]  # fmt: skip
    trusting = learn(few["training"], few["calibration"])
    wary = learn(few["training"], [*few["calibration"], *real])
    keys = [example.key for example in few["test"]]
    assert np.array_equal(trusting.guess(keys)[0], wary.guess(keys)[0])
    assert trusting.calibration == learn(few["training"], few["calibration"]).calibration
    assert wary.calibration == learn(few["training"], real).calibration
    assert wary.guess(keys)[1].mean() < trusting.guess(keys)[1].mean()


def test_the_same_examples_give_the_same_model(model, few):
    again = learn(few["training"], few["calibration"])
    assert again.version == model.version
    assert np.array_equal(again.weights, model.weights)


def test_other_bytes_and_other_models_are_refused(model):
    artifact = model.to_artifact()
    with pytest.raises(ConflictError, match="hash"):
        from_artifact(artifact.content + b"x", artifact.sha256)
    other = dump({"facet": "horoscope"})
    with pytest.raises(InvalidInputError, match="category"):
        from_artifact(other.content, other.sha256)


def test_the_keyword_baseline_answers_by_the_longest_word():
    said = keywords(["smith coffee house", "novak dry cleaning", "qwertz"])
    assert said.tolist() == ["food_and_drink.coffee", "personal_care.laundry", ""]


def test_reviewed_feedback_enters_the_training():
    from ml.category import training

    said = pl.DataFrame({"merchant": ["QWERTZ 123", "X"], "value": ["travel.lodging", "no such"]})
    assert training._said(said) == [Example("qwertz", "travel.lodging", "listed", "qwertz")]


def test_a_slice_holds_the_names_of_one_country_and_small_ones_are_left_out(model, monkeypatch):
    def listed(merchant: str, times: int) -> list[Example]:
        return [Example(merchant, "personal_care.beauty", "listed", merchant)] * times

    monkeypatch.setattr(evaluation, "LEAST_SLICE", 3)
    test = [*listed("migros bank", 3), *listed("migros", 4), *listed("migross", 2)]
    found = by_country(model, test)
    assert [(one["country"], one["examples"]) for one in found] == [("several", 4), ("ch", 3)]
    (alone,) = [one for one in found if one["country"] == "ch"]
    whole = measured(model, listed("migros bank", 3))
    assert {name: whole[name] for name in alone if name != "country"} == {
        name: value for name, value in alone.items() if name != "country"
    }


@pytest.mark.parametrize(
    "key", ["kowalski bakery", "b", "", "中 文", "baker baker baker", "smith coffee & house"]
)
def test_one_name_is_guessed_as_among_others(model, key):
    (best,), (sure,), _ = model.guess([key])
    name, alone = model.guess_one(key)
    assert name == model.names[best]
    assert alone == pytest.approx(sure, abs=1e-6)
