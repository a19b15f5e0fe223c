"""What do users call merchants that no list knows? The dictionary that grows from their feedback.

A correction of a name holds in its own workspace at once (`ml.corrections`). Once it was reviewed,
the merchant bears the name for everybody: a table from a merchant's key to its name, kept, hashed
and registered like a model, of which nothing was inferred.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from core.errors import InvalidInputError
from ml.artifacts import dump, load
from ml.facet import Trained
from ml.merchants.cleaning import LEAST_LETTERS, NAME, identified
from ml.texts import Texts, alike


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Names by the merchant's key."""

    names: Mapping[str, str]
    version: str


def train(rows: pl.DataFrame, feedback: pl.DataFrame) -> Trained | None:
    """Make the dictionary of reviewed corrections; of two for one merchant the later holds.

    Parameters
    ----------
    rows
        Unused: nothing of a workspace enters but what was reviewed.
    feedback
        Reviewed corrections, oldest first: `merchant`, `value`.

    Examples
    --------
    >>> said = pl.DataFrame({"merchant": ["QWRTZ 0815"], "value": ["Querz & Sons"]})
    >>> train(pl.DataFrame(), said).measures
    {'merchants': 1}
    """
    merchants = identified(Texts(alike(feedback["merchant"])))
    said = merchants.hstack([feedback["value"]]).filter(pl.col("letters") >= LEAST_LETTERS)
    names = dict(said.select("key", "value").iter_rows())
    if not names:
        return None
    text = "\n".join(f"{key}\t{name}" for key, name in sorted(names.items()))
    version = f"merchant-dictionary-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    artifact = dump(
        {"facet": NAME, "version": version, "keys": list(names), "names": list(names.values())}
    )
    # Nothing to measure: it says what a person said, and the newest holds.
    return Trained(artifact, version, 1.0, {"merchants": len(names)})


def from_artifact(content: bytes, sha256: str) -> Dictionary:
    """Open a dictionary after its hash was checked.

    Raises
    ------
    ConflictError
        The bytes are not those that were registered.
    InvalidInputError
        They are another facet's model.
    """
    stored = load(content, sha256)
    if stored.get("facet") != NAME:
        raise InvalidInputError(f"This is no {NAME} dictionary.")
    return Dictionary(dict(zip(stored["keys"], stored["names"], strict=True)), stored["version"])
