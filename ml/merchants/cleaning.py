"""Which business is behind each descriptor? Rules, on frames.

No training: what the rules cannot know (that two wordings without a common word are one
business) stays apart. Merging too little costs a little statistics; merging two businesses books
one as the other.
"""

from collections.abc import Mapping
from dataclasses import astuple, fields, replace
from functools import lru_cache
from typing import Any

import polars as pl

from ml.merchants import known
from ml.merchants.descriptors import Descriptor, merchant_id, merchant_key, take_apart
from ml.texts import Texts

NAME = "merchant"
VERSION = "merchant-rules-5"
_SAID = ("processor", "marketplace", "website", "location")
# A name with fewer letters is a number or a code, not a business that one could recognise.
LEAST_LETTERS = 3
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
    >>> from ml.texts import alike
    >>> identified(Texts(alike(pl.Series(["SHELL 58712", "SHELL 41999"]))))["name"].to_list()
    ['Shell', 'Shell']
    """
    return texts.read(_identity, _IDENTITY)


def identity(text: str) -> Mapping[str, Any]:
    """Say who is behind one descriptor (of `ml.texts.alike_text`): a row of `identified`.

    Examples
    --------
    >>> identity("SHELL 000000")["name"]
    'Shell'
    """
    return dict(zip(_IDENTITY, _identity(text), strict=True))
