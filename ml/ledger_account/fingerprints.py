"""How do contexts ("this merchant, in this department, at about this amount") become numbers?

Every text is hashed once per distinct value with MurmurHash3, whose results are the same on every
machine and version; combinations mix those hashes by integer arithmetic. So a model stores no
vocabulary, and a million rows cost array operations, not Python objects.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

Hashes = npt.NDArray[np.uint64]

# splitmix64's constants.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# Of so few rows, frames take longer than plain Python.
FEW = 32
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Parts:
    """One hash per row for each elementary fact about a purchase, and its plain numbers."""

    merchant: Hashes
    key: Hashes
    first_word: Hashes
    two_words: Hashes
    unit: Hashes
    band: Hashes
    roundness: Hashes
    amount: Hashes
    month: Hashes
    weekday: Hashes
    weekend: Hashes
    day: npt.NDArray[np.int64]
    log_amount: npt.NDArray[np.float64]


def hash_texts(texts: pl.Series) -> Hashes:
    """Return a stable 64-bit hash per text, computed once per distinct text."""
    if len(texts) <= FEW:
        return _hashed(texts)
    distinct = texts.unique(maintain_order=True)
    table = pl.DataFrame({"text": distinct, "hash": _hashed(distinct)})
    joined = texts.to_frame("text").join(table, on="text", how="left", maintain_order="left")
    return joined["hash"].to_numpy()


def _hashed(texts: pl.Series) -> Hashes:
    from sklearn.utils import murmurhash3_32  # where it is used: 100 MB

    told = [text.encode() for text in texts]
    low = np.array([murmurhash3_32(text, seed=2, positive=True) for text in told], np.uint64)
    high = np.array([murmurhash3_32(text, seed=1, positive=True) for text in told], np.uint64)
    return (high << np.uint64(32)) | low


def mix(*parts: Hashes | int) -> Hashes:
    """Combine hashes into one; order matters."""
    mixed: Hashes = np.zeros((), np.uint64)
    for part in parts:
        value = np.asarray(part, dtype=np.uint64)
        with np.errstate(over="ignore"):
            mixed = (mixed ^ value) + _GOLDEN
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
            mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed


def parts(frame: pl.DataFrame) -> Parts:
    """Take purchases (of `columns.purchases`) apart into hashed facts."""
    first_word, two_words = _first_words(frame["key"])
    known = frame["amount_minor"].is_not_null().to_numpy()
    amount = frame["amount_minor"].fill_null(0).to_numpy()
    size = np.log1p(np.abs(amount).astype(np.float64))
    band = np.where(known, np.floor(size / np.log(2)) + 64 * (amount < 0), 255)
    cents = np.abs(amount) % 100
    roundness = np.select([~known, amount % 1000 == 0, cents == 0, cents >= 95], [4, 0, 1, 2], 3)
    weekday, month = _calendar(frame["booked_on"])
    return Parts(
        merchant=hash_texts(frame["merchant"]),
        key=hash_texts(frame["key"]),
        first_word=hash_texts(first_word),
        two_words=hash_texts(two_words),
        unit=hash_texts(frame["unit"]),
        band=_numbers(band),
        roundness=_numbers(roundness),
        amount=mix(_numbers(np.where(known, amount, 2**62))),
        month=_numbers(month),
        weekday=_numbers(weekday),
        weekend=_numbers(weekday >= 6),
        day=frame["booked_on"].to_physical().cast(pl.Int64).to_numpy(),
        log_amount=np.where(known, size * np.where(amount < 0, -1.0, 1.0), np.nan),
    )


def _first_words(keys: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first word of each key, and the first two."""
    if len(keys) <= FEW:
        split = [key.split(" ") for key in keys]
        one, two = [own[0] for own in split], [" ".join(own[:2]) for own in split]
        return pl.Series(one, dtype=pl.String), pl.Series(two, dtype=pl.String)
    words = pl.col("key").str.split(" ")
    found = keys.to_frame("key").select(
        words.list.first().alias("one"), words.list.head(2).list.join(" ").alias("two")
    )
    return found["one"], found["two"]


def _calendar(days: pl.Series) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return weekday (Monday is 1) and month of days."""
    since = days.to_physical().to_numpy().astype("datetime64[D]")
    # The first of January 1970 was a Thursday.
    weekday = (since.astype(np.int64) + 3) % 7 + 1
    return weekday, since.astype("datetime64[M]").astype(np.int64) % 12 + 1


def taken(facts: Parts, rows: npt.NDArray[np.int64]) -> Parts:
    """Return the facts of some of the purchases."""
    return Parts(*(getattr(facts, part.name)[rows] for part in fields(Parts)))


def _numbers(values: npt.NDArray[np.generic]) -> Hashes:
    return values.astype(np.int64).view(np.uint64)
