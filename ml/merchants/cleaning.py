"""Which business is behind each row? The facet `merchant` on frames.

Rules, no training: what the rules cannot know (that two wordings without a common word are one
business) stays apart. Merging too little costs a little statistics; merging two businesses books
one as the other.
"""

from dataclasses import astuple, fields

import polars as pl

from core.errors import InvalidInputError
from ml.facet import Context, Facet
from ml.lineage import require_permitted
from ml.merchants.descriptors import Descriptor, take_apart
from ml.merchants.rules import GENERIC
from ml.results import results
from ml.transactions import IS_BANK_LINE

NAME = "merchant"
VERSION = "merchant-rules-1"
# Share of right merges in the inspected sample (docs/enrichment.md), stated for every answer.
CONFIDENCE = 0.95
# A name with fewer letters is a number or a code, not a business that one could recognise.
_LEAST_LETTERS = 3


def parse(descriptors: pl.Series) -> pl.DataFrame:
    """Take descriptors apart, each distinct text once.

    Parameters
    ----------
    descriptors
        Raw texts; a missing one gives empty fields.

    Returns
    -------
    polars.DataFrame
        The fields of `ml.merchants.descriptors.Descriptor`, row by row.

    Examples
    --------
    >>> parse(pl.Series(["PAYPAL *TWINKL LTD", "Twinkl"]))["merchant_id"].n_unique()
    1
    """
    names = [field.name for field in fields(Descriptor)]
    texts = descriptors.cast(pl.String).fill_null("")
    distinct = texts.unique(maintain_order=True)
    rows = [(text, *astuple(take_apart(text))) for text in distinct]
    table = pl.DataFrame(rows, schema=dict.fromkeys(["text", *names], pl.String()), orient="row")
    return (
        texts.to_frame("text")
        .join(table, on="text", how="left", maintain_order="left")
        .select(names)
    )


def merchant(frame: pl.DataFrame) -> pl.DataFrame:
    """Name the business behind each row.

    Parameters
    ----------
    frame
        Rows with `provider` and `merchant` (the raw descriptor).

    Returns
    -------
    polars.DataFrame
        As in `ml.results`; `value` is the clean name. Abstains where the text holds no name.
    """
    require_permitted(frame)
    if "merchant" not in frame.columns:
        raise InvalidInputError("The rows lack the column `merchant`.")
    found = parse(frame["merchant"])
    letters = found["key"].str.count_matches(r"\p{L}")
    named = (letters >= _LEAST_LETTERS) & ~found["key"].is_in(sorted(GENERIC))
    said = pl.DataFrame({"raw": frame["merchant"].cast(pl.String).fill_null("")}).hstack(found)
    words = said.select(
        pl.concat_str(
            pl.format("Read from '{}'", "raw"),
            *[
                pl.when(pl.col(column) != "")
                .then(pl.concat_str(pl.lit(f"; {column} "), pl.col(column)))
                .otherwise(pl.lit(""))
                for column in ("processor", "marketplace", "website", "phone", "reference")
            ],
            pl.lit("."),
        ).alias("evidence")
    )["evidence"]
    return results(
        NAME,
        value=found["name"],
        confidence=pl.select(pl.when(named).then(CONFIDENCE).otherwise(0.0).alias("c"))["c"],
        evidence=words,
        model_version=VERSION,
        abstained=~named,
    )


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet: lines of a bank or card; what a processor lists has a customer instead."""
    lines = frame.select(IS_BANK_LINE.alias("is_line"))["is_line"]
    value = pl.when(lines & (pl.col("value") != "")).then("value")
    return merchant(frame).with_columns(value.alias("value"))


FACET = Facet(
    name=NAME,
    says="The business behind the descriptor, as one would write it",
    answer=answer,
    version=VERSION,
)
