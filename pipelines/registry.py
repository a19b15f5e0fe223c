"""Which providers can be pulled, and by whom? One line each."""

from types import ModuleType

from core.errors import InvalidInputError
from pipelines import stripe
from pipelines.raw import RawTable

PROVIDERS: dict[str, ModuleType] = {"stripe": stripe}


def provider(name: str) -> ModuleType:
    """Return the provider's package: `source`, `raw_tables`, `GROUPS`, `audit`, `tail`.

    Raises:
        InvalidInputError: No such provider.
    """
    if name not in PROVIDERS:
        raise InvalidInputError(
            f"There is no provider {name!r}.", next_step=f"One of: {', '.join(PROVIDERS)}."
        )
    return PROVIDERS[name]


def raw_tables() -> list[RawTable]:
    """Return the raw tables of every provider."""
    return [table for package in PROVIDERS.values() for table in package.raw_tables()]
