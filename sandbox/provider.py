"""What is a provider's sandbox beside Stripe's? An application behind one first path segment.

It sees requests as the provider would: `/plaid/transactions/sync` arrives as `/transactions/sync`.
Before it is asked, the faults that every provider has may strike (`sandbox.faults.COMMON`); its own
it strikes itself: `stage.faults.own(...)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.clock import Clock
from sandbox.faults import Fault, ProviderFaults
from sandbox.meters import Meters
from sandbox.outbox import Outbox
from sandbox.wire import Answer, Request
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Stage:
    """What a provider's application stands on.

    `folder` is its own, and outlives restarts: grants, tokens and budgets belong there.
    """

    world: World
    clock: Clock
    folder: Path
    faults: ProviderFaults
    meters: Meters
    outbox: Outbox


class ProviderApp(Protocol):
    """One provider's API over the world."""

    name: str
    # The kinds of fault that only this provider has.
    fault_kinds: frozenset[str]

    def handle(self, request: Request) -> Answer:
        """Answer one request, its path without the provider's segment."""
        ...

    def credential(self, request: Request) -> str:
        """Whose request it is (a token, a tenant, an account): what limits are counted by."""
        ...

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """The answer under a `rate_limit` or an `error`, as the provider words it."""
        ...

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """A good answer with one row malformed (`malformed_row`)."""
        ...


MakeApp = Callable[[Stage], ProviderApp]
