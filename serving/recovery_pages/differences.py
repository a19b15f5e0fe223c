"""What differs between two versions of a message? Part by part, word by word.

A variable is one word, so that one that is taken out is seen whole; a paragraph's end is one, so
that a moved sentence is no rewritten letter.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

PARTS = {
    "subject": "Subject",
    "preheader": "Preview line",
    "paragraphs": "Body",
    "action": "Button",
    "sms": "Text message",
}
_WORD = re.compile(r"\n\n|\{\{.*?\}\}|\{%.*?%\}|\s|\w+|.", re.DOTALL)
# Between two changes, so little that stayed would cut a sentence to pieces.
_TOO_LITTLE = re.compile(r"\s*")


Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, came or went."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a message; `is_changed` is false where both say the same."""

    label: str
    pieces: tuple[Piece, ...]
    is_changed: bool


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return every part of a message as it was and is."""
    found = []
    for name, label in PARTS.items():
        pieces = tuple(_pieces(_text(before[name]), _text(after[name])))
        found.append(Difference(label, pieces, any(one.kind != "same" for one in pieces)))
    return found


def _text(value: Any) -> str:
    return "\n\n".join(value) if isinstance(value, list | tuple) else str(value)


def _pieces(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    removed = added = ""
    for change, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, comes = "".join(old[i:j]), "".join(new[k:m])
        if change == "equal" and not ((removed or added) and _TOO_LITTLE.fullmatch(was)):
            yield from _changed(removed, added)
            removed = added = ""
            yield Piece("same", was)
        else:
            removed, added = removed + was, added + comes
    yield from _changed(removed, added)


def _changed(removed: str, added: str) -> Iterator[Piece]:
    stayed = ""
    while removed and added and removed[-1] == added[-1] and removed[-1].isspace():
        removed, added, stayed = removed[:-1], added[:-1], removed[-1] + stayed
    told: dict[Kind, str] = {"removed": removed, "added": added, "same": stayed}
    for kind, text in told.items():
        if text:
            yield Piece(kind, text)
