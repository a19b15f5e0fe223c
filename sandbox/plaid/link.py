"""How does a user link a bank? With Link tokens, on a page that does it at once.

The page stands where Plaid's Hosted Link stands: to open it is to choose the bank, to log in and to
share every account. With an access token in the request it renews that Item's login.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sandbox.plaid.errors import invalid_input, invalid_request, request_id
from sandbox.plaid.institutions import CASCADE, INSTITUTIONS
from sandbox.plaid.items import Items, LinkToken
from sandbox.wire import Answer

PAGE = "/_link/"
LIFETIME = timedelta(hours=4)
COUNTRIES = frozenset({
    "US", "GB", "ES", "NL", "FR", "IE", "CA", "DE", "IT", "PL", "DK", "NO", "SE", "EE", "LT", "LV",
    "PT", "BE", "AT", "FI",
})  # fmt: skip
_REQUIRED = ("client_name", "language", "country_codes")


def stamp(at: int, later: timedelta = timedelta()) -> str:
    """A moment as Plaid writes it."""
    return (datetime.fromtimestamp(at, UTC) + later).strftime("%Y-%m-%dT%H:%M:%SZ")


def address(text: object) -> str:
    """A webhook's address; None takes it away."""
    if text is None or text == "":
        return ""
    if not isinstance(text, str) or not text.startswith(("http://", "https://")):
        raise invalid_request("INVALID_FIELD", "webhook must be a valid URL")
    return text


def create(items: Items, body: dict[str, Any], at: int, host: str) -> dict[str, Any]:
    """Answer /link/token/create."""
    for name in _REQUIRED:
        if not body.get(name):
            raise invalid_request(
                "MISSING_FIELDS", f"the following required fields are missing: {name}"
            )
    countries = body["country_codes"]
    if not isinstance(countries, list) or not set(countries) <= COUNTRIES:
        raise invalid_request("INVALID_FIELD", "country_codes must be supported countries")
    user = body.get("user")
    if not isinstance(user, dict) or not user.get("client_user_id"):
        raise invalid_request("MISSING_FIELDS", "user.client_user_id is required")
    if body.get("access_token"):
        items.open(body["access_token"])
    elif not body.get("products"):
        raise invalid_request("MISSING_FIELDS", "products must not be empty")
    if body.get("webhook") is not None:
        address(body["webhook"])
    uri = body.get("redirect_uri")
    if uri is not None and not str(uri).startswith("https://"):
        raise invalid_request("INVALID_FIELD", "redirect_uri must use HTTPS")
    link = LinkToken(f"link-sandbox-{uuid4()}", at, body)
    items.held.links[link.token] = link
    items.save()
    answer = {
        "expiration": stamp(at, LIFETIME), "link_token": link.token, "request_id": request_id(),
    }  # fmt: skip
    if isinstance(body.get("hosted_link"), dict):
        answer["hosted_link_url"] = f"http://{host}/plaid{PAGE}{link.token}"
    return answer


def open_page(items: Items, token: str, at: int) -> Answer:
    """Do what a user does in Link, and lead back to where the request said."""
    link = items.held.links.get(token)
    if link is None:
        return Answer(404, b"There is no such link token.", content_type="text/plain")
    renewed = link.request.get("access_token")
    if renewed:
        items.open(renewed).needs_login = False
    elif not link.public_token:
        institution = INSTITUTIONS.get(str(link.request.get("institution_id")), CASCADE)
        link.public_token = items.add(institution.id, list(institution.products), at)
    if link.request.get("webhook"):
        opened = renewed or items.held.public.get(link.public_token)
        if opened:
            items.open(opened).webhook = address(link.request["webhook"])
    link.finished_at = at
    items.save()
    back = (link.request.get("hosted_link") or {}).get("completion_redirect_uri")
    if back:
        return Answer(302, b"", {"location": str(back)})
    text = b"The bank is linked. You may close this page."
    return Answer(200, text, content_type="text/plain")


def tell(items: Items, body: dict[str, Any]) -> dict[str, Any]:
    """Answer /link/token/get."""
    link = items.held.links.get(str(body.get("link_token")))
    if link is None:
        raise invalid_input("INVALID_LINK_TOKEN", "could not find matching link token")
    request = link.request
    sessions: list[dict[str, Any]] = []
    if link.finished_at is not None:
        added = []
        if link.public_token:
            institution = INSTITUTIONS.get(str(request.get("institution_id")), CASCADE)
            added.append({
                "accounts": [],
                "institution": {"institution_id": institution.id, "name": institution.name},
                "public_token": link.public_token,
            })  # fmt: skip
        empty: dict[str, list[Any]] = {
            name: []
            for name in (
                "bank_income_results", "cra_item_add_results", "cra_update_results",
                "document_income_results", "payroll_income_results",
            )
        }  # fmt: skip
        sessions.append({
            "finished_at": stamp(link.finished_at), "link_session_id": link.token[-36:],
            "results": {**empty, "document_income_results": None, "item_add_results": added},
            "started_at": stamp(link.created_at),
        })  # fmt: skip
    return {
        "created_at": stamp(link.created_at), "expiration": stamp(link.created_at, LIFETIME),
        "link_sessions": sessions, "link_token": link.token,
        "metadata": {
            "client_name": request["client_name"], "country_codes": request["country_codes"],
            "initial_products": request.get("products") or [], "language": request["language"],
            "redirect_uri": request.get("redirect_uri"), "webhook": request.get("webhook"),
        },
        "request_id": request_id(),
    }  # fmt: skip


def sandbox_public_token(items: Items, body: dict[str, Any], at: int) -> dict[str, Any]:
    """Answer /sandbox/public_token/create: a bank linked without Link."""
    institution = INSTITUTIONS.get(str(body.get("institution_id")))
    if institution is None:
        raise invalid_input("INVALID_INSTITUTION", "invalid institution_id provided")
    wanted = body.get("initial_products")
    if not isinstance(wanted, list) or not wanted:
        raise invalid_request("MISSING_FIELDS", "initial_products must not be empty")
    if unknown := [product for product in wanted if product not in institution.products]:
        raise invalid_request(
            "PRODUCTS_NOT_SUPPORTED", f"institution does not support {unknown[0]}"
        )
    return {
        "public_token": items.add(institution.id, [str(product) for product in wanted], at),
        "request_id": request_id(),
    }
