"""Which providers can be pulled, and by whom? One line each."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from types import ModuleType
from typing import Protocol

from core.connections import Connection
from core.errors import InvalidInputError
from core.settings import Settings
from core.webhooks.registry import SCHEMES
from pipelines import enablebanking, gocardless, plaid, quickbooks, stripe, teller, xero
from pipelines.batches import Sink
from pipelines.raw import RawTable
from pipelines.stripe.tail import Tail as StripeTail

# Events by id, byte for byte, and who takes them to be applied.
Events = Sequence[tuple[str, bytes]]
Keep = Callable[[Connection, Events], None]


class Tail(Protocol):
    """Follows one account between runs; see `pipelines.tail`."""

    async def look(self, position: int, sink: Sink) -> int:
        """Hand over what happened since `position` and return the new position."""

    def landed(self) -> None:
        """Take note that the rows of the last look are in the warehouse."""


PROVIDERS: dict[str, ModuleType] = {
    "stripe": stripe,
    "plaid": plaid,
    "teller": teller,
    "quickbooks": quickbooks,
    "xero": xero,
    "gocardless": gocardless,
    "enablebanking": enablebanking,
}

# Providers whose changes can be asked for every few seconds.
MakeTail = Callable[[Settings, Connection, Keep | None], AbstractAsyncContextManager[Tail]]
TAILS: dict[str, MakeTail] = {"stripe": StripeTail}

# Providers whose lists can be read anew and compared with the warehouse, day by day.
AUDITED = ("stripe", "plaid", "teller", "quickbooks", "xero")
# Those of them whose gaps a run of ours can mend by itself.
REPAIRED = ("stripe",)


def provider(name: str) -> ModuleType:
    """Return the provider's package: `start`, `raw_tables`, `GROUPS`.

    Raises:
        InvalidInputError: No such provider.
    """
    if name not in PROVIDERS:
        raise InvalidInputError(
            f"There is no provider {name!r}.", next_step=f"One of: {', '.join(PROVIDERS)}."
        )
    return PROVIDERS[name]


def raw_tables() -> list[RawTable]:
    """Return the raw tables of every provider, and of the events that some send."""
    events = [RawTable(name, "event") for name in SCHEMES]
    return [*(t for package in PROVIDERS.values() for t in package.raw_tables()), *events]
