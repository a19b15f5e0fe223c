"""How does a workspace's model come out of its coded history? One pass through time.

The history is cut into blocks (calendar months; for a short history, slices of equal size). Each
block is first predicted from the blocks before it, then learned. Those predictions are out of time,
so the ranker that weighs wording against memory, the calibration of its confidence and the
threshold are learned from honest examples without a separate validation year:

    blocks:  … | nine: the ranker learns from | three: its confidence is    | to come
               | out-of-time predictions      | calibrated, threshold chosen |

A model trained through month m is the model trained through m - 1 that saw one more block; the
rolling evaluation uses that, and a test proves that both are equal.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.ledger_account.calibration import Calibration, calibrate
from ml.ledger_account.candidates import Candidates, candidates
from ml.ledger_account.columns import coded_history
from ml.ledger_account.fingerprints import parts
from ml.ledger_account.memory import Memory
from ml.ledger_account.ranker import Examples, best, fit_ranker
from ml.ledger_account.wording import feature_matrix
from ml.softmax import Matrix, Softmax

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

Integers = npt.NDArray[np.int64]

RANKER_BLOCKS = 12
LEAST_BLOCKS = 8
# Below this many out-of-time examples the ranker is not trained and every answer abstains.
LEAST_EXAMPLES = 150


@dataclass(slots=True)
class Training:
    """A pass through a coded history, block by block.

    Parameters
    ----------
    history
        Coded purchases as in `ml.ledger_account.columns`.
    """

    history: pl.DataFrame
    softmax: Softmax = field(default_factory=Softmax)
    examples: list[Examples] = field(default_factory=list)
    learned: int = 0
    names: list[str] = field(init=False)
    accounts: Integers = field(init=False)
    features: Matrix = field(init=False)

    def __post_init__(self) -> None:
        self.history = coded_history(self.history)
        facts = parts(self.history)
        self.features = feature_matrix(self.history, facts)
        # Numbered by first appearance: a longer history keeps the numbers of a shorter one.
        self.names = self.history["account"].unique(maintain_order=True).to_list()
        number = {name: index for index, name in enumerate(self.names)}
        self.accounts = np.array([number[name] for name in self.history["account"]], np.int64)

    def advance(self, stop: int) -> None:
        """Predict the rows up to `stop` from those learned, keep that as examples, learn them."""
        block = np.arange(self.learned, stop)
        if self.learned:
            found = self.candidates_of(block)
            right = found.accounts == self.accounts[block][:, None]
            self.examples = [*self.examples, Examples(found.features, right)][-RANKER_BLOCKS:]
        self.softmax.learn(self.features, self.accounts, block)
        self.learned = stop

    def candidates_of(self, rows: Integers, remembered: int | None = None) -> Candidates:
        """Return the candidates of rows as seen from what was learned.

        Parameters
        ----------
        rows
            Positions in the history, after what was learned.
        remembered
            How many rows the memory holds: by default those learned; more when corrections came in
            since.
        """
        end = self.learned if remembered is None else remembered
        memory = Memory(parts(self.history[:end]), self.accounts[:end])
        known = int(self.accounts[:end].max()) + 1
        wording = self.softmax.probabilities(self.features[rows])
        wording = np.pad(wording, ((0, 0), (0, known - wording.shape[1])))
        return candidates(wording, parts(self.history[rows]), memory)

    def ranker(self) -> "tuple[HistGradientBoostingClassifier | None, Calibration]":
        """Learn to weigh the candidates, and what its confidence is worth."""
        if sum(len(block.right) for block in self.examples) < LEAST_EXAMPLES:
            return None, Calibration()
        late = max(len(self.examples) // 4, 1)
        ranker = fit_ranker(self.examples[:-late] or self.examples)
        scored = [best(ranker, block.features) for block in self.examples[-late:]]
        confidence = np.concatenate([score for _, score in scored])
        correct = np.concatenate(
            [
                block.right[np.arange(len(choice)), choice]
                for (choice, _), block in zip(scored, self.examples[-late:], strict=True)
            ]
        )
        return ranker, calibrate(confidence, correct)


def block_ends(days: pl.Series) -> list[int]:
    """Cut a history, sorted by day, into blocks for `Training.advance`.

    Parameters
    ----------
    days
        The days, ascending.

    Returns
    -------
    list of int
        Position after each block's last row: calendar months, or eight slices (a day is never
        split) when there are fewer months.

    Examples
    --------
    >>> from datetime import date
    >>> days = pl.Series([date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 9)])
    >>> block_ends(days)
    [2, 3, 4]
    """
    months = _ends(days.dt.truncate("1mo"))
    if len(months) >= LEAST_BLOCKS:
        return months
    each_day = np.array(_ends(days))
    targets = np.linspace(0, len(days), LEAST_BLOCKS + 1)[1:]
    return sorted({int(each_day[np.searchsorted(each_day, target)]) for target in targets})


def _ends(keys: pl.Series) -> list[int]:
    counts = keys.to_frame("key").group_by("key", maintain_order=True).len()["len"]
    return [int(end) for end in counts.cum_sum()]
