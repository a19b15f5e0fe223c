"""Which rows may a model see? None of a provider whose terms forbid machine learning on its data.

Xero's developer terms forbid training AI or ML on data from its API. Every public function of this
package that learns, scores or evaluates calls `require_permitted` first, and it fails closed: a
frame that does not say where its rows come from is refused as well.
"""

import polars as pl

from core.errors import ForbiddenError, InvalidInputError

FORBIDDEN_PROVIDERS = frozenset({"xero"})


def require_permitted(frame: pl.DataFrame) -> None:
    """Refuse a frame with rows that machine learning must not touch.

    Parameters
    ----------
    frame
        Any rows, with a column `provider` that names where each came from.

    Raises
    ------
    InvalidInputError
        `provider` is missing or empty in some row, so that nobody can tell.
    ForbiddenError
        A row comes from a forbidden provider.

    Examples
    --------
    >>> require_permitted(pl.DataFrame({"provider": ["stripe", "plaid"]}))
    """
    if "provider" not in frame.columns:
        raise InvalidInputError(
            "The rows do not say which provider they come from.",
            next_step="Add a column `provider`.",
        )
    if frame.height and frame["provider"].dtype != pl.String:
        raise InvalidInputError("The column `provider` holds no text.")
    names = {name and name.strip().lower() for name in frame["provider"].unique().to_list()}
    if None in names or "" in names:
        raise InvalidInputError("Some rows name no provider.")
    if found := FORBIDDEN_PROVIDERS.intersection(names):
        raise ForbiddenError(
            f"Rows of {', '.join(sorted(found))} must not enter machine learning.",
            next_step="Filter them out before enrichment.",
        )
