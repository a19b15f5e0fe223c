"""Facets that are asked side by side say what they say one after the other, in the same order."""

import threading
from datetime import date

import polars as pl
import pytest

from ml import side_by_side
from ml.corrections import COLUMNS, like_keys
from ml.enriching import enriched
from ml.facet import Beyond
from ml.merchants import identified
from ml.registry import FACETS, with_those_before
from ml.side_by_side import histories_first, told
from ml.texts import Texts, alike
from tests.ml.sandbox_lines import bank_lines, world_of

TODAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    return bank_lines(world_of(11, customers=40))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of rows counts as many."""
    monkeypatch.setattr(side_by_side, "MANY", 1)


def test_side_by_side_is_one_after_the_other(lines, monkeypatch):
    """With a correction, of which other facets hear too, and with a part of a history."""
    keys = like_keys(lines, identified(Texts(alike(lines["merchant"]))))
    said = [("category", keys.drop_nulls()[0], "travel.lodging", TODAY)]
    corrections = pl.DataFrame(said, schema=COLUMNS, orient="row")
    asked = {"as_of": TODAY, "corrections": corrections}
    plain = list(enriched(lines, **asked))
    moves = {"transfer": dict(plain)["transfer"].drop("like_key")}
    part = Beyond(accounts=None, levels=None, answers=moves)
    plain_part = list(enriched(lines, facets=["recurring", "category"], beyond=part, **asked))
    monkeypatch.setattr(side_by_side, "MANY", 1)
    for alone, beside in (
        (plain, enriched(lines, **asked)),
        (plain_part, enriched(lines, facets=["recurring", "category"], beyond=part, **asked)),
    ):
        found = list(beside)
        assert [name for name, _ in found] == [name for name, _ in alone]
        for (name, one), (_, other) in zip(alone, found, strict=True):
            assert one.equals(other), name


def test_each_facet_is_asked_after_those_that_it_reads():
    order = [facet.name for facet in histories_first(FACETS, {})]
    assert sorted(order) == sorted(facet.name for facet in FACETS)
    for facet in FACETS:
        assert all(order.index(name) < order.index(facet.name) for name in facet.after)
    known = {"transfer": pl.DataFrame()}
    rest = [facet for facet in with_those_before(["anomaly"]) if facet.name != "transfer"]
    assert [facet.name for facet in histories_first(rest, known)] == [
        "merchant", "recurring", "category", "anomaly",
    ]  # fmt: skip


@pytest.mark.usefixtures("many")
def test_what_goes_wrong_is_raised_and_nothing_is_left_running():
    asked = []

    def ask(facet, found):
        asked.append(facet.name)
        if facet.name == "category":
            raise ValueError("no rules")
        return pl.DataFrame({"value": [facet.name]})

    found = told(FACETS, ask, {}, 10)
    assert next(found)[0] == "merchant"
    with pytest.raises(ValueError, match="no rules"):
        next(found)
    assert "tax_category" not in asked, "what reads a facet that failed is not asked"
    assert not [one for one in threading.enumerate() if one.name.startswith("facets")]


@pytest.mark.usefixtures("many")
def test_who_stops_listening_leaves_nothing_running():
    found = told(FACETS, lambda facet, _: pl.DataFrame({"value": [facet.name]}), {}, 10)
    assert next(found)[0] == "merchant"
    found.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("facets")]
