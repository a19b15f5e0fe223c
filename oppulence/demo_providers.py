"""How is the demo's company linked to the other six providers? By their own consent flows.

The sandbox's consent pages agree for whoever opens them, so the flows of `linking` run as they do
for a user: a page is opened, the browser is sent back with a code, the code becomes credentials.
Two accounts are reached twice, through two providers each.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import httpx

from core.connections import Connection, ConnectionStore
from core.errors import ProviderError
from core.settings import Settings
from core.tenancy import TenantId
from linking.flow import Linked, LinkRequest
from linking.registry import flow_of
from oppulence.connect import keep
from oppulence.consent import LOOPBACK_REDIRECT
from sandbox import teller


@dataclass(frozen=True, slots=True)
class Bank:
    """One thing to link: where, and what the user chooses there."""

    provider: str
    choice: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] | None = None
    # What the user picks on the sandbox's own page of consent.
    picked: Mapping[str, str] = field(default_factory=dict)


LINKS = (
    Bank("plaid", {"institution_id": "ins_900101"}),
    *(Bank("teller", credentials={"access_token": t}) for t in teller.ACCESS_TOKENS.values()),
    Bank("gocardless", {"institution_id": "HANSA_HANDELSBANK_HNSADEHH"}),
    Bank("gocardless", {"institution_id": "KARTEN_DIREKT_KADIDE3B"}),
    Bank("enablebanking", {"aspsp": "Hansa Handelsbank", "country": "DE"}),
    Bank("enablebanking", {"aspsp": "Amstel Bank", "country": "NL"}),
    Bank("quickbooks"),
    Bank("xero"),
)


def link_all(settings: Settings, store: ConnectionStore, tenant: TenantId) -> list[Connection]:
    """Link what is not linked yet and return every connection to the six."""
    known = [c for c in store.of(tenant) if c.provider != "stripe" and c.status != "revoked"]
    if len(known) >= len(LINKS):
        return known
    return [keep(store, tenant, bank.provider, linked(settings, tenant, bank)) for bank in LINKS]


def linked(settings: Settings, tenant: TenantId, bank: Bank) -> Linked:
    """Give the consent that opens a bank or books, as a user would, and return what came of it."""
    flow = flow_of(bank.provider)
    if bank.credentials is not None:
        return flow.verify(settings, bank.credentials, "")
    state = secrets.token_urlsafe(16)
    request = LinkRequest(LOOPBACK_REDIRECT, state, str(tenant), bank.choice)
    started = flow.start(settings, request)
    return flow.finish(settings, started.kept, _agreed(_picking(started.url, bank.picked), state))


def _picking(page: str, picked: Mapping[str, str]) -> str:
    return str(httpx.URL(page).copy_merge_params(picked)) if picked else page


def _agreed(page: str, state: str) -> Mapping[str, str]:
    """Open a consent page as a browser does, up to where it would come back to us."""
    address = page
    for _ in range(10):
        answer = httpx.get(address, trust_env=False, timeout=30)
        location = answer.headers.get("location", "")
        if not location:
            return {"state": state}  # a page that leads nowhere, as Plaid's own
        address = str(answer.url.join(location))
        if address.startswith(LOOPBACK_REDIRECT):
            return dict(parse_qsl(urlsplit(address).query))
    raise ProviderError(f"The consent page at {urlsplit(page).path} leads in circles.")
