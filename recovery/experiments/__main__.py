"""Check the statistics against simulated experiments whose truth is known.

    python -m recovery.experiments [--runs 2000] [--seed 1]

Prints one JSON line per figure and ends with 1 when one is not where it should be.
"""

import argparse
import json
import sys

from recovery.experiments.simulation import simulate


def main() -> int:
    """Simulate, print, and tell whether every figure is where it should be."""
    parser = argparse.ArgumentParser(prog="python -m recovery.experiments", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="experiments per figure")
    parser.add_argument("--seed", type=int, default=1, help="which experiments are drawn")
    chosen = parser.parse_args()
    if chosen.runs < 1:
        parser.error("--runs must be 1 or more")
    passed = True
    for counted in simulate(chosen.runs, chosen.seed):
        passed &= counted.passed
        line = {
            "figure": counted.name,
            "share": round(counted.share, 4),
            "goal": [counted.lowest, counted.highest],
            "met": counted.passed,
            "runs": counted.runs,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
