"""How many calls are left? A bank's daily allowance per account and scope, planned and persisted.

European banks allow four reads of an account a day and scope (details, balances, transactions)
while its user is away. The plan: what changes is read evenly over the day, details monthly, and the
last call of every scope is kept for somebody who asks for it now.

A call is written down before it is made: it is reserved in one chunk of a run and made in the next,
so dlt's state holds it, and a run that is killed in between has spent it at worst, never forgotten
it. What the provider itself says is left outranks what we counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DAY = 86_400
CALLS_PER_DAY = 4
KEPT_FOR_REQUESTS = 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be called, and how often it is worth a call by itself.

    Attributes:
        name: The provider's name of it.
        every: Seconds between two planned calls.
    """

    name: str
    every: int


@dataclass(slots=True)
class Purse:
    """The calls of one account and scope. `memory` is the connection's own dictionary, kept by dlt.

    Its keys, times in whole seconds: `calls` (made or reserved in the last day), `read` (the last
    one that brought something), `blocked` (until when the provider allows none), `limit`.
    """

    scope: Scope
    memory: dict[str, Any]

    @property
    def limit(self) -> int:
        """Calls a day: the provider's own number, where it names a smaller one."""
        return min(int(self.memory.get("limit", CALLS_PER_DAY)), CALLS_PER_DAY)

    def allowed_at(self, now: int, *, is_asked_for: bool) -> int:
        """Return the first second, from `now` on, at which the provider allows a call."""
        usable = max(1, self.limit - (0 if is_asked_for else KEPT_FOR_REQUESTS))
        calls = self._recent(now)
        free_at = calls[-usable] + DAY if len(calls) >= usable else now
        return max(now, free_at, int(self.memory.get("blocked", 0)))

    def planned_at(self, now: int) -> int:
        """Return the first second, from `now` on, at which a call is made by itself."""
        read = self.memory.get("read")
        due_at = now if read is None else int(read) + self.scope.every
        return max(due_at, self.allowed_at(now, is_asked_for=read is None))

    def reserve(self, now: int) -> None:
        """Write a call down, before it is made."""
        self.memory["calls"] = [*self._recent(now), now]

    def brought(self, now: int) -> None:
        """Take note that a call brought something."""
        self.memory["read"] = now

    def give_back(self, now: int) -> None:
        """Take a reserved call back that the provider refused without counting it."""
        calls = self._recent(now)
        if calls:
            calls.pop()
        self.memory["calls"] = calls

    def heed(self, now: int, limit: int | None, remaining: int | None, reset: int | None) -> None:
        """Believe what the provider says of this scope.

        Args:
            now: The present second.
            limit: Calls a day.
            remaining: Calls that are left of them.
            reset: Seconds until there are more.
        """
        if limit is None or remaining is None or limit <= 0:
            return
        self.memory["limit"] = limit
        used, calls = max(0, limit - remaining), self._recent(now)
        # Calls of others count as made now; a reservation that was never used is taken back.
        missing = [now] * (used - len(calls))
        self.memory["calls"] = sorted([*calls, *missing])[-used:] if used else []
        if remaining == 0:
            self.block(now + (reset or DAY))

    def block(self, until: int) -> None:
        """Allow no call until then."""
        self.memory["blocked"] = max(until, int(self.memory.get("blocked", 0)))

    def report(self, now: int) -> Mapping[str, Any]:
        """Return what people want to know of the purse."""
        calls = self._recent(now)
        return {
            "scope": self.scope.name,
            "calls_per_day": self.limit,
            "calls_made": len(calls),
            "calls_made_at": [_text(call) for call in calls],
            "last_read_at": _text(self.memory["read"]) if "read" in self.memory else None,
            "next_allowed_at": _text(self.allowed_at(now, is_asked_for=True)),
            "next_planned_at": _text(self.planned_at(now)),
        }

    def _recent(self, now: int) -> list[int]:
        return [call for call in self.memory.get("calls", ()) if call > now - DAY]


def _text(second: int) -> str:
    return datetime.fromtimestamp(int(second), UTC).isoformat().replace("+00:00", "Z")
