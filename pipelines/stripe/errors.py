"""How can a call to Stripe fail, and what does each failure mean for a sync?"""

import msgspec

from core.errors import ProviderError


class KeyRejectedError(ProviderError):
    """Stripe does not know the key, or it expired: the connection needs a new one."""

    code = "provider_key_rejected"
    title = "Stripe rejected the API key"
    status = 401


class NotPermittedError(ProviderError):
    """The key or the account may not use this list: it is skipped, and said so."""

    code = "provider_not_permitted"
    title = "Stripe does not allow this list"
    status = 403


class StripeUnavailableError(ProviderError):
    """Stripe kept failing or limiting through every retry: tried again in the next run."""

    code = "provider_unavailable"
    title = "Stripe is not answering"
    status = 503


class StripeUnreachableError(StripeUnavailableError):
    """Nothing has ever answered at this address: no list of the account can be read."""

    title = "Stripe cannot be reached"


class ListIntegrityError(ProviderError):
    """A list contradicted itself (order, repetition, window): nothing of it is called complete."""

    code = "provider_list_inconsistent"
    title = "A list of Stripe contradicted itself"


class _Words(msgspec.Struct):
    message: str = ""
    type: str = ""
    code: str = ""
    param: str = ""


class _Envelope(msgspec.Struct):
    error: _Words


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def refusal(status: int, body: bytes) -> ProviderError:
    """Return the typed error for an answer that no retry will change."""
    try:
        words = _ENVELOPE.decode(body).error
    except msgspec.DecodeError:
        words = _Words()
    text = words.message or f"Stripe answered {status}."
    code = words.code or words.type
    if status == 401:
        return KeyRejectedError(
            text, next_step="Connect again with a valid key.", provider_code=code
        )
    # 400 without a parameter is how Stripe says that a product is not enabled on the account.
    if status in (403, 404) or (status == 400 and not words.param and not words.code):
        return NotPermittedError(
            text,
            next_step="Give the restricted key read access, or leave it: other lists still sync.",
            provider_code=code,
        )
    return ProviderError(text, provider_code=code)
