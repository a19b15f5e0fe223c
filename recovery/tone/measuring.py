"""How often is the checker wrong? Counted over messages that people have labelled.

A *false pass* is a message that must not go out and passes: the error that hurts a payer. A *false
alarm* is one that is fine and is stopped. Both with Wilson's interval, since sets are small.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recovery.experiments.proportions import Interval, wilson
from recovery.experiments.units import Tally
from recovery.tone.checking import check_text
from recovery.tone.findings import BLOCKING, Check

# The blocking checks that words alone decide; the others are exact.
JUDGED = (Check.THREAT, Check.SHAME, Check.FALSE_URGENCY, Check.LEGAL_CLAIM)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One message and what people found in it; nothing where it may go out."""

    language: str
    text: str
    labels: frozenset[Check]


@dataclass(frozen=True, slots=True)
class Errors:
    """How often one kind of message was judged wrongly; `share` has the bounds."""

    name: str
    wrong: int
    messages: int

    @property
    def share(self) -> Interval:
        """The share of them, with Wilson's bounds."""
        return wilson(Tally(self.messages, self.wrong))


def read_labelled(file: Path) -> list[Labelled]:
    """Read a CSV of language, text and labels (several with `;`, none for a message that is fine).

    Raises:
        ValueError: A label that is none of the judged checks.
    """
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = []
    for row in rows:
        labels = frozenset(Check(label) for label in row["labels"].split(";") if label)
        if not labels <= frozenset(JUDGED):
            raise ValueError(f"{row['labels']!r} names a check that is not judged by words.")
        found.append(Labelled(row["language"], row["text"], labels))
    return found


def measure(messages: Iterable[Labelled]) -> Iterator[Errors]:
    """Yield the errors: false passes and false alarms over all, by language, by check."""
    judged = [(message, blocked(message)) for message in messages]
    for language in ("", *sorted({message.language for message, _ in judged})):
        ours = [pair for pair in judged if language in ("", pair[0].language)]
        place = f" in {language}" if language else ""
        bad = [blocks for message, blocks in ours if message.labels]
        fine = [blocks for message, blocks in ours if not message.labels]
        yield Errors(f"false pass{place}", bad.count(False), len(bad))
        yield Errors(f"false alarm{place}", fine.count(True), len(fine))
    for check in JUDGED:
        those = [blocks for message, blocks in judged if check in message.labels]
        yield Errors(f"false pass of {check}", those.count(False), len(those))


def blocked(message: Labelled) -> bool:
    """Tell whether the checker keeps a message from being published for what it says."""
    return any(
        finding.check in BLOCKING
        for finding in check_text({"body": message.text}, message.language)
    )
