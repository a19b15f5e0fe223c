"""How does a bank's line come malformed? In one of the ways that real ones do."""

from __future__ import annotations

import json
from random import Random
from typing import Any

# What becomes of which member. A line without an id, without a number for an amount, with dates in
# other forms, in a currency that is none.
WAYS: tuple[tuple[str, Any], ...] = (
    ("amount", "n/a"),
    ("amount", 12.3456),
    ("amount", None),
    ("iso_currency_code", "dollars"),
    ("date", "11/20/2026"),
    ("transaction_id", None),
)


def spoiled(body: bytes, random: Random) -> bytes:
    """A page of lines with its first one malformed; anything else unchanged."""
    value = json.loads(body)
    added = value.get("added")
    if not added:
        return body
    member, worse = random.choice(WAYS)
    added[0][member] = worse
    if member == "date":
        added[0].update(authorized_date=worse, authorized_datetime=None, datetime=None)
    return json.dumps(value, separators=(",", ":")).encode()
