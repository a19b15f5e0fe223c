"""What holds of every registered facet, by its being registered."""

from datetime import date

import polars as pl
import pytest

from core.errors import ForbiddenError, NotFoundError
from ml.enriching import enrich
from ml.registry import FACETS, facet_of, with_those_before
from ml.results import SCHEMA
from ml.transactions import COLUMNS, prepared

TODAY = date(2024, 6, 1)
NAMES = [facet.name for facet in FACETS]


def lines(*texts: str | None, provider: str = "plaid") -> pl.DataFrame:
    """A workspace's card purchases, one a week."""
    return pl.DataFrame(
        {
            "provider": provider,
            "connection_id": "conn_a",
            "id": [f"t{number}" for number in range(len(texts))],
            "account_id": "card",
            "type": "card_payment",
            "status": "succeeded",
            "amount_minor": [-475 - number for number in range(len(texts))],
            "currency": "USD",
            "merchant": pl.Series(texts, dtype=pl.String),
            "booked_on": [date(2024, 5, 1 + number) for number in range(len(texts))],
        }
    )


def test_names_are_told_apart_and_each_stands_behind_what_it_reads():
    assert len(set(NAMES)) == len(NAMES)
    for place, facet in enumerate(FACETS):
        assert set(facet.after) <= set(NAMES[:place]), facet.name
        assert facet.says, facet.name
        assert len(facet.card) > 100, f"{facet.name} has no model card"


def test_what_a_facet_reads_is_asked_too_and_an_unknown_one_is_named():
    assert [facet.name for facet in with_those_before(["recurring"])] == ["merchant", "recurring"]
    with pytest.raises(NotFoundError, match="'horoscope'"):
        facet_of("horoscope")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "texts",
    [(), (None,), ("SQ *BLUE BOTTLE 8442", None, "", "****", "日本語", "NETFLIX.COM 866-579-7172")],
    ids=["no row", "no text", "odd texts"],
)
def test_every_facet_answers_row_for_row_in_one_schema_untrained(name: str, texts):
    found = enrich(lines(*texts), as_of=TODAY, facets=[name])[name]
    assert {key: found.schema[key] for key in SCHEMA} == SCHEMA
    assert found.height == len(texts)
    assert found["confidence"].is_between(0, 1).all()
    assert not found["confidence"].is_nan().any()
    said = found.filter(pl.col("value").is_not_null())
    assert (said["facet"] == name).all()
    assert (said["evidence"] != "").all(), "a finding says why"
    assert (said["model_version"] != "").all(), "and whose it is"


def test_an_amount_whose_magnitude_is_not_held_stops_no_facet():
    """One such row in a warehouse must not keep a workspace from being scored."""
    least, most = -(2**63), 2**63 - 1
    rows = lines(*["SQ *BLUE BOTTLE 8442"] * 6).with_columns(
        pl.Series("amount_minor", [least, least, 0, most, -475, -475]),
        pl.Series("original_amount_minor", [least, 1, None, most, None, None]),
        pl.Series("fee_minor", [None, least, 0, None, None, None], dtype=pl.Int64),
    )
    assert {
        name: found.height for name, found in enrich(rows, as_of=TODAY).items()
    } == dict.fromkeys(NAMES, 6)
    assert prepared(rows)["amount_minor"].to_list() == [-most, -most, 0, most, -475, -475]


@pytest.mark.parametrize("facet", [f for f in FACETS if f.reads == "row"], ids=lambda f: f.name)
def test_a_facet_of_single_rows_answers_a_row_alike_alone_and_among_others(facet):
    rows = lines("SQ *BLUE BOTTLE 8442", "SHELL 12345 AUSTIN TX", "GITHUB, INC.", None)
    together = enrich(rows, as_of=TODAY, facets=[facet.name])[facet.name]
    apart = [
        enrich(rows[row], as_of=TODAY, facets=[facet.name])[facet.name]
        for row in range(rows.height)
    ]
    assert together.equals(pl.concat(apart))


@pytest.mark.parametrize("name", NAMES)
def test_no_facet_takes_a_row_of_xero(name: str):
    with pytest.raises(ForbiddenError, match="xero"):
        enrich(lines("SHELL", provider="xero"), as_of=TODAY, facets=[name])


def test_the_frame_has_every_column_whatever_came():
    frame = prepared(lines("SHELL").select("provider", "id", "amount_minor", "currency"))
    assert dict(frame.schema) == COLUMNS
    assert frame.drop("provider", "id", "amount_minor", "currency").null_count().row(0) == (1,) * (
        len(COLUMNS) - 4
    )
