"""How are all facets asked of one frame? In the registry's order, corrections applied on the way.

This is the only caller of facets: what Dagster stores and what the API answers come from here.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from ml import registry
from ml.corrections import NOTHING, corrected, like_keys
from ml.facet import Context, Facet
from ml.merchants import identified
from ml.texts import Texts, alike
from ml.transactions import prepared


def enrich(
    rows: pl.DataFrame,
    *,
    as_of: date,
    facets: Iterable[str] | None = None,
    models: Mapping[str, Any] | None = None,
    corrections: pl.DataFrame = NOTHING,
) -> dict[str, pl.DataFrame]:
    """Say of one workspace's transactions what the facets have to say.

    Parameters
    ----------
    rows
        As `ml.transactions.prepared` takes them; for facets that read a history, all of it.
    as_of
        Today.
    facets
        Which; all by default. Those that they read are asked too, and returned.
    models
        Opened models by facet.
    corrections
        This workspace's, as in `ml.corrections`.

    Returns
    -------
    dict
        By facet, a frame of `ml.results` with `like_key`, row for row.

    Examples
    --------
    >>> rows = pl.DataFrame({"provider": ["plaid"], "id": ["t"], "amount_minor": [-475],
    ...                      "currency": ["USD"], "merchant": ["SQ *BLUE BOTTLE 8442"],
    ...                      "booked_on": [date(2024, 5, 1)]})
    >>> enrich(rows, as_of=date(2024, 5, 2), facets=["merchant"])["merchant"]["value"].to_list()
    ['Blue Bottle']
    """
    frame = prepared(rows)
    wanted = registry.FACETS if facets is None else registry.with_those_before(facets)
    opened = models or {}
    texts = Texts(alike(frame["merchant"]))
    merchants = identified(texts)
    keys = like_keys(frame, merchants)
    found: dict[str, pl.DataFrame] = {}
    for facet in wanted:
        own = {name: found[name] for name in facet.after}
        context = Context(as_of, texts, merchants, found=own, model=opened.get(facet.name))
        found[facet.name] = _answered(facet, frame, context, keys, corrections)
    return {name: answers.hstack([keys]) for name, answers in found.items()}


def _answered(
    facet: Facet,
    frame: pl.DataFrame,
    context: Context,
    keys: pl.Series,
    corrections: pl.DataFrame,
) -> pl.DataFrame:
    answers = facet.answer(frame, context)
    if answers.height != frame.height:
        raise AssertionError(f"{facet.name} answered {answers.height} of {frame.height} rows")
    return corrected(facet.name, answers, keys, corrections) if facet.corrects else answers
