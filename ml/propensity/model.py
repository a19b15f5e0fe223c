"""How likely is a retry at a moment to be paid? A logistic model whose odds were calibrated."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ml.artifacts import Artifact, dump, load
from ml.ledger_account.calibration import Calibration
from ml.propensity.tries import Floats, clocks, features

if TYPE_CHECKING:  # 100 MB, in processes that only name facets
    from sklearn.linear_model import LogisticRegression

NAME = "propensity"


@dataclass(frozen=True, slots=True)
class PropensityModel:
    """A trained model.

    Attributes
    ----------
    is_timed
        It knows hours and days: an off-policy estimate showed that they matter.
    is_synthetic
        It learned from what the sandbox generates, and from nothing real.
    """

    estimator: "LogisticRegression"
    calibration: Calibration
    version: str
    is_timed: bool
    is_synthetic: bool

    def chances(self, tries: pl.DataFrame, local: list[datetime] | None = None) -> Floats:
        """Return the chance of each try to be paid.

        Parameters
        ----------
        tries
            Columns as `ml.propensity.tries.COLUMNS`.
        local
            When each is made, on the payer's clock; by default on that of the payer's country.
        """
        if not tries.height:
            return np.zeros(0)
        when = local or clocks(tries["attempted_at"], tries["country"]) if self.is_timed else None
        return self.calibration.apply(self.estimator.predict_proba(features(tries, when))[:, 1])

    def to_artifact(self) -> Artifact:
        """Return the bytes to keep."""
        return dump(
            {
                "estimator": self.estimator, "slope": self.calibration.slope,
                "offset": self.calibration.offset, "version": self.version,
                "is_timed": self.is_timed, "is_synthetic": self.is_synthetic,
            }
        )  # fmt: skip


def from_artifact(content: bytes, sha256: str) -> PropensityModel:
    """Open a kept model.

    Raises
    ------
    ConflictError
        The bytes are not those that were registered.
    """
    parts: dict[str, Any] = load(content, sha256)
    return PropensityModel(
        parts["estimator"], Calibration(parts["slope"], parts["offset"]), parts["version"],
        parts["is_timed"], parts["is_synthetic"],
    )  # fmt: skip
