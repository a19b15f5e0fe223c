"""Measure the checker on labelled messages.

    python -m recovery.tone LABELLED.csv

The file has the columns language, text and labels (threat, shame, false_urgency, legal_claim,
several with `;`, empty for a message that is fine). Prints one JSON line per figure.
"""

import argparse
import json
import sys
from pathlib import Path

from recovery.tone.measuring import measure, read_labelled


def main() -> int:
    """Read, count, print."""
    parser = argparse.ArgumentParser(prog="python -m recovery.tone", description=__doc__)
    parser.add_argument("file", type=Path, help="a CSV of language, text, labels")
    file = parser.parse_args().file
    try:
        messages = read_labelled(file)
    except (OSError, KeyError, ValueError) as error:
        parser.error(f"{file} cannot be read: {error}")
    for errors in measure(messages):
        line = {
            "figure": errors.name,
            "wrong": errors.wrong,
            "messages": errors.messages,
            "share": round(errors.share.estimate, 4),
            "interval": [round(errors.share.lower, 4), round(errors.share.upper, 4)],
        }
        sys.stdout.write(json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
