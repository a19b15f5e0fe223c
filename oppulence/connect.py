"""How is a provider's account connected? Its key is verified with the provider, then sealed.

The key comes from the provider's own variable or a prompt that does not show it, is never printed,
and is stored only after the provider has said whose it is.
"""

import getpass
import sys

from core.connections import Connection, ConnectionStore
from core.errors import InvalidInputError
from core.settings import Settings
from core.tenancy import TenantId
from local.lease import read_live
from oppulence.output import print_json, print_line
from oppulence.session import command_session, connection_store
from oppulence.workspaces import ensure_workspace
from pipelines.stripe.account import verify_key

PROVIDERS = ("stripe",)


def connect_provider(
    provider: str, workspace: str, *, name: str, api_url: str, as_json: bool
) -> None:
    """Connect an account of `provider` to the workspace and say what comes next."""
    if provider not in PROVIDERS:
        raise InvalidInputError(
            f"There is no provider {provider!r}.", next_step=f"One of: {', '.join(PROVIDERS)}."
        )
    tenant = TenantId(workspace)
    with command_session("connect", needed=["postgres"]) as settings:
        key = _stripe_key(settings)
        with connection_store(settings) as store:
            connection = connect_stripe(
                store, tenant, key, name=name, api_url=api_url or settings.stripe_api_url
            )
        live = read_live(settings.data_dir)
    if as_json:
        print_json(
            {
                "workspace": str(tenant),
                "connection": connection.id,
                "provider": provider,
                "name": connection.name,
                "account": connection.provider_account_id,
            }
        )
        return
    print_line(
        f"Connected {connection.name} ({connection.provider_account_id}) as {connection.id}."
    )
    if live is not None and "daemon" in live.parts:
        dagster = live.parts["dagster"]["address"]
        print_line(f"The running stack brings its data in now: {dagster}/runs")
    else:
        print_line("Next: `oppulence sync` brings its data in.")


def connect_stripe(
    store: ConnectionStore, tenant: TenantId, key: str, *, name: str = "", api_url: str
) -> Connection:
    """Verify a Stripe key and store the connection; creates the workspace when it is missing.

    Raises:
        InvalidInputError: It is a publishable key, or none.
        ProviderError: Stripe refuses the key or does not answer.
    """
    account = verify_key(key, api_url)
    ensure_workspace(store.database, tenant)
    return store.connect(
        tenant,
        provider="stripe",
        name=name or account.name,
        provider_account_id=account.id,
        api_url=api_url,
        credentials={"api_key": key},
    )


def _stripe_key(settings: Settings) -> str:
    if settings.stripe_api_key is not None:
        return settings.stripe_api_key.get_secret_value()
    if not sys.stdin.isatty():
        raise InvalidInputError(
            "There is no key, and no terminal to ask for one.",
            next_step="Set STRIPE_API_KEY, or run this in a terminal.",
        )
    key = getpass.getpass("Stripe secret key (not shown): ").strip()
    if not key:
        raise InvalidInputError("No key was entered.", next_step="Run it again.")
    return key
