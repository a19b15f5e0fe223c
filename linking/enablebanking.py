"""How is a bank account linked through Enable Banking? `/auth` to the bank, `/sessions` back.

The user picks a bank (`aspsp`, `country`), opens the page that `/auth` names, and comes back with a
`code`, which `/sessions` turns into a session with its accounts. A session lasts as long as the
bank allows; its end is known from the first day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import InvalidInputError, OppulenceError, ProviderError
from core.settings import Settings
from linking.account_identity import LINKED_AS, account_key, kept_identity, linked_as
from linking.enablebanking_token import application_headers
from linking.flow import CredentialsRefusedError, Linked, LinkRequest, LinkStart
from linking.http import ask

LONGEST_CONSENT = timedelta(days=180)
# A little less than the bank's longest: its clock may be ahead of ours.
_MARGIN = timedelta(minutes=10)
_PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank (Enable Banking says ASPSP) that can be chosen."""

    name: str
    country: str
    bic: str
    longest_consent: timedelta
    kinds: tuple[str, ...]


class EnableBankingFlow:
    """Starts, finishes, verifies and revokes sessions."""

    provider: str = "enablebanking"
    credential_fields: Mapping[str, str] = {}
    choice_fields: Mapping[str, str] = {
        "aspsp": "The bank's name, as Enable Banking lists it",
        "country": "The bank's country, two letters",
        "psu_type": "business (default) or personal",
        "language": "The consent page's language, two letters (optional)",
    }
    has_consent: bool = True
    has_widget: bool = False

    def banks(self, settings: Settings, country: str) -> list[Bank]:
        """Return the banks of a country, by name.

        Raises:
            NotConfiguredError: No application of ours is registered.
            ProviderError: Enable Banking refuses or does not answer.
        """
        found = _call(settings, "GET", "aspsps", query={"country": country.upper()})
        return sorted((_bank(item) for item in found["aspsps"]), key=lambda bank: bank.name)

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Ask for a page at the bank."""
        name, country = request.choice.get("aspsp", ""), request.choice.get("country", "").upper()
        kind = request.choice.get("psu_type", "business")
        if not name or not country:
            known = [bank.name for bank in self.banks(settings, country)] if country else []
            raise InvalidInputError(
                "Enable Banking needs to know the bank.",
                next_step=f"Choose an aspsp: {', '.join(known)}."
                if known
                else "Choose a country to see its banks, then an aspsp.",
            )
        bank = next((bank for bank in self.banks(settings, country) if bank.name == name), None)
        if bank is None or kind not in bank.kinds:
            raise InvalidInputError(
                f"Enable Banking has no bank {name!r} in {country} for {kind} accounts.",
                next_step="Choose one of its list.",
            )
        until = utc_now() + min(bank.longest_consent, LONGEST_CONSENT) - _MARGIN
        wanted: dict[str, Any] = {
            "access": {
                "valid_until": until.isoformat(timespec="seconds"),
                "balances": True,
                "transactions": True,
            },
            "aspsp": {"name": bank.name, "country": bank.country},
            "state": request.state,
            "redirect_url": request.redirect_url,
            "psu_type": kind,
        }
        if language := request.choice.get("language"):
            wanted["language"] = language.lower()
        answer = _call(settings, "POST", "auth", body=wanted)
        return LinkStart(
            expires_at=utc_now() + _PATIENCE,
            url=str(answer["url"]),
            kept=kept_identity(request.credentials),
        )

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Turn the code into a session."""
        if not answer.get("code"):
            problem = answer.get("error_description") or answer.get("error") or "no code"
            raise CredentialsRefusedError(
                f"The bank's page ended with: {problem}.",
                next_step="Start again, and finish the consent at the bank.",
            )
        session = _call(settings, "POST", "sessions", body={"code": answer["code"]})
        return _linked(session, str(session["session_id"]), kept, settings.enablebanking_api_url)

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Read the session again."""
        identity = credentials.get("session_id", "")
        if not identity:
            raise InvalidInputError("An Enable Banking connection is known by its session_id.")
        url = api_url or settings.enablebanking_api_url
        session = _call(settings, "GET", f"sessions/{identity}", api_url=url)
        status = session.get("status")
        if status != "AUTHORIZED":
            raise CredentialsRefusedError(
                f"The session is {status}.", next_step="Connect the bank again."
            )
        return _linked(session | {"accounts": session["accounts_data"]}, identity, credentials, url)

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Close the session, and with it the consent at the bank."""
        identity = credentials.get("session_id", "")
        if not identity:
            return
        try:
            _call(settings, "DELETE", f"sessions/{identity}", api_url=api_url)
        except SessionEndedError:
            return


class SessionEndedError(CredentialsRefusedError):
    """The session is closed, revoked, expired or unknown."""


def _linked(
    session: Mapping[str, Any], session_id: str, known: Mapping[str, str], api_url: str
) -> Linked:
    accounts = [account for account in session["accounts"] if account.get("uid")]
    if not accounts:
        raise CredentialsRefusedError(
            "No account was chosen at the bank.",
            next_step="Start again, and choose the accounts to read.",
        )
    bank = session["aspsp"]
    keys = [account_key(str(account["identification_hash"])) for account in accounts]
    identity = linked_as(f"{bank['name']}, {bank['country']}", keys, known)
    return Linked(
        credentials={"session_id": session_id, **identity},
        account_id=identity[LINKED_AS],
        name=str(bank["name"])[:100],
        api_url=api_url,
        expires_at=consent_end(session),
    )


def consent_end(session: Mapping[str, Any]) -> datetime | None:
    """Return when a session ends."""
    try:
        moment = datetime.fromisoformat(str(session["access"]["valid_until"]))
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bank(item: Mapping[str, Any]) -> Bank:
    return Bank(
        name=str(item["name"]),
        country=str(item["country"]),
        bic=str(item.get("bic") or ""),
        longest_consent=timedelta(seconds=int(item["maximum_consent_validity"])),
        kinds=tuple(map(str, item["psu_types"])),
    )


def _call(
    settings: Settings,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Any = None,
    api_url: str = "",
) -> Any:
    url = (api_url or settings.enablebanking_api_url).rstrip("/")
    headers = application_headers(settings, utc_now())
    return ask(
        "Enable Banking",
        method,
        f"{url}/{path}",
        _refusal,
        headers=headers,
        query=query,
        body=body,
    )


# Words of Enable Banking for a session that is no more.
ENDED = frozenset({
    "EXPIRED_SESSION", "CLOSED_SESSION", "REVOKED_SESSION", "SESSION_DOES_NOT_EXIST",
    "WRONG_SESSION_STATUS",
})  # fmt: skip


def _refusal(status: int, body: Any) -> OppulenceError:
    code = str(body.get("error") or "")
    text = str(body.get("message") or f"Enable Banking answered {status}.")
    if isinstance(body.get("detail"), str):
        text = f"{text} {body['detail']}"
    if code in ENDED:
        return SessionEndedError(text, next_step="Connect the bank again.")
    if status in (400, 401, 403, 404, 422):
        return CredentialsRefusedError(text, next_step="Start again, or check the application.")
    return ProviderError(text, next_step="Try again in a minute.", provider_code=code)


FLOW = EnableBankingFlow()
