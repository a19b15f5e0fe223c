"""Which business is behind each descriptor? Rules, on frames.

No training: what the rules cannot know (that two wordings without a common word are one
business) stays apart. Merging too little costs a little statistics; merging two businesses books
one as the other.
"""

from dataclasses import astuple, fields, replace
from functools import lru_cache

import polars as pl

from core.errors import InvalidInputError
from ml.lineage import require_permitted
from ml.merchants import known
from ml.merchants.descriptors import Descriptor, merchant_id, merchant_key, take_apart
from ml.merchants.rules import GENERIC
from ml.results import results
from ml.texts import Texts, alike

NAME = "merchant"
VERSION = "merchant-rules-5"
# Share of right merges in the inspected sample (docs/enrichment.md), stated for every answer.
CONFIDENCE = 0.95
_SAID = ("processor", "marketplace", "website", "location")
# A name with fewer letters is a number or a code, not a business that one could recognise.
LEAST_LETTERS = 3
_GENERIC = pl.Series(sorted(GENERIC))
_APART: dict[str, pl.DataType] = {field.name: pl.String() for field in fields(Descriptor)}
_IDENTITY: dict[str, pl.DataType] = {
    "name": pl.String(),
    "merchant_id": pl.String(),
    "key": pl.String(),
    # How many letters the key has.
    "letters": pl.Int64(),
    # What else was in the text, in words.
    "told": pl.String(),
}


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
    return Texts(descriptors.cast(pl.String).fill_null("")).read(_apart, _APART)


def _apart(text: str) -> tuple[str, ...]:
    return astuple(recognised(take_apart(text)))


@lru_cache(maxsize=100_000)
def _identity(text: str) -> tuple[str, str, str, int, str]:
    found = recognised(take_apart(text))
    said = [f"; {part} {value}" for part in _SAID if (value := getattr(found, part))]
    if found.website:
        said.append(f"; logo {found.website.replace('.', '_')}")
    letters = sum(map(str.isalpha, found.key))
    return found.name, found.merchant_id, found.key, letters, "".join(said)


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


def identified(texts: Texts) -> pl.DataFrame:
    """Say who is behind each descriptor: `parse` without what differs from payment to payment.

    Parameters
    ----------
    texts
        Of `ml.texts.alike`: descriptors that differ in long numbers alone are taken apart once.

    Returns
    -------
    polars.DataFrame
        `name`, `merchant_id`, `key`, its number of `letters`, and what else was `told`.

    Examples
    --------
    >>> identified(Texts(alike(pl.Series(["SHELL 58712", "SHELL 41999"]))))["name"].to_list()
    ['Shell', 'Shell']
    """
    return texts.read(_identity, _IDENTITY)


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
    return named(frame["merchant"], identified(Texts(alike(frame["merchant"]))))


def named(descriptors: pl.Series, found: pl.DataFrame) -> pl.DataFrame:
    """Name the business behind each descriptor, as in `ml.results`.

    Parameters
    ----------
    descriptors
        Raw texts.
    found
        Of `identified`.
    """
    raw = pl.col("raw").fill_null("")
    is_named = (pl.col("letters") >= LEAST_LETTERS) & ~pl.col("key").is_in(_GENERIC.implode())
    said = found.hstack([descriptors.cast(pl.String).alias("raw")]).select(
        pl.when(pl.col("letters") > 0).then("name").otherwise(raw.str.strip_chars())
        .alias("value"),
        pl.when(is_named).then(CONFIDENCE).otherwise(0.0).alias("confidence"),
        pl.format("Read from '{}'{}.", raw, "told").alias("evidence"),
        is_named.not_().alias("abstained"),
    )  # fmt: skip
    return results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["abstained"],
    )  # fmt: skip
