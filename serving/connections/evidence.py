"""Whose account do these credentials, this token or this code open? The provider says.

Everything here happens outside any transaction but for short ones of its own; nothing is stored.
"""

from collections.abc import Mapping

from core.connections import Connection
from core.errors import ConflictError, InvalidInputError, ProviderError
from core.logs import get_logger
from core.secrets import SecretUnreadableError
from core.settings import Settings
from linking.flow import Flow, Linked
from linking.registry import flow_of
from serving.auth.scope import TenantScope
from serving.connections import links
from serving.connections.schemas import Evidence

_LOG = get_logger("serving")


class OtherAccountError(ConflictError):
    """The credentials or the consent are of another account than the connection."""

    code = "other_account"
    title = "Another account"


def linked_by(
    scope: TenantScope, settings: Settings, provider: str, evidence: Evidence, *, api_url: str = ""
) -> Linked:
    """Ask the provider what the evidence opens.

    Raises:
        InvalidInputError: Fields are missing or unknown, or the link is.
        CredentialsRefusedError: The provider does not take it.
        ProviderError: The provider does not answer.
    """
    flow = flow_of(provider)
    if evidence.credentials is not None:
        given = {name: text.get_secret_value() for name, text in evidence.credentials.items()}
        _check_fields(flow, given)
        return flow.verify(settings, given, api_url)
    _check_consent(flow)
    answer = dict(evidence.parameters)
    if evidence.public_token is not None:
        if not flow.has_widget:
            raise InvalidInputError(
                f"{flow.provider} has no widget that gives a public token.",
                next_step="POST /v1/connections/link starts its consent.",
            )
        answer["public_token"] = evidence.public_token.get_secret_value()
    if evidence.code is not None:
        answer["code"] = evidence.code.get_secret_value()
    if evidence.link_id is None:
        return flow.finish(settings, {}, answer)
    with links.used(scope, link_id=evidence.link_id, provider=provider) as link:
        return flow.finish(settings, link.kept, answer)


def refuse_another_account(linked: Linked, provider_account_id: str) -> None:
    """Check that a renewed consent is of the connection's own account.

    Raises:
        OtherAccountError: It is not.
    """
    if linked.account_id != provider_account_id:
        raise OtherAccountError(
            f"What was given opens {linked.account_id}, the connection is of"
            f" {provider_account_id}.",
            next_step="POST /v1/connections connects another account.",
        )


def check_choice(flow: Flow, choice: Mapping[str, str]) -> None:
    """Check that a link's choice holds what the provider knows.

    Raises:
        InvalidInputError: It has no consent page, or does not know one of the options.
    """
    _check_consent(flow)
    unknown = sorted(set(choice) - set(flow.choice_fields))
    if unknown:
        known = ", ".join(flow.choice_fields) or "none"
        raise InvalidInputError(
            f"{flow.provider} does not know the choice {', '.join(unknown)}.",
            next_step=f"It takes: {known}.",
        )


def end_consent(settings: Settings, connection: Connection, *, is_forced: bool) -> None:
    """End the consent at the provider; a connection without credentials has none left.

    Raises:
        ProviderError: The provider refuses or does not answer, and it is not `is_forced`.
    """
    if connection.status == "revoked":
        return
    try:
        flow_of(connection.provider).revoke(settings, connection.credentials, connection.api_url)
    except (ProviderError, SecretUnreadableError) as error:
        if not is_forced:
            raise
        _LOG.warning(
            "consent_not_ended", connection_id=connection.id, provider=connection.provider,
            reason=error.detail,
        )  # fmt: skip


def _check_fields(flow: Flow, given: Mapping[str, str]) -> None:
    wanted = set(flow.credential_fields)
    if not wanted:
        raise InvalidInputError(
            f"{flow.provider} takes no credentials here.",
            next_step="POST /v1/connections/link starts its consent.",
        )
    if set(given) - wanted:
        raise InvalidInputError(
            f"{flow.provider} takes the credentials {', '.join(sorted(wanted))}.",
            next_step="GET /v1/providers says what each is.",
        )


def _check_consent(flow: Flow) -> None:
    if not flow.has_consent:
        raise InvalidInputError(
            f"{flow.provider} has no consent page.",
            next_step="Send credentials to POST /v1/connections; GET /v1/providers names them.",
        )
