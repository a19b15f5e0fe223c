"""How does a workspace train its model, book its next purchases, and keep the model?

A model is the coded history (from which the memory is derived), the weights of the wording, the
ranker and the calibration. It answers from these alone: the same model and the same row give the
same answer, whatever stands beside it in the batch.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from core.errors import InvalidInputError
from ml.artifacts import Artifact, dump, load
from ml.ledger_account.calibration import Calibration
from ml.ledger_account.candidates import candidates
from ml.ledger_account.columns import coded_history, purchases
from ml.ledger_account.evidence import evidence
from ml.ledger_account.fingerprints import parts
from ml.ledger_account.memory import Memory
from ml.ledger_account.ranker import best
from ml.ledger_account.training import Training, block_ends
from ml.ledger_account.wording import probabilities
from ml.results import results
from ml.softmax import BUCKETS, Softmax

if TYPE_CHECKING:  # 100 MB, in processes that only name facets
    from sklearn.ensemble import HistGradientBoostingClassifier

NAME = "ledger_account"
# Of the way in which a model is made and answers.
VERSION = "2"
_CHUNK = 16_384


@dataclass(slots=True)
class LedgerAccountModel:
    """One workspace's model. Made by `train` or `from_artifact`."""

    names: list[str]
    history: pl.DataFrame
    softmax: Softmax
    ranker: "HistGradientBoostingClassifier | None"
    calibration: Calibration
    version: str
    memory: Memory | None

    def corrected(self, rows: pl.DataFrame) -> "LedgerAccountModel":
        """Return a model that remembers these codings at once, before any new training.

        Parameters
        ----------
        rows
            Coded purchases (corrections, or what was coded since the training).
        """
        history = pl.concat([self.history, coded_history(rows).select(self.history.columns)])
        history = history.sort("booked_on", maintain_order=True)
        added = history["account"].unique(maintain_order=True).to_list()
        names = list(dict.fromkeys([*self.names, *added]))
        return LedgerAccountModel(
            names=names,
            history=history,
            softmax=self.softmax,
            ranker=self.ranker,
            calibration=self.calibration,
            version=f"{self.version}+{_digest(history)}",
            memory=_memory(history, names),
        )

    def to_artifact(self) -> Artifact:
        """Write the model as skops bytes with their hash."""
        used = np.flatnonzero(np.abs(self.softmax.weights).max(axis=1, initial=0) > 0)
        return dump(
            {
                "facet": NAME,
                "version": self.version,
                "names": self.names,
                "history": {
                    "merchant": self.history["merchant"].to_list(),
                    "unit": self.history["unit"].to_list(),
                    "amount_minor": self.history["amount_minor"].to_list(),
                    "day": self.history["booked_on"].to_physical().to_numpy(),
                    "account": self.history["account"].to_list(),
                },
                "buckets": used,
                "weights": self.softmax.weights[used],
                "ranker": self.ranker,
                "calibration": [
                    self.calibration.slope, self.calibration.offset, self.calibration.threshold,
                ],
            }
        )  # fmt: skip


def train(history: pl.DataFrame) -> LedgerAccountModel:
    """Learn a workspace's bookkeeping from its own coded history.

    Parameters
    ----------
    history
        Coded purchases; columns in `ml.ledger_account.columns`. May be short or empty: then the
        model abstains until it has seen enough.

    Returns
    -------
    LedgerAccountModel
        Deterministic: the same history gives the same model.

    Examples
    --------
    >>> from datetime import date
    >>> history = pl.DataFrame({
    ...     "provider": "stripe", "merchant": ["Shell 587"], "amount_minor": [-7261],
    ...     "booked_on": [date(2017, 1, 3)], "account": ["Vehicle Fuel"],
    ... })
    >>> predict(train(history), history.drop("account"))["value"].to_list()
    ['Vehicle Fuel']
    """
    training = Training(history)
    if training.history.height:
        for end in block_ends(training.history["booked_on"]):
            training.advance(end)
    return finish(training)


def finish(training: Training) -> LedgerAccountModel:
    """Make a model of what a training has learned so far."""
    history = training.history[: training.learned]
    known = int(training.accounts[: training.learned].max(initial=-1)) + 1
    names = training.names[:known]
    ranker, calibration = training.ranker()
    return LedgerAccountModel(
        names=names,
        history=history,
        softmax=training.softmax,
        ranker=ranker,
        calibration=calibration,
        version=f"{NAME}-{VERSION}-{_digest(history)}",
        memory=_memory(history, names),
    )


