"""How are all facets asked of one frame? In the registry's order, corrections applied on the way.

This is the only caller of facets: what Dagster stores and what the API answers come from here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from ml import registry
from ml.corrections import NOTHING, corrected, like_key, like_keys, said_of
from ml.facet import Alone, Beyond, Context, Facet
from ml.merchants import identified, identity
from ml.results import SCHEMA, Said
from ml.side_by_side import told
from ml.terms import Line
from ml.texts import Texts, alike, alike_text
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
    asked = {"as_of": as_of, "facets": facets, "models": models, "corrections": corrections}
    return dict(enriched(rows, **asked))  # type: ignore[arg-type]


def enriched(
    rows: pl.DataFrame,
    *,
    as_of: date,
    facets: Iterable[str] | None = None,
    models: Mapping[str, Any] | None = None,
    corrections: pl.DataFrame = NOTHING,
    beyond: Beyond | None = None,
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield what `enrich` returns facet by facet, each as soon as it is known.

    With `beyond` the rows are a part of a history, and this is what is known of the rest.
    """
    frame = prepared(rows)
    wanted = registry.FACETS if facets is None else registry.with_those_before(facets)
    opened = models or {}
    if frame.height == 1 and beyond is None:
        (row,) = frame.iter_rows(named=True)
        said, key = enrich_alone(row, wanted, as_of, opened, corrections)
        yield from _framed(said, key)
    else:
        yield from enrich_together(frame, wanted, as_of, opened, corrections, beyond)


def enrich_alone(
    row: Line,
    wanted: Sequence[Facet],
    as_of: date,
    models: Mapping[str, Any],
    corrections: pl.DataFrame = NOTHING,
) -> tuple[dict[str, Said], str | None]:
    """Say of one row of `ml.transactions.prepared` what the facets say, and what makes it alike.

    Equal to what `enrich_together` says of a frame that holds this row alone.
    """
    text = alike_text(row["merchant"])
    merchant = identity(text)
    key = like_key(row, merchant)
    own = said_of(key, corrections)
    found: dict[str, Said] = {}
    for facet in wanted:
        word = own.get(facet.name) if facet.corrects else None
        found[facet.name] = word or facet.alone(
            row, Alone(as_of, text, merchant, found, models.get(facet.name))
        )
    return found, key


def enrich_together(
    frame: pl.DataFrame,
    wanted: Sequence[Facet],
    as_of: date,
    models: Mapping[str, Any],
    corrections: pl.DataFrame = NOTHING,
    beyond: Beyond | None = None,
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield what the facets say of the rows of a frame of `ml.transactions.prepared`."""
    texts = Texts(alike(frame["merchant"]))
    merchants = identified(texts)
    keys = like_keys(frame, merchants)
    known = {} if beyond is None else beyond.answers

    def ask(facet: Facet, found: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        model = models.get(facet.name)
        context = Context(as_of, texts, merchants, found=found, model=model, beyond=beyond)
        return _answered(facet, frame, context, keys, corrections)

    asked = [facet for facet in wanted if facet.name not in known]
    for name, answers in told(asked, ask, known, frame.height):
        yield name, answers.hstack([keys])


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


def _framed(said: Mapping[str, Said], key: str | None) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each answer of one row as a frame: slices of one, since a frame takes its time."""
    rows = [(name, *answer, key) for name, answer in said.items()]
    whole = pl.DataFrame(rows, schema={**SCHEMA, "like_key": pl.String()}, orient="row")
    for place, name in enumerate(said):
        yield name, whole[place]
