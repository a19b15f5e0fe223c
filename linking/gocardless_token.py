"""Who are we at GoCardless? An application's access token, kept for its day and renewed.

One token serves every connection, and GoCardless hands out a hundred new ones an hour: so a process
keeps one per application, refreshes it, and asks for a new one only when that is refused.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import OppulenceError, ProviderError
from core.settings import Settings
from linking.flow import CredentialsRefusedError, NotConfiguredError
from linking.http import ask

# A token this near to its end may end on the way.
_MARGIN = timedelta(seconds=60)


@dataclass(slots=True)
class ApplicationToken:
    """The token of one application at one address; safe to share between threads."""

    api_url: str
    secret_id: str
    secret_key: str = field(repr=False)
    _access: str = field(default="", repr=False)
    _access_until: datetime | None = None
    _refresh: str = field(default="", repr=False)
    _refresh_until: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def current(self, spent: str = "") -> str:
        """Return a token that is taken.

        Args:
            spent: One that GoCardless refused: another is returned, made once for everybody.

        Raises:
            CredentialsRefusedError: GoCardless does not know the application.
            ProviderError: GoCardless does not answer.
        """
        with self._lock:
            now = utc_now()
            if not self._access or self._access == spent or _is_over(self._access_until, now):
                self._renew(now)
            return self._access

    def _renew(self, now: datetime) -> None:
        if self._refresh and not _is_over(self._refresh_until, now):
            try:
                self._take(self._post("refresh", {"refresh": self._refresh}), now)
            except CredentialsRefusedError:
                self._refresh = ""  # the refresh token was revoked; the secret may still be good
            else:
                return
        secrets = {"secret_id": self.secret_id, "secret_key": self.secret_key}
        self._take(self._post("new", secrets), now)

    def _post(self, path: str, body: dict[str, str]) -> Any:
        url = f"{self.api_url}/api/v2/token/{path}/"
        return ask("GoCardless", "POST", url, _refused, body=body)

    def _take(self, answer: Any, now: datetime) -> None:
        try:
            self._access = str(answer["access"])
            self._access_until = now + timedelta(seconds=int(answer["access_expires"]))
            if "refresh" in answer:
                self._refresh = str(answer["refresh"])
                self._refresh_until = now + timedelta(seconds=int(answer["refresh_expires"]))
        except (KeyError, TypeError, ValueError):
            raise ProviderError("GoCardless answered without a token.") from None


def _is_over(until: datetime | None, now: datetime) -> bool:
    return until is None or now >= until - _MARGIN


def _refused(status: int, body: Any) -> OppulenceError:
    words = str(body.get("detail") or body.get("summary") or f"GoCardless answered {status}.")
    if status in (400, 401, 403):
        return CredentialsRefusedError(
            words, next_step="Check the application's secret id and key (docs/settings.md)."
        )
    return ProviderError(words, next_step="Try again in a minute.", provider_code=str(status))


_TOKENS: dict[tuple[str, str, str], ApplicationToken] = {}
_TOKENS_LOCK = threading.Lock()


def application_token(settings: Settings, api_url: str = "") -> ApplicationToken:
    """Return this process's token of our application.

    Raises:
        NotConfiguredError: None is registered.
    """
    if not settings.gocardless_secret_id or settings.gocardless_secret_key is None:
        raise NotConfiguredError(
            "No GoCardless application is configured.",
            next_step="Set OPPULENCE_GOCARDLESS_SECRET_ID and OPPULENCE_GOCARDLESS_SECRET_KEY.",
        )
    url = (api_url or settings.gocardless_api_url).rstrip("/")
    secret = settings.gocardless_secret_key.get_secret_value()
    with _TOKENS_LOCK:
        name = (url, settings.gocardless_secret_id, secret)
        if name not in _TOKENS:
            _TOKENS[name] = ApplicationToken(*name)
        return _TOKENS[name]
