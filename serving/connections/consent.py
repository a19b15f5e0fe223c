"""How is a consent started at a provider, and what becomes of a user who returns from there?"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from core.database import Rows
from core.errors import InvalidInputError, OppulenceError
from core.settings import Settings
from linking.flow import LinkRequest, LinkStart
from linking.registry import flow_of
from linking.webhook_address import address_of, register
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.connections import actions, links
from serving.connections.evidence import check_choice
from serving.connections.link_schemas import LinkAsked, LinkStarted
from serving.connections.links import Link
from serving.connections.states import new_state

CALLBACK_PATH = "/v1/connections/callback"


@dataclass(frozen=True, slots=True)
class Started:
    """What a provider answered, and the state that went with the question."""

    link: Link
    state: str
    start: LinkStart


def start(scope: TenantScope, settings: Settings, asked: LinkAsked) -> Started:
    """Ask the provider for a consent to be given; nothing is stored yet.

    Raises:
        NotFoundError: The workspace has no such connection.
        InvalidInputError: The provider has no consent page, or does not know the choice.
        ProviderError: The provider refuses or does not answer.
    """
    flow = flow_of(asked.provider)
    check_choice(flow, asked.choice)
    credentials, webhook_url = None, ""
    if asked.connection_id is not None:
        connection = actions.open_connection(scope, asked.connection_id)
        if connection.provider != asked.provider:
            raise InvalidInputError(
                f"The connection is of {connection.provider}.", next_step="Send that provider."
            )
        credentials = dict(connection.credentials)
        webhook_url = address_of(settings, asked.provider, connection.id, connection.api_url)
    state = new_state(scope.tenant)
    request = LinkRequest(
        redirect_url=f"{settings.public_address}{CALLBACK_PATH}",
        state=state,
        user_id=str(scope.tenant),
        choice=asked.choice,
        credentials=credentials,
        webhook_url=webhook_url,
    )
    started = flow.start(settings, request)
    link = Link(
        id=links.new_link_id(),
        provider=asked.provider,
        redirect_url=asked.redirect_url,
        connection_id=asked.connection_id or "",
        name=asked.name or "",
        kept=started.kept,
    )
    return Started(link, state, started)


def keep(scope: TenantScope, rows: Rows, started: Started) -> LinkStarted:
    """Store the link of a started consent."""
    link, start = started.link, started.start
    ends_at = links.keep(scope, rows, link, state=started.state, expires_at=start.expires_at)
    record(
        rows, scope, "link.started", link.id,
        provider=link.provider, connection_id=link.connection_id or None,
    )  # fmt: skip
    return LinkStarted(
        id=link.id,
        provider=link.provider,
        url=start.url or None,
        token=start.token or None,
        expires_at=ends_at,
    )


def finish(scope: TenantScope, settings: Settings, state: str, answer: Mapping[str, str]) -> str:
    """Turn what came back into a connection; return where the user goes now.

    Whatever fails from here on is told to the page that the user returns to, by its code.

    Raises:
        UnknownLinkError: The state was used meanwhile: nobody knows where the user came from.
    """
    link: Link | None = None
    try:
        with links.used(scope, state=state) as link:
            linked = flow_of(link.provider).finish(settings, link.kept, answer)
        with scope.transaction() as rows:
            if link.connection_id:
                made = actions.reconnect(scope, rows, link.connection_id, linked)
            else:
                made = actions.connect(scope, rows, link.provider, linked, link.name)
        register(settings, link.provider, made.id, linked)
        told = {"connection_id": made.id}
    except OppulenceError as error:
        if link is None:
            raise
        told = {"error": error.code}
    return _with_query(link.redirect_url, told | {"link_id": link.id})


def _with_query(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(more)]))
    return urlunsplit(parts._replace(query=query))
