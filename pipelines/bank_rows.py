"""What is a bank's row called, where the bank does not name it? By its content and its place.

European banks leave out ids, send blanks for them, or use one id for several lines. A line without
a usable id is named by a hash of what does not change about it, the day above all, and by its place
among equal lines: of two coffees of one day, amount and text, one is the first and one the second.
Both stay, and reading them again gives both the same names.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

# A number keeps its digits: 12.10 that was sent as a JSON number is not 12.1.
_FIELDS = msgspec.json.Decoder(float_hook=str)


def fields_of(payload: msgspec.Raw) -> Mapping[str, Any]:
    """Return a row's fields; nothing where it is no object, which lands all the same."""
    try:
        found = _FIELDS.decode(payload)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def text_at(fields: Mapping[str, Any], *path: str) -> str:
    """Return the text at a path of keys, without blanks around it; empty where there is none."""
    value: Any = fields
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        return " ".join(str(part) for part in value).strip()
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, Mapping) else str(value)


class Names:
    """Names the rows of one answer (or of one list over many pages) without ids.

    `counts` says how many equal rows came before; it can be kept between pages.
    """

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self.counts: Counter[str] = Counter(counts or {})

    def of(self, parts: Sequence[str], payload: msgspec.Raw) -> str:
        """Return the name of a row.

        Args:
            parts: What does not change about it; if all are empty, its bytes count.
            payload: The row.
        """
        content = "\x1f".join(parts).encode() if any(parts) else bytes(payload)
        digest = hashlib.sha256(content).hexdigest()[:32]
        self.counts[digest] += 1
        return f"h_{digest}_{self.counts[digest]}"


def repeated(ids: Iterable[str]) -> set[str]:
    """Return the ids that are used for more than one row, and so identify none."""
    return {name for name, count in Counter(ids).items() if name and count > 1}
