"""What is every provider's consent flow made of? Start, finish, verify, revoke.

Two ways lead to a connection. *Credentials* that the user has (Stripe's key) are verified as they
are. *Consent* is started (`start` returns a page to open or a token for the provider's widget) and
finished with what comes back (`finish`): the redirect's parameters, or the widget's public token.
Both end in `Linked`. Every method makes its own requests, with timeouts, and raises typed errors in
the provider's words; none writes to our stores.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.errors import InvalidInputError
from core.settings import Settings


class CredentialsRefusedError(InvalidInputError):
    """The provider does not take the credentials, token or code."""

    code = "credentials_refused"
    title = "The provider refused the credentials"


class NotConfiguredError(InvalidInputError):
    """This installation has no application registered with the provider."""

    code = "provider_not_configured"
    title = "The provider is not configured"


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What a user asks for.

    Attributes:
        redirect_url: Where the provider sends the user back: our callback.
        state: Our single-use secret; the provider returns it unchanged.
        user_id: A stable id of the workspace at the provider (Plaid's client_user_id).
        choice: The provider's own options: `institution_id`, `country`, `products`, …
        credentials: Those of the connection that is renewed; None for a new one.
        webhook_url: Where the provider sends what changes in the connection that is renewed, if
            it takes an address with the question.
    """

    redirect_url: str
    state: str = field(repr=False)
    user_id: str
    choice: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class LinkStart:
    """What the user opens next: `url` in a browser, or `token` in the provider's widget.

    `kept` is what `finish` needs back (a PKCE verifier, a requisition's id). It is stored sealed
    with the state and never leaves the platform.
    """

    expires_at: datetime
    url: str = ""
    token: str = field(default="", repr=False)
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Linked:
    """A consent that was given.

    Attributes:
        credentials: What reads the account; sealed before it is stored.
        account_id: The provider's name of what was linked; the same after a reconnect.
        name: For people.
        api_url: Where it is read.
        expires_at: The consent's end, where it has one.
    """

    credentials: Mapping[str, str] = field(repr=False)
    account_id: str
    name: str
    api_url: str
    expires_at: datetime | None = None


class Flow(Protocol):
    """A provider's consent flow; each `linking.<provider>` module has one object `FLOW`.

    Attributes:
        provider: Its name, as in `raw.<provider>_…`.
        credential_fields: What `verify` takes, as field to what it is, for prompts and documents;
            empty where there is only consent.
        choice_fields: What `LinkRequest.choice` may hold, in the same way.
        has_consent: Whether `start` and `finish` exist.
        has_widget: Whether a widget of its own gives a public token, which `finish` takes even
            where no link was started: the token alone says whose it is, once.
    """

    provider: str
    credential_fields: Mapping[str, str]
    choice_fields: Mapping[str, str]
    has_consent: bool
    has_widget: bool

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Ask the provider for a consent to be given.

        Raises:
            NotConfiguredError: No application of ours is registered.
            InvalidInputError: The choice lacks something or is unknown.
            ProviderError: The provider refuses or does not answer.
        """

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Turn what came back into credentials.

        Args:
            settings: The platform's configuration.
            kept: `LinkStart.kept`.
            answer: The redirect's query parameters, or `{"public_token": …}`. The caller has
                checked the state.

        Raises:
            CredentialsRefusedError: The user declined, or the code is used or too old.
            ProviderError: The provider refuses or does not answer.
        """

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Ask the provider whose credentials these are. `api_url` empty: the settings' own.

        Raises:
            CredentialsRefusedError: The provider does not take them.
            ProviderError: The provider does not answer.
        """

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """End the consent at the provider; one that is gone already is no error.

        Raises:
            ProviderError: The provider refuses or does not answer.
        """
