"""How many series are found, how many are made up? Precision and recall on generated statements."""

from dataclasses import dataclass
from datetime import timedelta

from ml.recurring.facet import series
from ml.recurring.generated import END, Statement, statement

# A found series is right when its cadence is right and it shares most payments with the true one.
LEAST_OVERLAP = 0.7


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over all statements, and what follows from them."""

    right: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        """Return the share of found series that are true."""
        return self.right / max(self.found, 1)

    @property
    def recall(self) -> float:
        """Return the share of true series that were found."""
        return self.right / max(self.true, 1)

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall."""
        return 2 * self.right / max(self.found + self.true, 1)


def evaluate(seeds: range) -> Score:
    """Measure on the statements of some seeds.

    Parameters
    ----------
    seeds
        Seeds below 1,000 served to choose the thresholds; measure on others.

    Returns
    -------
    Score
        Over all series of all statements.
    """
    right = found = true = 0
    for seed in seeds:
        generated = statement(seed)
        hits, detected = _match(generated)
        right, found, true = right + hits, found + detected, true + len(generated.truth)
    return Score(right, found, true)


def interval_coverage(seeds: range) -> tuple[int, int]:
    """Count how often the next payment falls into the foretold interval of days.

    Each true series is cut before its last payment; only payments that were not skipped count.

    Parameters
    ----------
    seeds
        Of the statements.

    Returns
    -------
    tuple of int
        Payments inside the interval, payments foretold.
    """
    inside = foretold = 0
    for seed in seeds:
        generated = statement(seed)
        for cadence, positions in generated.truth:
            rows = generated.rows[sorted(positions)]
            last = rows["booked_on"][-1]
            for line in series(rows[:-1], last - timedelta(days=1)).iter_rows(named=True):
                if line["cadence"] == cadence and line["is_active"] and line["missed"] == 0:
                    foretold += 1
                    inside += line["next_from"] <= last <= line["next_to"]
    return inside, foretold


def _match(generated: Statement) -> tuple[int, int]:
    detected = series(generated.rows, END)
    remaining = list(generated.truth)
    hits = 0
    for line in detected.iter_rows(named=True):
        rows = set(line["rows"])
        for candidate in remaining:
            cadence, positions = candidate
            overlap = len(rows & positions) / len(rows | positions)
            if cadence == line["cadence"] and overlap >= LEAST_OVERLAP:
                hits += 1
                remaining.remove(candidate)
                break
    return hits, detected.height
