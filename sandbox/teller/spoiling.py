"""How does a bank's line come malformed at Teller? In one of the ways that real ones do."""

from __future__ import annotations

import json
from random import Random

WAYS: tuple[tuple[str, str | None], ...] = (
    ("amount", "n/a"),
    ("amount", "12.3456"),
    ("amount", None),
    ("date", "11/20/2026"),
    ("id", None),
)


def spoiled(body: bytes, random: Random) -> bytes:
    """A list of lines with its first one malformed; anything else unchanged."""
    value = json.loads(body)
    if not isinstance(value, list) or not value or "amount" not in value[0]:
        return body
    member, worse = random.choice(WAYS)
    value[0][member] = worse
    return json.dumps(value, separators=(",", ":")).encode()
