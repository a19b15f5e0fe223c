"""How is a bank linked through Plaid? With a Link token, and the public token that comes back.

    start   /link/token/create: a token for Plaid's widget, and a page of Plaid's own to open
    finish  /item/public_token/exchange; what the page of Plaid's own brought is asked for by token
    renew   update mode: the same Item, the same access token, so nothing is exchanged
    hear    /item/webhook/update: where Plaid says that the Item has something new

plaid-python's models are made for these few calls and are imported with the first of them, since
they cost a second and 60 MB. Lists go without them (`pipelines.plaid`).
"""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any, NoReturn

from core.errors import InvalidInputError, ProviderError
from core.settings import Settings
from linking.flow import (
    CredentialsRefusedError,
    Linked,
    LinkRequest,
    LinkStart,
    NotConfiguredError,
)

TIMEOUT_SECONDS = 20.0
HISTORY_DAYS = 730  # fixed when an Item is made, and the most that Plaid gives
PRODUCTS = ("transactions",)
# Asked for where the bank has them; a bank without them can be linked all the same.
WHERE_SUPPORTED = ("investments", "liabilities")
COUNTRIES = ("US",)
_REFUSALS = frozenset({
    "INVALID_ACCESS_TOKEN", "INVALID_LINK_TOKEN", "INVALID_PUBLIC_TOKEN", "ITEM_NOT_FOUND",
    "ACCESS_NOT_GRANTED",
})  # fmt: skip
_GONE = frozenset({"INVALID_ACCESS_TOKEN", "ITEM_NOT_FOUND"})


class PlaidFlow:
    """A `linking.flow.Flow`."""

    provider = "plaid"
    credential_fields: Mapping[str, str] = {"access_token": "the access token of an Item"}
    choice_fields: Mapping[str, str] = {
        "products": "comma-separated; transactions where nothing is said",
        "countries": "comma-separated ISO codes; US where nothing is said",
        "institution_id": "a bank that Link opens with",
    }
    has_consent = True
    has_widget = True

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Ask Plaid for a Link token; with credentials, for one that renews their Item."""
        unknown = set(request.choice) - set(self.choice_fields)
        if unknown:
            raise InvalidInputError(
                f"Plaid has no choice {', '.join(sorted(unknown))}.",
                next_step=f"Some of: {', '.join(self.choice_fields)}.",
            )
        renewed = (request.credentials or {}).get("access_token", "")
        body = _call(settings, "", "link_token_create", _link_request(request, renewed))
        kept = {"link_token": str(body["link_token"])}
        if renewed:
            kept["access_token"] = renewed
        return LinkStart(
            expires_at=body["expiration"].astimezone(UTC),
            url=str(body.get("hosted_link_url") or ""),
            token=kept["link_token"],
            kept=kept,
        )

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Exchange the public token; a renewed Item keeps its access token."""
        if kept.get("access_token"):
            return self.verify(settings, {"access_token": kept["access_token"]}, "")
        public = answer.get("public_token") or _public_token(settings, kept.get("link_token", ""))
        exchange = {"public_token": public}
        body = _call(settings, "", "item_public_token_exchange", exchange)
        return self.verify(settings, {"access_token": str(body["access_token"])}, "")

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Ask Plaid which Item an access token opens."""
        access_token = credentials.get("access_token", "")
        body = _call(settings, api_url, "item_get", {"access_token": access_token})
        item = body["item"]
        ends_at = item.get("consent_expiration_time")
        return Linked(
            credentials={"access_token": access_token},
            account_id=str(item["item_id"]),
            name=str(item.get("institution_name") or item.get("institution_id") or "Plaid")[:100],
            api_url=api_url or settings.plaid_api_url,
            expires_at=ends_at.astimezone(UTC) if ends_at else None,
        )

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Remove the Item: its access token ends, and so does what Plaid charges for it."""
        request = {"access_token": credentials.get("access_token", "")}
        try:
            _call(settings, api_url, "item_remove", request)
        except CredentialsRefusedError as error:
            if not any(code in error.detail for code in _GONE):
                raise

    def register_webhook(
        self, settings: Settings, credentials: Mapping[str, str], api_url: str, address: str
    ) -> None:
        """Have Plaid send what changes in the Item to an address."""
        request = {"access_token": credentials.get("access_token", ""), "webhook": address}
        _call(settings, api_url, "item_webhook_update", request)


FLOW = PlaidFlow()


