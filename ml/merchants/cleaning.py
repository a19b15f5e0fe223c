"""Which business is behind each row? The facet `merchant` on frames.

Rules, no training: what the rules cannot know (that two wordings without a common word are one
business) stays apart. Merging too little costs a little statistics; merging two businesses books
one as the other.
"""

from dataclasses import astuple, fields, replace
from functools import lru_cache

import polars as pl

from core.errors import InvalidInputError
from ml.facet import Context, Facet
from ml.lineage import require_permitted
from ml.merchants import known
from ml.merchants.descriptors import Descriptor, merchant_id, merchant_key, take_apart
from ml.merchants.rules import GENERIC
from ml.results import results
from ml.transactions import IS_BANK_LINE

NAME = "merchant"
VERSION = "merchant-rules-3"
# Share of right merges in the inspected sample (docs/enrichment.md), stated for every answer.
CONFIDENCE = 0.95
_SAID = ("processor", "marketplace", "website", "location")
_IDENTITY = ("name", "merchant_id", "key", *_SAID)
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
    rows = [(text, *_apart(text)) for text in distinct]
    table = pl.DataFrame(rows, schema=dict.fromkeys(["text", *names], pl.String()), orient="row")
    return (
        texts.to_frame("text")
        .join(table, on="text", how="left", maintain_order="left")
        .select(names)
    )


@lru_cache(maxsize=100_000)
def _apart(text: str) -> tuple[str, ...]:
    return astuple(recognised(take_apart(text)))


def recognised(found: Descriptor) -> Descriptor:
    """Return a descriptor under its merchant's own name and website, where the lists know it.

    Examples
    --------
    >>> recognised(take_apart("SHELL FIVEWAYS 387")).website
    'shell.com'
    """
    one = known.find(found.key)
    if one is None:
        return found
    key = merchant_key(one.name)
    return replace(
        found, name=one.name, key=key, merchant_id=merchant_id(key),
        website=found.website or one.website,
    )  # fmt: skip


def identified(descriptors: pl.Series) -> pl.DataFrame:
    """Say who is behind each descriptor: `parse` without what differs from payment to payment.

    Long numbers are references: texts that differ in them alone are taken apart once.

    Parameters
    ----------
    descriptors
        Raw texts.

    Returns
    -------
    polars.DataFrame
        `name`, `merchant_id`, `key`, `processor`, `marketplace`, `website`, `location`.

    Examples
    --------
    >>> identified(pl.Series(["SHELL 58712", "SHELL 41999"]))["name"].to_list()
    ['Shell', 'Shell']
    """
    alike = descriptors.cast(pl.String).fill_null("").str.replace_all(r"\d{4,}", "000000")
    return parse(alike).select(_IDENTITY)


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
    found = identified(frame["merchant"])
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
                for column in _SAID
            ],
            pl.when(pl.col("website") != "")
            .then(pl.format("; logo {}", pl.col("website").str.replace_all(r"\.", "_")))
            .otherwise(pl.lit("")),
            pl.lit("."),
        ).alias("evidence")
    )["evidence"]
    name = pl.when(letters > 0).then(found["name"]).otherwise(said["raw"].str.strip_chars())
    return results(
        NAME,
        value=said.select(name.alias("value"))["value"],
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
    says="The business behind the descriptor, as one would write it; processor, marketplace,"
    " website, logo key and place stand in the evidence",
    card=(
        "Rules as rows and 8,700 merchants of public lists; nothing is learned. 95 of 100 merges of"
        " spellings were right in a sample that was inspected by hand; there are no labels. A city"
        " that no row names stays in the name."
    ),
    answer=answer,
    version=VERSION,
)
