"""How is a Xero organisation linked? By OAuth 2 with PKCE; a connection is one chosen tenant.

    login.xero.com/identity/connect/authorize ─ code ─► identity.xero.com/connect/token
    ─ access 30 min, refresh that is used once and dies after 60 idle days ─►
    api.xero.com/connections ─► the tenant

A user may let several organisations be read at once. A connection is one organisation: where more
than one is offered, the choice names it (`tenant_id`). An organisation in a simulator has its
authorization server beside it, under the same address.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from core.clock import utc_now
from core.errors import InvalidInputError
from core.settings import Settings
from linking.flow import (
    CredentialsRefusedError,
    Linked,
    LinkRequest,
    LinkStart,
    NotConfiguredError,
)
from linking.oauth import (
    Application,
    Tokens,
    challenge_of,
    delete,
    exchange_code,
    new_verifier,
    read_json,
    refresh_tokens,
    revoke_token,
)

_CODE_LASTS = timedelta(minutes=30)
_AUTHORIZE = "https://login.xero.com/identity"
_IDENTITY = "https://identity.xero.com"


class XeroFlow:
    """Links one organisation (a tenant)."""

    provider = "xero"
    credential_fields: Mapping[str, str] = {
        "refresh_token": "A refresh token with offline_access",
        "tenant_id": "The organisation's tenant id",
    }
    choice_fields: Mapping[str, str] = {
        "tenant_id": "Which organisation, where the user lets several be read"
    }
    has_consent = True
    has_widget = False

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Return Xero's page on which organisations are chosen."""
        application, verifier = application_of(settings), new_verifier()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": application.client_id,
                "redirect_uri": request.redirect_url,
                "scope": settings.xero_scopes,
                "state": request.state,
                "code_challenge": challenge_of(verifier),
                "code_challenge_method": "S256",
            }
        )
        server = _server(settings.xero_api_url, _AUTHORIZE, "/identity")
        return LinkStart(
            expires_at=utc_now() + _CODE_LASTS,
            url=f"{server}/connect/authorize?{query}",
            kept={
                "redirect_url": request.redirect_url,
                "verifier": verifier,
                "tenant_id": request.choice.get("tenant_id", ""),
            },
        )

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Exchange the code and find the organisation that was chosen."""
        if not answer.get("code"):
            raise CredentialsRefusedError(
                f"Xero gave no consent: {answer.get('error') or 'no code came back'}.",
                next_step="Connect again and choose an organisation.",
            )
        tokens = exchange_code(
            application_of(settings), _token_url(settings.xero_api_url), code=answer["code"],
            redirect_url=kept["redirect_url"], verifier=kept["verifier"],
        )  # fmt: skip
        return self._linked(settings, tokens, kept.get("tenant_id", ""), settings.xero_api_url)

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Exchange a refresh token for lasting credentials."""
        if not credentials.get("refresh_token"):
            raise InvalidInputError("Xero needs refresh_token.")
        api_url = api_url or settings.xero_api_url
        url = _token_url(api_url)
        tokens = refresh_tokens(application_of(settings), url, credentials["refresh_token"])
        return self._linked(settings, tokens, credentials.get("tenant_id", ""), api_url)

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Disconnect the tenant, and give the token back when it was the last one."""
        if not credentials.get("refresh_token"):
            return
        api_url, application = api_url or settings.xero_api_url, application_of(settings)
        try:
            tokens = refresh_tokens(application, _token_url(api_url), credentials["refresh_token"])
            tenants = read_json(application, f"{api_url}/connections", tokens.access_token)
        except CredentialsRefusedError:
            return  # the grant is gone already
        ours = [t for t in tenants if t["tenantId"] == credentials.get("tenant_id")]
        for tenant in ours:
            delete(application, f"{api_url}/connections/{tenant['id']}", tokens.access_token)
        if len(tenants) == len(ours):
            server = _server(api_url, _IDENTITY)
            revoke_token(application, f"{server}/connect/revocation", tokens.refresh_token)

    def _linked(self, settings: Settings, tokens: Tokens, wanted: str, api_url: str) -> Linked:
        found = read_json(application_of(settings), f"{api_url}/connections", tokens.access_token)
        tenant = chosen_tenant(found, wanted)
        return Linked(
            credentials={**tokens.credentials(), "tenant_id": tenant["tenantId"]},
            account_id=tenant["tenantId"],
            name=str(tenant.get("tenantName") or tenant["tenantId"]),
            api_url=api_url,
        )


def chosen_tenant(connections: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """Return the one organisation that is meant.

    Raises:
        CredentialsRefusedError: None was let in, not the one that is wanted, or several.
    """
    offered = [c for c in connections if c.get("tenantType") == "ORGANISATION"]
    named = "; ".join(f"{c.get('tenantName')} ({c.get('tenantId')})" for c in offered)
    meant = [c for c in offered if c["tenantId"] == wanted] if wanted else offered
    if len(meant) == 1:
        return meant[0]
    if not offered:
        raise CredentialsRefusedError(
            "No organisation was chosen.", next_step="Connect again and choose one."
        )
    if wanted:
        raise CredentialsRefusedError(
            "That organisation was not let in.", next_step=f"Choose one of: {named}."
        )
    raise CredentialsRefusedError(
        "Several organisations were let in.",
        next_step=f"Connect again with the tenant_id of one: {named}.",
    )


def refreshed(
    settings: Settings, credentials: Mapping[str, str], api_url: str
) -> Mapping[str, str]:
    """Return an organisation's credentials with new tokens. Only through `renew_credentials`.

    Raises:
        CredentialsRefusedError: The grant has ended.
        ProviderError: Xero refuses or does not answer.
    """
    url = _token_url(api_url)
    tokens = refresh_tokens(application_of(settings), url, credentials.get("refresh_token", ""))
    return {**credentials, **tokens.credentials()}


def application_of(settings: Settings) -> Application:
    """Return our application at Xero; one without a secret is public and relies on PKCE.

    Raises:
        NotConfiguredError: None is configured.
    """
    if not settings.xero_client_id:
        raise NotConfiguredError(
            "There is no Xero application.", next_step="Set OPPULENCE_XERO_CLIENT_ID."
        )
    secret = settings.xero_client_secret
    return Application("Xero", settings.xero_client_id, secret.get_secret_value() if secret else "")


def _token_url(api_url: str) -> str:
    return f"{_server(api_url, _IDENTITY)}/connect/token"


def _server(api_url: str, official: str, path: str = "") -> str:
    """Return Xero's server, or a simulator's own."""
    host = urlsplit(api_url).hostname or ""
    return official if host.endswith(".xero.com") else api_url.rstrip("/") + path


FLOW = XeroFlow()
