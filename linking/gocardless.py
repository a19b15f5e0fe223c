"""How is a bank account linked through GoCardless (bank account data, once Nordigen)?

    agreement (what may be read, for how long) ─► requisition (a page to open) ─► accounts

The user picks a bank (`institution_id`), opens the requisition's link, consents there, and comes
back to our address with `ref`. The requisition then names the accounts. A consent lasts as long as
the bank allows, 180 days at most; its end is known from the first day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from core.clock import utc_now
from core.errors import InvalidInputError, OppulenceError, ProviderError
from core.settings import Settings
from linking.account_identity import LINKED_AS, account_key, kept_identity, linked_as
from linking.flow import CredentialsRefusedError, Linked, LinkRequest, LinkStart
from linking.gocardless_token import application_token
from linking.http import ask

SCOPES = ("balances", "details", "transactions")
LONGEST_HISTORY_DAYS = 730
LONGEST_CONSENT_DAYS = 180
DEFAULT_DAYS = 90
# How long a user may take at the bank. GoCardless does not say; the state is single-use anyway.
_PATIENCE = timedelta(hours=1)
_UNFINISHED = {
    "CR": "was not opened", "GC": "waits for consent", "UA": "waits at the bank",
    "SA": "waits for accounts to be chosen", "GA": "waits for access to be granted",
    "RJ": "was rejected by the bank", "EX": "has expired", "SU": "is suspended",
    "ER": "failed at the bank", "UN": "was never finished",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank that can be chosen."""

    id: str
    name: str
    bic: str
    countries: tuple[str, ...]
    history_days: int
    consent_days: int


class GoCardlessFlow:
    """Starts, finishes, verifies and revokes consents."""

    provider: str = "gocardless"
    credential_fields: Mapping[str, str] = {}
    choice_fields: Mapping[str, str] = {
        "institution_id": "The bank, by GoCardless's id",
        "country": "Two letters; without an institution_id, its banks are named",
        "language": "The consent page's language, two letters (optional)",
    }
    has_consent: bool = True
    has_widget: bool = False
    returned_as: ClassVar[str] = "ref"

    def institutions(self, settings: Settings, country: str) -> list[Institution]:
        """Return the banks of a country (ISO 3166, two letters), by name.

        Raises:
            NotConfiguredError: No application of ours is registered.
            ProviderError: GoCardless refuses or does not answer.
        """
        found = _call(settings, "GET", "institutions/", query={"country": country.lower()})
        return sorted((_institution(item) for item in found), key=lambda item: item.name)

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Make an agreement and a requisition; the user opens its link."""
        chosen, country = (request.choice.get(name, "") for name in ("institution_id", "country"))
        if not chosen:
            known = [bank.id for bank in self.institutions(settings, country)] if country else []
            raise InvalidInputError(
                "GoCardless needs to know the bank.",
                next_step=f"Choose an institution_id: {', '.join(known)}."
                if known
                else "Choose a country to see its banks, then an institution_id.",
            )
        bank = _institution(_call(settings, "GET", f"institutions/{quote(chosen, safe='')}/"))
        agreement = _call(
            settings,
            "POST",
            "agreements/enduser/",
            body={
                "institution_id": bank.id,
                "max_historical_days": min(bank.history_days, LONGEST_HISTORY_DAYS),
                "access_valid_for_days": min(bank.consent_days, LONGEST_CONSENT_DAYS),
                "access_scope": list(SCOPES),
            },
        )
        # The state travels twice: as GoCardless's own `ref`, and in our address.
        redirect = httpx.URL(request.redirect_url).copy_merge_params({"state": request.state})
        wanted = {
            "redirect": str(redirect),
            "institution_id": bank.id,
            "agreement": agreement["id"],
            "reference": request.state,
        }
        if language := request.choice.get("language"):
            wanted["user_language"] = language.upper()
        requisition = _call(settings, "POST", "requisitions/", body=wanted)
        return LinkStart(
            expires_at=utc_now() + _PATIENCE,
            url=str(requisition["link"]),
            kept={
                "requisition_id": str(requisition["id"]),
                **kept_identity(request.credentials),
            },
        )

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Read which accounts the user gave access to."""
        if problem := answer.get("error", ""):
            raise CredentialsRefusedError(
                answer.get("details") or f"The bank's page ended with {problem}.",
                next_step="Start again, and finish the consent at the bank.",
            )
        return _linked(settings, kept, settings.gocardless_api_url)

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Read the requisition again."""
        if not credentials.get("requisition_id"):
            raise InvalidInputError("A GoCardless connection is known by its requisition_id.")
        return _linked(settings, credentials, api_url or settings.gocardless_api_url)

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Delete the requisition and with it its agreement."""
        requisition = credentials.get("requisition_id", "")
        if not requisition:
            return
        try:
            _call(settings, "DELETE", f"requisitions/{requisition}/", api_url=api_url)
        except _GoneError:
            return


