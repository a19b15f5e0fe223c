"""Which providers can be linked? One line each, imported when asked for."""

from importlib import import_module
from typing import cast

from core.errors import InvalidInputError
from linking.flow import Flow

# Provider to the module whose FLOW links it.
FLOWS: dict[str, str] = {
    "stripe": "linking.stripe",
    "plaid": "linking.plaid",
    "gocardless": "linking.gocardless",
    "teller": "linking.teller",
    "enablebanking": "linking.enablebanking",
    "quickbooks": "linking.quickbooks",
    "xero": "linking.xero",
}


def flow_of(provider: str) -> Flow:
    """Return a provider's flow.

    Raises:
        InvalidInputError: No such provider.
    """
    if provider not in FLOWS:
        raise InvalidInputError(
            f"There is no provider {provider!r}.", next_step=f"One of: {', '.join(FLOWS)}."
        )
    return cast(Flow, import_module(FLOWS[provider]).FLOW)
