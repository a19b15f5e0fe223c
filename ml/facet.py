"""What is a facet? A name, a function over frames, and what it needs beside the row.

A facet is in the product once it stands in `ml.registry.FACETS`: scoring, the API, its document and
the tests that hold for every facet pick it up there. It answers one frame with another of
`ml.results`, row for row. A null value says nothing of a row: no finding is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import polars as pl

from ml.artifacts import Artifact
from ml.recipes import recipe_of
from ml.results import Said
from ml.terms import Line
from ml.texts import Texts

# `row`: answers each row from itself (and from what stands before it in the registry).
# `history`: answers from a workspace's history: the frame, or the part of it that bears on the rows
# that are asked (`Beyond`). The API gives such a facet the rows of the request.
Reads = Literal["row", "history"]


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is known of a workspace beyond a frame that is only a part of its history.

    Attributes
    ----------
    accounts
        One settled line of each account, as `ml.accounts.settled` returns it.
    levels
        What is usual and what is rare (`ml.anomaly.levels`).
    answers
        What facets said of the frame's rows already; these are not asked.
    """

    accounts: pl.DataFrame
    levels: pl.DataFrame | None = None
    answers: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a facet is given beside the frame.

    Attributes
    ----------
    as_of
        Today.
    found
        Answers of the facets named in `after`, aligned with the frame.
    texts
        The descriptors, their long numbers made equal (`ml.texts.alike`).
    merchants
        Who is behind each row (`ml.merchants.identified`).
    model
        The facet's own opened model; None where none is registered yet (then it abstains).
    beyond
        What is known beyond the frame; None where the frame is the whole history.
    """

    as_of: date
    texts: Texts
    merchants: pl.DataFrame
    found: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    model: Any = None
    beyond: Beyond | None = None


@dataclass(frozen=True, slots=True)
class Alone:
    """What a facet is given beside a single row, as `Context` is beside a frame.

    Attributes
    ----------
    as_of
        Today.
    text
        The descriptor, its long numbers made equal.
    merchant
        Who is behind it: a row of `ml.merchants.identified`.
    found
        Answers of the facets before, corrections applied.
    model
        The facet's own opened model, or None.
    """

    as_of: date
    text: str
    merchant: Line
    found: Mapping[str, Said]
    model: Any = None


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training made.

    Attributes
    ----------
    artifact
        The model's bytes and hash.
    version
        The same rows give the same version.
    score
        The one measure on the frozen test set by which a challenger must beat the champion.
    measures
        Everything measured, for the model's card; numbers, texts and lists of them.
    """

    artifact: Artifact
    version: str
    score: float
    measures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Training:
    """How a facet's model comes to be.

    Attributes
    ----------
    scope
        `shared`: one model for all; `workspace`: each workspace's own, from its own rows.
    rows
        SQL of the rows to learn from (`ml.feature_queries`), with `{workspace:String}` where the
        scope is a workspace; empty where the facet learns from rows of the package alone.
    train
        From those rows, and the reviewed feedback of this facet (columns `merchant`,
        `amount_minor`, `value`), to a model. None where the rows are too few.
    open
        From bytes and hash to what `Context.model` holds; checks the hash (`ml.artifacts`).
    refresh_days
        After how many days to train anew; new rows alone do not.
    made_of
        Folders and files of `ml/` that make the model; it is trained anew when they change.
    needs
        A column (`database.table.column`) without which the rows cannot be read yet.
    """

    scope: Literal["shared", "workspace"]
    rows: str
    train: Callable[[pl.DataFrame, pl.DataFrame], Trained | None]
    open: Callable[[bytes, str], Any]
    refresh_days: int = 7
    needs: str = ""
    made_of: tuple[str, ...] = ()

    @property
    def recipe(self) -> str:
        """Return what differs whenever the model is made otherwise."""
        return recipe_of(*self.made_of)


Answer = Callable[[pl.DataFrame, Context], pl.DataFrame]
AnswerAlone = Callable[[Line, Alone], Said]


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing that is said of a transaction.

    Attributes
    ----------
    name
        As in the API and in `unified.enrichments`.
    says
        What its value is, in a sentence, for the API's document.
    answer
        The function over frames; input columns in `ml.transactions`.
    alone
        The same of a single row, which is all there is: what `answer` says of a frame of one row.
    version
        Of its rules. A new version has everything scored anew; a model's version comes on top.
    reads
        What it needs of a workspace.
    together
        Of one that reads a history: what rows have in common that bear on each other's answers. The
        merchant's name, the counterparty's before it, or days (own transfers lie days apart).
    after
        Facets whose answers it reads. They are answered first, corrections applied.
    training
        How its model is made, for those that have one.
    corrects
        Whether a user may correct it (`POST /v1/enrichment/feedback`).
    card
        What it learns from, what of that is synthetic, what it cannot do: its model card's words.
    values
        The values it may take, where these are a closed list; a correction must be one of them.
    """

    name: str
    says: str
    answer: Answer
    alone: AnswerAlone
    version: str
    reads: Reads = "row"
    together: Literal["payee", "party", "days"] = "payee"
    after: tuple[str, ...] = ()
    training: Training | None = None
    corrects: bool = True
    card: str = ""
    values: Callable[[], frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model that judges something other than a transaction, registered as facets' models are.

    Attributes
    ----------
    name, says, version, card
        As of a facet.
    trainings
        How its models are made: one for all, and each workspace's own, which goes before it.
    """

    name: str
    says: str
    version: str
    card: str
    trainings: tuple[Training, ...]
