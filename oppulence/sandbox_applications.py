"""Which applications do the other providers know here? The sandbox's, where none is configured.

A newcomer has no application registered with Plaid or Xero. Until one is set, `oppulence up` and
the demo use those that the sandbox knows, at its addresses, so that every consent can be tried.
"""

from typing import Any

from pydantic import SecretStr

from core.settings import Settings
from local.ports import LOOPBACK


def with_sandbox_applications(settings: Settings) -> Settings:
    """Return settings in which each provider without an application is the sandbox's."""
    from sandbox import plaid, quickbooks, teller, xero
    from sandbox.enablebanking.application import application
    from sandbox.gocardless.app import SECRET_ID, SECRET_KEY

    enable = application(settings.data_dir / "sandbox")
    keys: dict[str, dict[str, Any]] = {
        "plaid": {"client_id": plaid.CLIENT_ID, "secret": SecretStr(plaid.SECRET)},
        "teller": {"application_id": teller.APPLICATION_ID},
        "gocardless": {"secret_id": SECRET_ID, "secret_key": SecretStr(SECRET_KEY)},
        "enablebanking": {"application_id": enable.id, "private_key_file": enable.key_file},
        "quickbooks": {
            "client_id": quickbooks.CLIENT_ID,
            "client_secret": SecretStr(quickbooks.CLIENT_SECRET),
        },
        "xero": {"client_id": xero.CLIENT_ID, "client_secret": SecretStr(xero.CLIENT_SECRET)},
    }
    update: dict[str, Any] = {}
    for provider, known in keys.items():
        if not any(getattr(settings, f"{provider}_{name}") for name in known):
            update |= {f"{provider}_{name}": value for name, value in known.items()}
            update[f"{provider}_api_url"] = f"http://{LOOPBACK}:{settings.sandbox_port}/{provider}"
    return settings.model_copy(update=update)