class _GoneError(ProviderError):
    """GoCardless does not know it any more."""


def _linked(settings: Settings, known: Mapping[str, str], api_url: str) -> Linked:
    try:
        requisition = _call(
            settings, "GET", f"requisitions/{known['requisition_id']}/", api_url=api_url
        )
    except _GoneError as error:
        raise CredentialsRefusedError(error.detail, next_step="Connect the bank again.") from None
    status, accounts = str(requisition.get("status", "")), requisition.get("accounts") or []
    if status != "LN" or not accounts:
        words = _UNFINISHED.get(status, f"has the status {status}")
        raise CredentialsRefusedError(
            f"The consent {words}." if status != "LN" else "No account was chosen at the bank.",
            next_step="Start again, and finish the consent at the bank.",
        )
    agreement = _call(
        settings, "GET", f"agreements/enduser/{requisition['agreement']}/", api_url=api_url
    )
    details = [_call(settings, "GET", f"accounts/{item}/", api_url=api_url) for item in accounts]
    numbers = [str(d.get("iban") or d.get("bban") or d["id"]) for d in details]
    institution = str(requisition["institution_id"])
    bank = _institution(_call(settings, "GET", f"institutions/{institution}/", api_url=api_url))
    identity = linked_as(institution, [account_key(number) for number in numbers], known)
    masks = ", ".join(f"…{number[-4:]}" for number in sorted(numbers)[:3])
    return Linked(
        credentials={
            "requisition_id": str(requisition["id"]),
            "agreement_id": str(requisition["agreement"]),
            **identity,
        },
        account_id=identity[LINKED_AS],
        name=f"{bank.name} {masks}"[:100],
        api_url=api_url,
        expires_at=consent_end(agreement),
    )


def consent_end(agreement: Mapping[str, Any]) -> datetime | None:
    """Return when an agreement ends; None as long as nobody accepted it."""
    try:
        accepted_at = datetime.fromisoformat(str(agreement["accepted"]))
        return accepted_at + timedelta(days=int(agreement["access_valid_for_days"]))
    except (KeyError, TypeError, ValueError):
        return None


def _institution(item: Mapping[str, Any]) -> Institution:
    return Institution(
        id=str(item["id"]),
        name=str(item.get("name") or item["id"]),
        bic=str(item.get("bic") or ""),
        countries=tuple(map(str, item.get("countries") or ())),
        history_days=_days(item.get("transaction_total_days")),
        consent_days=_days(item.get("max_access_valid_for_days")),
    )


def _days(text: Any) -> int:
    """Return a number of days; GoCardless writes them as texts."""
    return int(text) if str(text or "").isdigit() and int(text) > 0 else DEFAULT_DAYS


def _call(
    settings: Settings,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Any = None,
    api_url: str = "",
) -> Any:
    url = (api_url or settings.gocardless_api_url).rstrip("/")
    token = application_token(settings, url).current()
    return ask(
        "GoCardless",
        method,
        f"{url}/api/v2/{path}",
        refusal,
        headers={"Authorization": f"Bearer {token}"},
        query=query,
        body=body,
    )


def refusal(status: int, body: Any) -> OppulenceError:
    """Return the error that a refusal of the requisition's endpoints means."""
    text = words(body) or f"GoCardless answered {status}."
    if status == 404:
        return _GoneError(text, provider_code="404")
    if status in (400, 401, 402, 403):
        return CredentialsRefusedError(text, next_step="Start again, or check the application.")
    return ProviderError(text, next_step="Try again in a minute.", provider_code=str(status))


def words(body: Any) -> str:
    """Return GoCardless's words from an error's body, field errors included."""
    if not isinstance(body, dict):
        return ""
    parts = [str(body[name]) for name in ("summary", "detail") if isinstance(body.get(name), str)]
    for field, value in body.items():
        if isinstance(value, dict):
            parts.append(f"{field}: {words(value)}")
        elif isinstance(value, list):
            parts.append(f"{field}: {', '.join(map(str, value))}")
    return " ".join(part for part in parts if part).strip()


FLOW = GoCardlessFlow()
