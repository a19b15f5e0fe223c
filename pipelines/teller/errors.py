"""How does Teller refuse, and what does each of its answers mean for a sync?"""

import httpx
import msgspec

from core.errors import ProviderError
from pipelines.failures import ConsentNeededError, NotOfferedError

_DISCONNECTED = "enrollment.disconnected"
_GONE = 410


class _Words(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Envelope(msgspec.Struct):
    error: _Words


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class AccountClosedError(ProviderError):
    """The account is closed for good; what is known of it stays."""

    code = "provider_account_closed"
    title = "The account is closed"
    status = _GONE


def refusal(response: httpx.Response) -> ProviderError | None:
    """Return what an answer means for good; None where asking again may help."""
    status = response.status_code
    try:
        words = _ENVELOPE.decode(response.content).error
    except msgspec.DecodeError:
        words = _Words()
    text = f"{words.code}: {words.message}"[:300] if words.message else f"Teller answered {status}."
    if words.code.startswith(_DISCONNECTED) or status in (401, 403):
        return ConsentNeededError(
            text, next_step="Open Teller Connect again.", provider_code=words.code
        )
    if status == _GONE:
        return AccountClosedError(text, provider_code=words.code)
    if status == 404:
        return NotOfferedError(text, provider_code=words.code)
    if status == 429 or status >= 500:
        return None
    return ProviderError(text, provider_code=words.code)
