"""What did users of this workspace correct? Their word goes before any rule or model, at once.

A correction holds for the rows alike: the same merchant, the same direction of money (`like_key`).
It answers with confidence 1 and says whose word it is. The caller brings one workspace's
corrections; nothing here knows another's.
"""

from datetime import date

import polars as pl

from ml.results import SCHEMA, Said
from ml.terms import Line, field, text, when

VERSION = "feedback"
COLUMNS: dict[str, pl.DataType] = {
    "facet": pl.String(),
    "like_key": pl.String(),
    "value": pl.String(),
    "said_on": pl.Date(),
}
NOTHING = pl.DataFrame(schema=COLUMNS)

_DIRECTION = when(field("amount_minor") < 0, ":out", ":in")
_LIKE = when(field("letters") > 0, text(field("merchant_id"), _DIRECTION))


def words_of(said_on: date) -> str:
    """Return the evidence of a corrected answer."""
    return f"You said so of such rows on {said_on}."


def like_keys(frame: pl.DataFrame, merchants: pl.DataFrame) -> pl.Series:
    """Return, row by row, what makes rows alike: merchant and direction.

    Parameters
    ----------
    frame
        As in `ml.transactions`.
    merchants
        `ml.merchants.identified` of the frame's descriptors.

    Returns
    -------
    polars.Series
        Equal for alike rows, null where no merchant can be read.

    Examples
    --------
    >>> from ml.merchants import identified
    >>> from ml.texts import Texts, alike
    >>> rows = pl.DataFrame({"merchant": ["TWINKL LTD", "PAYPAL *TWINKL"],
    ...                      "amount_minor": [-100, -250]})
    >>> like_keys(rows, identified(Texts(alike(rows["merchant"])))).n_unique()
    1
    """
    sides = merchants.hstack([frame["amount_minor"]])
    return sides.select(_LIKE.expr.alias("like_key"))["like_key"]


def like_key(row: Line, merchant: Line) -> str | None:
    """Return the same of one row and who is behind it (`ml.merchants.identity`)."""
    key: str | None = _LIKE.of({**merchant, "amount_minor": row["amount_minor"]})
    return key


def corrected(
    facet: str, answers: pl.DataFrame, keys: pl.Series, corrections: pl.DataFrame
) -> pl.DataFrame:
    """Put the workspace's own word in the place of a facet's answers.

    Parameters
    ----------
    facet
        Whose answers.
    answers
        As in `ml.results`.
    keys
        Of `like_keys`, aligned with the answers.
    corrections
        The workspace's, as in `COLUMNS`; of two for the same rows the later wins.
    """
    own = corrections.filter(pl.col("facet") == facet) if corrections.height else corrections
    if not own.height:
        return answers
    said = own.sort("said_on", maintain_order=True).unique("like_key", keep="last").select(
        "like_key", pl.col("value").alias("said"), "said_on"
    )  # fmt: skip
    joined = answers.with_columns(keys.alias("like_key")).join(
        said, on="like_key", how="left", maintain_order="left"
    )
    is_said = pl.col("said").is_not_null()
    words = pl.format("You said so of such rows on {}.", pl.col("said_on").cast(pl.String))
    return joined.with_columns(
        pl.when(is_said).then("said").otherwise("value").alias("value"),
        pl.when(is_said).then(1.0).otherwise("confidence").alias("confidence"),
        pl.when(is_said).then(words).otherwise("evidence").alias("evidence"),
        pl.when(is_said).then(pl.lit(VERSION)).otherwise("model_version").alias("model_version"),
        pl.when(is_said).then(pl.lit(value=False)).otherwise("abstained").alias("abstained"),
    ).select(*SCHEMA)


def said_of(key: str | None, corrections: pl.DataFrame) -> dict[str, Said]:
    """Return by facet what the workspace itself said of rows with a key; the later word."""
    if key is None or not corrections.height:
        return {}
    own = corrections.filter(pl.col("like_key") == key).sort("said_on", maintain_order=True)
    return {
        facet: Said(value, 1.0, words_of(said_on), VERSION, abstained=False)
        for facet, value, said_on in own.select("facet", "value", "said_on").iter_rows()
    }
