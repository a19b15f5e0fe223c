"""Which few accounts are possible, and what speaks for each?

For each purchase the six most plausible accounts, and for each of these the same numbers:
what the wording says, and what every level of the memory says. No number names the account, so
what is learned from them ("the last choice for this merchant beats the most frequent one when the
habit is fresh") holds for accounts that appeared only last month.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.ledger_account.fingerprints import Parts
from ml.ledger_account.memory import LEVELS, Memory, Recall

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST = 6
# Levels whose fresh half-life, recency and last choice are features too, and those whose amounts.
_FRESH = ("unit", "name", "name, unit", "merchant, unit")
_AMOUNTS = ("name", "name, unit")
# What was chosen last in these contexts is a candidate whatever the wording says.
_ALWAYS = ("name", "name, unit", "merchant, unit")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The possible accounts of each purchase.

    Attributes
    ----------
    accounts
        Account numbers, rows x candidates, most plausible first.
    features
        Rows x candidates x numbers.
    recalls
        What each level remembers, for the evidence.
    """

    accounts: Integers
    features: npt.NDArray[np.float32]
    recalls: dict[str, Recall]


def candidates(wording: npt.NDArray[np.float32], facts: Parts, memory: Memory) -> Candidates:
    """Choose and describe the candidate accounts of purchases.

    Parameters
    ----------
    wording
        Probability per account by wording, one column per account.
    facts
        The purchases' facts.
    memory
        The coded history before them.
    """
    contexts = {name: level(facts) for name, level in LEVELS.items()}
    chosen = _choose(wording, [memory.last_account(name, contexts[name]) for name in _ALWAYS])
    recalls = {
        name: memory.recall(name, contexts[name], facts.log_amount, chosen) for name in LEVELS
    }
    probability = np.take_along_axis(wording, chosen, axis=1).astype(np.float64)
    columns = [np.log(probability + 1e-6)]
    whole = recalls["name, unit"]
    columns.append(np.log(_share(whole.slow(), whole.slow_total(), probability, 2.0) + 1e-6))
    for name, recall in recalls.items():
        columns.append(_share(recall.slow(), recall.slow_total(), probability, 0.5))
        columns.append(np.log1p(recall.slow_total())[:, None])
        if name in _FRESH:
            columns.append(_share(recall.fast(), recall.fast_total(), probability, 0.5))
            columns.append(np.log1p(recall.fast_total())[:, None])
            columns.append(recall.days_ago())
            columns.append(recall.is_last().astype(np.float64))
        if name in _AMOUNTS:
            columns.append(recall.amount_distance())
    columns.append(np.arange(chosen.shape[1], dtype=np.float64)[None, :])
    entropy = -(wording * np.log(wording + np.float32(1e-9))).sum(axis=1)
    columns += [facts.log_amount[:, None], entropy[:, None], probability.max(axis=1)[:, None]]
    features = np.empty((*chosen.shape, len(columns)), np.float32)
    for index, column in enumerate(columns):
        features[:, :, index] = column
    return Candidates(chosen, features, recalls)


def _choose(wording: npt.NDArray[np.float32], always: list[Integers]) -> Integers:
    score = wording.copy()
    rows = np.arange(len(score))
    for account in always:
        known = account >= 0
        score[rows[known], account[known]] += 1
    most = min(MOST, score.shape[1])
    top = np.argpartition(-score, most - 1, axis=1)[:, :most]
    order = np.argsort(-np.take_along_axis(score, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1).astype(np.int64)


def _share(count: Floats, total: Floats, prior: Floats, weight: float) -> Floats:
    shares: Floats = (count + weight * prior) / (total + weight)[:, None]
    return shares