def _link_request(request: LinkRequest, renewed: str) -> dict[str, Any]:
    """Return what Link shall do: link a new Item, or renew one, which takes no products."""
    choice = request.choice
    body: dict[str, Any] = {
        "client_name": "Oppulence",
        "language": "en",
        "country_codes": _listed(choice.get("countries"), COUNTRIES),
        "user": {"client_user_id": request.user_id},
        "hosted_link": {},
    }
    if request.redirect_url.startswith("https://"):  # Plaid takes no other; OAuth banks need it
        body["redirect_uri"] = request.redirect_url
        body["hosted_link"] = {"completion_redirect_uri": request.redirect_url}
    if request.webhook_url:
        body["webhook"] = request.webhook_url
    if renewed:
        return body | {"access_token": renewed}
    if institution := choice.get("institution_id"):
        body["institution_id"] = institution
    if not choice.get("products"):
        body["required_if_supported_products"] = list(WHERE_SUPPORTED)
    return body | {
        "products": _listed(choice.get("products"), PRODUCTS),
        "transactions": {"days_requested": HISTORY_DAYS},
    }


def _listed(text: str | None, otherwise: tuple[str, ...]) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()] or list(otherwise)


def _public_token(settings: Settings, link_token: str) -> str:
    """Return what the user did on Plaid's own page, which leads back without a public token."""
    body = _call(settings, "", "link_token_get", {"link_token": link_token})
    for session in body.get("link_sessions") or []:
        for result in (session.get("results") or {}).get("item_add_results") or []:
            return str(result["public_token"])
    raise CredentialsRefusedError(
        "Nothing was linked on Plaid's page.", next_step="Start again and finish it there."
    )


def _call(settings: Settings, api_url: str, name: str, request: Mapping[str, Any]) -> Any:
    """Call one of plaid-python's methods and return its answer as plain values."""
    import plaid
    from plaid.api import plaid_api
    from urllib3.exceptions import HTTPError

    if not settings.plaid_client_id or settings.plaid_secret is None:
        raise NotConfiguredError(
            "There is no Plaid application.",
            next_step="Set OPPULENCE_PLAID_CLIENT_ID and OPPULENCE_PLAID_SECRET.",
        )
    keys = {
        "clientId": settings.plaid_client_id,
        "secret": settings.plaid_secret.get_secret_value(),
        "plaidVersion": "2020-09-14",
    }
    host = (api_url or settings.plaid_api_url).rstrip("/")
    configuration = plaid.Configuration(host=host, api_key=keys)
    with plaid.ApiClient(configuration) as client:
        call = getattr(plaid_api.PlaidApi(client), name)
        try:
            answer = call(_model(name, request, configuration), _request_timeout=TIMEOUT_SECONDS)
        except plaid.ApiException as error:
            _refuse(error)
        except plaid.OpenApiException as error:
            raise ProviderError(f"Plaid's answer is not understood: {error}") from None
        except HTTPError as error:
            raise ProviderError(
                f"Plaid did not answer ({type(error).__name__}).",
                next_step=f"See that {host} can be reached, then try again in a minute.",
            ) from None
    return answer.to_dict()


def _model(name: str, request: Mapping[str, Any], configuration: Any) -> Any:
    """Return the request model of a method, its nested parts and enumerations included."""
    from importlib import import_module

    from plaid.model_utils import validate_and_convert_types

    module = import_module(f"plaid.model.{name}_request")
    kind = getattr(module, "".join(word.title() for word in name.split("_")) + "Request")
    return validate_and_convert_types(
        dict(request),
        (kind,),
        ["request"],
        spec_property_naming=True,
        _check_type=True,
        configuration=configuration,
    )


def _refuse(error: Any) -> NoReturn:
    """Raise what Plaid's refusal means, in its own words."""
    try:
        words: Any = json.loads(error.body or "")
    except ValueError:
        words = {}
    words = words if isinstance(words, dict) else {}
    code = str(words.get("error_code") or "")
    text = str(words.get("error_message") or "")[:300]
    detail = f"Plaid refused: {code} {text}".strip() if code else f"Plaid answered {error.status}."
    if code == "INVALID_API_KEYS":
        raise NotConfiguredError(
            detail, next_step="Check OPPULENCE_PLAID_CLIENT_ID, its secret and its URL."
        ) from None
    if words.get("error_type") == "INVALID_REQUEST":
        raise InvalidInputError(detail, next_step="Choose what Plaid offers.") from None
    if code in _REFUSALS:
        raise CredentialsRefusedError(detail, next_step="Link the bank again.") from None
    raise ProviderError(detail, next_step="Try again in a minute.", provider_code=code) from None
