"""How does Plaid refuse, and what does each of its words mean for a sync?"""

import httpx
import msgspec

from core.errors import ProviderError
from pipelines.failures import ConsentNeededError, NotOfferedError, ProviderUnavailableError

# The user has to log in, or to link again.
_CONSENT = frozenset({
    "ACCESS_NOT_GRANTED", "INSUFFICIENT_CREDENTIALS", "INVALID_ACCESS_TOKEN", "INVALID_CREDENTIALS",
    "INVALID_MFA", "INVALID_SEND_METHOD", "INVALID_UPDATED_USERNAME", "ITEM_LOCKED",
    "ITEM_LOGIN_REQUIRED", "ITEM_NOT_FOUND", "ITEM_CONCURRENTLY_DELETED", "MFA_NOT_SUPPORTED",
    "PASSWORD_RESET_REQUIRED", "USER_PERMISSION_REVOKED", "USER_SETUP_REQUIRED",
})  # fmt: skip
# The bank, the Item or our application does not have this product.
_NOT_OFFERED = frozenset({
    "ADDITIONAL_CONSENT_REQUIRED", "INVALID_PRODUCT", "NO_ACCOUNTS", "NO_INVESTMENT_ACCOUNTS",
    "NO_LIABILITY_ACCOUNTS", "PRODUCTS_NOT_SUPPORTED", "PRODUCT_NOT_ENABLED", "PRODUCT_UNAVAILABLE",
})  # fmt: skip
# The bank is away or Plaid has not fetched yet: better in the next run than in a minute.
_LATER = frozenset({"PRODUCT_NOT_READY", "TRANSACTIONS_LIMIT"})
MUTATION = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"


class MutationError(ProviderError):
    """Lines changed while they were paged: the loop begins again at its first cursor."""

    code = "provider_list_changed"
    title = "Plaid's lines changed while they were read"


class _Words(msgspec.Struct):
    error_type: str = ""
    error_code: str = ""
    error_message: str | None = None


_WORDS = msgspec.json.Decoder(_Words)


def refusal(response: httpx.Response) -> ProviderError | None:
    """Return what an answer means for good; None for a limit per minute or a failure of Plaid's."""
    try:
        words = _WORDS.decode(response.content)
    except msgspec.DecodeError:
        words = _Words()
    if response.status_code == 429 or words.error_type == "RATE_LIMIT_EXCEEDED":
        return None
    problem = problem_of(words.error_code, words.error_message or "", words.error_type)
    if problem is None and response.status_code < 500:
        return ProviderError(_said(words.error_code, f"Plaid answered {response.status_code}."))
    return problem


def problem_of(code: str, message: str, kind: str = "") -> ProviderError | None:
    """Return what one of Plaid's error codes means; None for one that says nothing."""
    text = _said(code, message)
    if code in _CONSENT or kind == "OAUTH_ERROR":
        return ConsentNeededError(text, next_step="Link the bank again.", provider_code=code)
    if code in _NOT_OFFERED:
        return NotOfferedError(text, provider_code=code)
    if code == MUTATION:
        return MutationError(text, provider_code=code)
    if code in _LATER or kind == "INSTITUTION_ERROR":
        return ProviderUnavailableError(text, provider_code=code)
    if not code or kind == "API_ERROR":
        return None
    return ProviderError(text, provider_code=code)


def _said(code: str, message: str) -> str:
    return f"{code}: {message}"[:300] if code else message[:300]
