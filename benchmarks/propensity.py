"""Does the off-policy estimate keep its word, and from what does the shared model learn?

    python -m benchmarks.propensity --rows      writes the package's rows from the sandbox anew
    python -m benchmarks.propensity             how often do the intervals hold a known truth?

The truth is known twice: the sandbox's own chances, in which the hour has no part, and a made-up
one in which tries in the morning are likelier to be paid.
"""

import argparse
import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from ml.propensity.off_policy import BLOCKS, Integers, Log, compare
from ml.propensity.training import ROWS
from ml.propensity.tries import Floats
from sandbox.company.payments import DECLINES
from sandbox.company.tries import retries

SEED, CUSTOMERS = 2026, 10_000
UNTIL = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
START = int(datetime(2025, 5, 20, tzinfo=UTC).timestamp())
COLUMNS = (
    "decline_code", "attempt_number", "amount_minor", "currency", "country", "customer_since",
    "attempted_at", "is_paid",
)  # fmt: skip
# How a made-up bank's mornings differ, block by block of four hours.
MORNINGS = (0.7, 0.8, 1.5, 1.1, 0.9, 0.8)
# The hours of a provider whose retries follow the customers' sign-ups.
LOGGED = (0.10, 0.08, 0.22, 0.25, 0.20, 0.15)


def rows(customers: int) -> Iterator[tuple[str | int, ...]]:
    """Return the sandbox's retries as the package keeps them."""
    for one in retries(SEED, customers, START, UNTIL):
        yield tuple(int(value) if isinstance(value, bool) else value
                    for value in (getattr(one, name) for name in COLUMNS))  # fmt: skip


def covered(runs: int, tries: int, mornings: tuple[float, ...] = (1.0,) * BLOCKS) -> dict[str, int]:
    """Return how many of so many simulated logs' intervals hold the truth, by what is estimated.

    The model that guesses is wrong on purpose: it sees half of what the hour does.
    """
    weights = np.array([weight for weight, _ in DECLINES.values() if weight], np.float64)
    chances = np.array([chance for _, chance in DECLINES.values()])
    held = {"fixed": 0, "model": 0, "difference": 0}
    for run in range(runs):
        chance = np.random.default_rng([run, 7])
        base = chance.choice(chances, size=tries, p=weights / weights.sum())
        truth = np.minimum(base[:, None] * np.array(mornings), 0.98)
        block = chance.choice(BLOCKS, size=tries, p=LOGGED)
        here = np.arange(tries)
        paid = (chance.random(tries) < truth[here, block]).astype(np.float64)
        guess = base[:, None] * (1 + (np.array(mornings) - 1) / 2)
        fixed, chosen = np.full(tries, 5), _best(guess)
        found = compare(Log(np.zeros(tries, np.int64), block, paid, guess), fixed, chosen)
        theirs, ours = truth[here, fixed].mean(), truth[here, chosen].mean()
        for name, right in (("fixed", theirs), ("model", ours), ("difference", ours - theirs)):
            interval = getattr(found, name)
            held[name] += int(interval.low <= right <= interval.high)
    return held


def _best(guess: Floats) -> Integers:
    """Take the likeliest block, the third where none is."""
    is_flat = np.ptp(guess, axis=1) < 1e-12
    return np.where(is_flat, 2, guess.argmax(axis=1))


def main() -> None:
    """Write the rows, or measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.propensity")
    parser.add_argument("--rows", action="store_true")
    if parser.parse_args().rows:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(CUSTOMERS))
        ROWS.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
        return
    for name, mornings in (("sandbox", (1.0,) * BLOCKS), ("mornings", MORNINGS)):
        held = covered(2_000, 1_500, mornings)
        print(json.dumps({"truth": name, "runs": 2_000, "held": held}))


if __name__ == "__main__":
    main()
