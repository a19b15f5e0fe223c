"""With which key did Plaid sign? Fetched once per key id, and kept.

Key ids come from unverified tokens: at most a few unknown ones a minute are asked for.
"""

import json
import time
from collections import deque

import httpx

from core.authorities import trusted
from core.errors import EngineUnavailableError
from core.settings import Settings
from core.webhooks.delivery import InvalidSignatureError

KEPT_SECONDS = 86_400.0
MOST_KEYS = 100
ASKED_PER_MINUTE = 20
TIMEOUT_SECONDS = 5.0


class PlaidKeys:
    """Plaid's public keys as JSON, by id."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str, tuple[float, str]] = {}
        self._asked: deque[float] = deque()

    async def key(self, key_id: str) -> str:
        """Return a key.

        Raises:
            InvalidSignatureError: Plaid knows no such key, or this installation no Plaid.
            EngineUnavailableError: Plaid does not answer; the delivery comes again.
        """
        now = time.monotonic()
        kept_until, key = self._keys.get(key_id, (0.0, ""))
        if now < kept_until:
            return key
        while self._asked and self._asked[0] < now - 60:
            self._asked.popleft()
        if len(self._asked) >= ASKED_PER_MINUTE:
            raise InvalidSignatureError("The token names a key that is not known.")
        self._asked.append(now)
        key = await self._fetch(key_id)
        if len(self._keys) >= MOST_KEYS:
            self._keys.clear()
        self._keys[key_id] = (now + KEPT_SECONDS, key)
        return key

    async def _fetch(self, key_id: str) -> str:
        if self._settings.plaid_secret is None:
            raise InvalidSignatureError("This installation has no Plaid client.")
        asked = {
            "client_id": self._settings.plaid_client_id,
            "secret": self._settings.plaid_secret.get_secret_value(),
            "key_id": key_id,
        }
        try:
            async with httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, trust_env=False, verify=trusted()
            ) as client:
                url = f"{self._settings.plaid_api_url}/webhook_verification_key/get"
                answer = await client.post(url, json=asked)
            if answer.status_code in (400, 404):
                raise InvalidSignatureError("Plaid knows no such key.")
            answer.raise_for_status()
            key = answer.json()["key"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise EngineUnavailableError(f"Plaid did not answer: {type(error).__name__}") from error
        if key.get("expired_at") is not None:
            raise InvalidSignatureError("The key has expired.")
        return json.dumps(key)