def predict(model: LedgerAccountModel, frame: pl.DataFrame) -> pl.DataFrame:
    """Book purchases as the workspace's bookkeeper would.

    Parameters
    ----------
    model
        The workspace's model.
    frame
        Purchases; columns in `ml.ledger_account.columns`.

    Returns
    -------
    polars.DataFrame
        One row per purchase, as in `ml.results`. `confidence` is the probability that the account
        is right; `abstained` rows are for a person to confirm.
    """
    rows = purchases(frame)
    if model.memory is None or not rows.height:
        nothing = ["No purchase of this workspace was coded yet."] * rows.height
        return _results(model, [None] * rows.height, np.zeros(rows.height), nothing)
    if rows.height <= _CHUNK:
        return _predict_chunk(model, model.memory, rows)
    # A merchant's wording is weighed once in a chunk: its purchases stand in one. An even number of
    # equal chunks, or one core waits for the other's last.
    size = ceil(rows.height / (2 * ceil(rows.height / (2 * _CHUNK))))
    ordered = rows.with_row_index("row").sort("merchant", "unit")
    memory = model.memory
    # Array operations let go of the interpreter: two chunks at a time use two cores.
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="ledger-account") as pool:
        chunks = pool.map(
            lambda start: _predict_chunk(model, memory, ordered[start : start + size]),
            range(0, rows.height, size),
        )
        return pl.concat(chunks)[ordered["row"].arg_sort()]


def from_artifact(content: bytes, sha256: str) -> LedgerAccountModel:
    """Open a model after its hash was checked.

    Raises
    ------
    ConflictError
        The bytes are not those of the registered model.
    InvalidInputError
        They are another facet's model.
    """
    stored = load(content, sha256)
    if stored.get("facet") != NAME:
        raise InvalidInputError(f"This is no {NAME} model.")
    past = stored["history"]
    history = pl.DataFrame(
        {
            "provider": ["artifact"] * len(past["merchant"]),
            "merchant": pl.Series(past["merchant"], dtype=pl.String),
            "unit": pl.Series(past["unit"], dtype=pl.String),
            "amount_minor": pl.Series(past["amount_minor"], dtype=pl.Int64),
            "booked_on": pl.Series(past["day"], dtype=pl.Int32).cast(pl.Date),
            "account": pl.Series(past["account"], dtype=pl.String),
        }
    )
    weights = np.zeros((BUCKETS, stored["weights"].shape[1]), np.float32)
    weights[stored["buckets"]] = stored["weights"]
    coded = coded_history(history)
    return LedgerAccountModel(
        names=list(stored["names"]),
        history=coded,
        softmax=Softmax(weights=weights),
        ranker=stored["ranker"],
        calibration=Calibration(*stored["calibration"]),
        version=stored["version"],
        memory=_memory(coded, list(stored["names"])),
    )


def _predict_chunk(model: LedgerAccountModel, memory: Memory, rows: pl.DataFrame) -> pl.DataFrame:
    facts = parts(rows)
    wording = probabilities(rows, facts, model.softmax.weights)
    wording = np.pad(wording, ((0, 0), (0, len(model.names) - wording.shape[1])))
    found = candidates(wording, facts, memory)
    if model.ranker is None:
        # Too little history to learn what confidence is worth: the blend, and always abstain.
        choice, score = np.zeros(rows.height, np.int64), np.exp(found.features[:, 0, 1])
        confidence = np.clip(score.astype(np.float64), 0.0, 1.0)
    else:
        choice, score = best(model.ranker, found.features)
        confidence = model.calibration.apply(score)
    chosen = found.accounts[np.arange(rows.height), choice]
    names = np.array(model.names, dtype=object)
    return _results(model, list(names[chosen]), confidence, evidence(rows, found, choice))


def _results(
    model: LedgerAccountModel,
    value: list[str | None],
    confidence: np.ndarray[tuple[int], np.dtype[np.float64]],
    words: list[str] | pl.Series,
) -> pl.DataFrame:
    return results(
        NAME,
        value=value,
        confidence=pl.Series(confidence, dtype=pl.Float64),
        evidence=words,
        model_version=model.version,
        abstained=pl.Series(confidence < model.calibration.threshold, dtype=pl.Boolean),
    )


def _memory(history: pl.DataFrame, names: list[str]) -> Memory | None:
    if not history.height:
        return None
    number = {name: index for index, name in enumerate(names)}
    accounts = np.array([number[name] for name in history["account"]], np.int64)
    return Memory(parts(history), accounts)


def _digest(history: pl.DataFrame) -> str:
    content = history.write_csv().encode()
    return hashlib.sha256(content).hexdigest()[:12]
