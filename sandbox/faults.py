"""How does the sandbox misbehave on request?

Rules that match paths, by probability or for the next n requests.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

# Stripe's.
KINDS = frozenset({
    "rate_limit", "error", "timeout", "cut", "truncated_list", "missing_items", "unordered_list",
    "duplicate_events", "reversed_events",
})  # fmt: skip
# What the server does to any other provider: refuse, be late, break off, spoil a row. Further ones
# belong to a provider and are struck by its application.
COMMON = frozenset({"rate_limit", "error", "timeout", "slow", "cut", "malformed_row"})


@dataclass(slots=True)
class Fault:
    """One rule."""

    id: int
    kind: str
    path: str = ".*"
    probability: float = 1.0
    next: int | None = None
    retry_after: int = 1
    seconds: float = 30.0
    # What a provider's own kind of fault needs to know beside its path.
    value: str | None = None
    hits: int = 0


class Faults:
    """The rules in force."""

    def __init__(self, seed: int) -> None:
        """Begin without rules; chance is drawn from `seed`."""
        self.random = Random(seed)  # noqa: S311
        self.rules: list[Fault] = []
        self.made = 0
        # Kinds that may be asked for; providers add theirs.
        self.kinds = KINDS | COMMON

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Add a rule from its JSON form.

        Raises:
            ValueError: An unknown kind or field, or a path that is no regular expression.
        """
        known = {"kind", "path", "probability", "next", "retry_after", "seconds", "value"}
        if wanted.get("kind") not in self.kinds or set(wanted) - known:
            raise ValueError(
                f"a fault has a kind of {sorted(self.kinds)} "
                f"and may have {sorted(known - {'kind'})}"
            )
        try:
            re.compile(str(wanted.get("path", "")))
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None
        self.made += 1
        rule = Fault(id=self.made, **wanted)
        self.rules.append(rule)
        return rule

    def strike(self, path: str, kinds: frozenset[str] = KINDS) -> Fault | None:
        """The rule that strikes a request to `path`, if one does; uses it up once."""
        for rule in self.rules:
            if rule.kind not in kinds or rule.next == 0 or re.search(rule.path, path) is None:
                continue
            if rule.probability < 1.0 and self.random.random() >= rule.probability:
                continue
            if rule.next is not None:
                rule.next -= 1
            rule.hits += 1
            return rule
        return None

    def report(self) -> list[dict[str, Any]]:
        """The rules as JSON."""
        return [asdict(rule) for rule in self.rules]


class ProviderFaults:
    """One provider's view of the rules, whose paths carry its segment."""

    def __init__(self, faults: Faults, name: str) -> None:
        """See the rules that match `/name/...`."""
        self._faults, self.name = faults, name

    @property
    def random(self) -> Random:
        """The stream that chance is drawn from."""
        return self._faults.random

    def own(self, path: str, *kinds: str) -> Fault | None:
        """The rule of these kinds that strikes a request to `path` (without the segment)."""
        return self._faults.strike(f"/{self.name}{path}", frozenset(kinds))


def spoil_list(kind: str, body: bytes, random: Random) -> bytes:
    """A list's text, truncated, with items missing, or out of order; anything else unchanged."""
    value = json.loads(body)
    data = value.get("data")
    if value.get("object") != "list" or not isinstance(data, list):
        return body
    if kind == "truncated_list":
        value["data"], value["has_more"] = data[: len(data) // 2], False
    elif kind == "missing_items":
        value["data"] = [item for place, item in enumerate(data) if place % 7 != 3]
    elif kind == "unordered_list":
        random.shuffle(data)
    elif kind == "duplicate_events":
        value["data"] = [item for item in data for _ in range(2)]
    elif kind == "reversed_events":
        value["data"] = data[::-1]
    return json.dumps(value, separators=(",", ":")).encode()
