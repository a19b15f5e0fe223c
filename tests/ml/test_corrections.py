"""A user's word goes before any rule, for the rows alike, and for nothing else."""

from datetime import date

import polars as pl

from ml.corrections import COLUMNS, corrected
from ml.enriching import enrich
from tests.ml.test_facets import TODAY, lines

ROWS = lines("SQ *BLUE BOTTLE 8442", "BLUE BOTTLE 17", "SHELL 12345")


def said(*rows: tuple[str, str, str, date]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def key_of(row: int) -> str:
    return str(enrich(ROWS, as_of=TODAY, facets=["merchant"])["merchant"]["like_key"][row])


def test_a_correction_answers_for_the_rows_alike_and_the_later_one_wins():
    words = said(
        ("merchant", key_of(0), "Blue Bottle Coffee", date(2024, 5, 20)),
        ("merchant", key_of(0), "Bottle", date(2024, 5, 19)),
        ("recurring", key_of(0), "monthly", date(2024, 5, 21)),
    )
    found = enrich(ROWS, as_of=TODAY, facets=["merchant"], corrections=words)["merchant"]
    assert found["value"].to_list() == ["Blue Bottle Coffee", "Blue Bottle Coffee", "Shell"]
    assert found.row(0, named=True) == {
        "facet": "merchant", "value": "Blue Bottle Coffee", "confidence": 1.0,
        "evidence": "You said so of such rows on 2024-05-20.", "model_version": "feedback",
        "abstained": False, "like_key": key_of(0),
    }  # fmt: skip


def test_the_other_direction_of_money_is_not_alike():
    refund = ROWS[:1].with_columns(pl.lit(475).alias("amount_minor"))
    words = said(("merchant", key_of(0), "Blue Bottle Coffee", date(2024, 5, 20)))
    found = enrich(refund, as_of=TODAY, facets=["merchant"], corrections=words)["merchant"]
    assert found["value"].to_list() == ["Blue Bottle"]


def test_rows_without_a_merchant_are_never_alike():
    rows = lines(None, "1234")
    found = enrich(rows, as_of=TODAY, facets=["merchant"])["merchant"]
    assert found["like_key"].to_list() == [None, None]
    words = pl.DataFrame(
        {"facet": ["merchant"], "like_key": [None], "value": ["X"], "said_on": [TODAY]},
        schema=COLUMNS,
    )
    answers = found.drop("like_key")
    assert corrected("merchant", answers, found["like_key"], words).equals(answers)
