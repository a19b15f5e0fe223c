"""How is a provider's account connected from a terminal? By consent, or by what opens it.

Whatever the way (`linking.flow`), the provider says whose account it is before anything is stored,
secrets come from a hidden prompt, standard input or the provider's own variable, and none is shown.
"""

import getpass
import json
import sys
from collections.abc import Mapping, Sequence

from core.connections import Connection, ConnectionStore
from core.errors import InvalidInputError
from core.settings import Settings
from core.tenancy import TenantId
from linking.flow import Flow, Linked
from linking.registry import flow_of
from linking.webhook_address import register
from local.lease import read_live
from oppulence.consent import given_consent
from oppulence.output import print_json, print_line
from oppulence.session import command_session, connection_store
from oppulence.workspaces import ensure_workspace


def connect_provider(
    provider: str,
    workspace: str,
    *,
    name: str,
    api_url: str,
    choices: Sequence[str],
    redirect_url: str,
    from_stdin: bool,
    as_json: bool,
) -> None:
    """Connect an account of `provider` to the workspace and say what comes next."""
    flow = flow_of(provider)
    tenant = TenantId(workspace)
    choice = _pairs(choices)
    with command_session("connect", needed=["postgres"]) as settings:
        known = _credentials(flow, settings) if from_stdin or not flow.has_consent else None
        linked = (
            given_consent(
                flow, settings, user_id=str(tenant), choice=choice, redirect_url=redirect_url
            )
            if known is None
            else flow.verify(settings, known, api_url)
        ) or flow.verify(settings, _credentials(flow, settings), api_url)
        with connection_store(settings) as store:
            connection = keep(store, tenant, provider, linked, name=name)
        register(settings, provider, connection.id, linked)
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


def keep(
    store: ConnectionStore, tenant: TenantId, provider: str, linked: Linked, *, name: str = ""
) -> Connection:
    """Store what was linked, sealed; creates the workspace when it is missing."""
    ensure_workspace(store.database, tenant)
    return store.connect(
        tenant,
        provider=provider,
        name=name or linked.name,
        provider_account_id=linked.account_id,
        api_url=linked.api_url,
        credentials=linked.credentials,
    )


def _credentials(flow: Flow, settings: Settings) -> Mapping[str, str]:
    """Return what opens the account: from the provider's variable, standard input or prompts."""
    if flow.provider == "stripe" and settings.stripe_api_key is not None:
        return {"api_key": settings.stripe_api_key.get_secret_value()}
    if not flow.credential_fields:
        raise InvalidInputError(
            f"{flow.provider} is connected by consent, not by credentials.",
            next_step=f"Run `oppulence connect {flow.provider}` without --stdin.",
        )
    if not sys.stdin.isatty():
        return _read(flow, sys.stdin.read())
    found = {
        field: getpass.getpass(f"{flow.provider.title()}: {meaning} (not shown): ").strip()
        for field, meaning in flow.credential_fields.items()
    }
    if not all(found.values()):
        raise InvalidInputError("Nothing was entered.", next_step="Run it again.")
    return found


def _read(flow: Flow, text: str) -> Mapping[str, str]:
    """Return credentials that were piped in as JSON: `{"access_token": "…"}`."""
    shape = json.dumps(dict.fromkeys(flow.credential_fields, "…"), ensure_ascii=False)
    way = "Set STRIPE_API_KEY" if flow.provider == "stripe" else f"Pipe {shape} into the command"
    hint = f"{way}, or run this in a terminal."
    if not text.strip():
        raise InvalidInputError(
            "There are no credentials, and no terminal to ask for them.", next_step=hint
        )
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or set(found) != set(flow.credential_fields):
        raise InvalidInputError(
            "What standard input holds is not this provider's credentials.", next_step=hint
        )
    return {field: str(value) for field, value in found.items()}


def _pairs(choices: Sequence[str]) -> dict[str, str]:
    pairs = [choice.partition("=") for choice in choices]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise InvalidInputError(
            f"A choice is written name=value, not {wrong[0]!r}.",
            next_step="For example: --choice institution_id=SANDBOXFINANCE_SFIN0000",
        )
    return {name: value for name, _, value in pairs}
