"""How can a call to a bank or accounting provider fail, and what does each failure mean for a sync?

Stripe's own, older family is in `pipelines.stripe.errors` and means the same.
"""

from datetime import datetime

from core.errors import ProviderError


class ConsentNeededError(ProviderError):
    """The consent ended or the token is not taken: the connection waits for its user."""

    code = "provider_consent_needed"
    title = "The provider asks for the user's consent"
    status = 401


class NotOfferedError(ProviderError):
    """The account, plan or consent does not hold this object: it is skipped, and said so."""

    code = "provider_not_permitted"
    title = "The provider does not offer this"
    status = 403


class ProviderUnavailableError(ProviderError):
    """The provider kept failing through every retry: tried again in the next run.

    Attributes:
        may_count: The provider may have carried out a call whose answer was lost, and may count it.
    """

    code = "provider_unavailable"
    title = "The provider is not answering"
    status = 503

    def __init__(
        self, detail: str, *, next_step: str = "", provider_code: str = "", may_count: bool = True
    ) -> None:
        super().__init__(detail, next_step=next_step, provider_code=provider_code)
        self.may_count = may_count


class LimitReachedError(ProviderError):
    """The provider allows no more calls for now, and for longer than a run should wait.

    Attributes:
        again_at: When it may be asked again, as far as it said.
    """

    code = "provider_limit_reached"
    title = "The provider's limit is reached"
    status = 429

    def __init__(
        self, detail: str, *, again_at: datetime | None = None, provider_code: str = ""
    ) -> None:
        again = f" It may be asked again at {again_at:%Y-%m-%d %H:%M} UTC." if again_at else ""
        super().__init__(
            detail + again,
            next_step="The next run continues where this one stopped.",
            provider_code=provider_code,
        )
        self.again_at = again_at
