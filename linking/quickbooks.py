"""How is a QuickBooks Online company linked? By OAuth 2 with Intuit, one company per consent.

    appcenter.intuit.com/connect/oauth2 ─ code, realmId ─► …/tokens/bearer ─ access 1 h,
    refresh that rolls for 100 days (5 years at most) ─► the company's name

Intuit documents no PKCE: the state and the client's secret bind the code. A company in a simulator
has its authorization server beside it, under the same address.
"""

from collections.abc import Mapping
from datetime import timedelta
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
    exchange_code,
    read_json,
    refresh_tokens,
    revoke_token,
)

SCOPE = "com.intuit.quickbooks.accounting"
MINOR_VERSION = 75
_CODE_LASTS = timedelta(minutes=30)
_AUTHORIZE = "https://appcenter.intuit.com"
_TOKENS = "https://oauth.platform.intuit.com"
_REVOKE = "https://developer.api.intuit.com"


class QuickBooksFlow:
    """Links one company file (a realm)."""

    provider = "quickbooks"
    credential_fields: Mapping[str, str] = {
        "realm_id": "The company's id (realmId)",
        "refresh_token": "A refresh token of the company, for example from Intuit's playground",
    }
    choice_fields: Mapping[str, str] = {}
    has_consent = True
    has_widget = False

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Return Intuit's page on which a company is chosen."""
        application = application_of(settings)
        query = urlencode(
            {
                "client_id": application.client_id,
                "response_type": "code",
                "scope": SCOPE,
                "redirect_uri": request.redirect_url,
                "state": request.state,
            }
        )
        return LinkStart(
            expires_at=utc_now() + _CODE_LASTS,
            url=f"{_server(settings.quickbooks_api_url, _AUTHORIZE)}/connect/oauth2?{query}",
            kept={"redirect_url": request.redirect_url},
        )

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Exchange the code and ask for the company's name."""
        if not answer.get("code") or not answer.get("realmId"):
            raise CredentialsRefusedError(
                f"Intuit gave no consent: {answer.get('error') or 'no company was chosen'}.",
                next_step="Connect again and choose a company.",
            )
        tokens = exchange_code(
            application_of(settings), _token_url(settings.quickbooks_api_url),
            code=answer["code"], redirect_url=kept["redirect_url"],
        )  # fmt: skip
        return self._linked(settings, tokens, answer["realmId"], settings.quickbooks_api_url)

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Exchange a refresh token for lasting credentials."""
        for name in self.credential_fields:
            if not credentials.get(name):
                raise InvalidInputError(f"QuickBooks needs {name}.")
        api_url = api_url or settings.quickbooks_api_url
        url = _token_url(api_url)
        tokens = refresh_tokens(application_of(settings), url, credentials["refresh_token"])
        return self._linked(settings, tokens, credentials["realm_id"], api_url)

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Give the refresh token back, which disconnects the company."""
        if token := credentials.get("refresh_token"):
            server = _server(api_url or settings.quickbooks_api_url, _REVOKE)
            revoke_token(application_of(settings), f"{server}/v2/oauth2/tokens/revoke", token)

    def _linked(self, settings: Settings, tokens: Tokens, realm: str, api_url: str) -> Linked:
        if not realm.isdigit():
            raise CredentialsRefusedError("A QuickBooks company's id is a number.")
        url = f"{api_url}/v3/company/{realm}/companyinfo/{realm}?minorversion={MINOR_VERSION}"
        company = read_json(application_of(settings), url, tokens.access_token)
        name = (company.get("CompanyInfo") or {}).get("CompanyName") or realm
        ends = tokens.ends_in_seconds
        return Linked(
            credentials={**tokens.credentials(), "realm_id": realm},
            account_id=realm,
            name=str(name),
            api_url=api_url,
            expires_at=utc_now() + timedelta(seconds=ends) if ends else None,
        )


def refreshed(
    settings: Settings, credentials: Mapping[str, str], api_url: str
) -> Mapping[str, str]:
    """Return a company's credentials with new tokens. Call it through `renew_credentials` only.

    Raises:
        CredentialsRefusedError: The grant has ended.
        ProviderError: Intuit refuses or does not answer.
    """
    url = _token_url(api_url)
    tokens = refresh_tokens(application_of(settings), url, credentials.get("refresh_token", ""))
    return {**credentials, **tokens.credentials()}


def application_of(settings: Settings) -> Application:
    """Return our application at Intuit.

    Raises:
        NotConfiguredError: None is configured.
    """
    if not settings.quickbooks_client_id or settings.quickbooks_client_secret is None:
        raise NotConfiguredError(
            "There is no Intuit application.",
            next_step="Set OPPULENCE_QUICKBOOKS_CLIENT_ID and OPPULENCE_QUICKBOOKS_CLIENT_SECRET.",
        )
    secret = settings.quickbooks_client_secret.get_secret_value()
    return Application("QuickBooks", settings.quickbooks_client_id, secret)


def _token_url(api_url: str) -> str:
    return f"{_server(api_url, _TOKENS)}/oauth2/v1/tokens/bearer"


def _server(api_url: str, official: str) -> str:
    """Return Intuit's server, or a simulator's own."""
    host = urlsplit(api_url).hostname or ""
    return official if host.endswith(".intuit.com") else api_url.rstrip("/")


FLOW = QuickBooksFlow()
