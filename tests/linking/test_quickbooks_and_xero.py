"""Guards consent by OAuth 2: one use of a code, the right company, refreshes that roll."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from core.errors import InvalidInputError, ProviderError
from core.settings import Settings
from linking import quickbooks, xero
from linking.flow import CredentialsRefusedError, LinkRequest, LinkStart, NotConfiguredError
from linking.xero import chosen_tenant
from sandbox import quickbooks as intuit
from sandbox import xero as kiwi
from sandbox.process import RunningSandbox

REDIRECT = "https://oppulence.example/callback"


@pytest.fixture(scope="module")
def settings(stripe_sandbox: RunningSandbox) -> Settings:
    return Settings(
        quickbooks_client_id=intuit.CLIENT_ID,
        quickbooks_client_secret=SecretStr(intuit.CLIENT_SECRET),
        quickbooks_api_url=f"{stripe_sandbox.url}/quickbooks",
        xero_client_id=kiwi.CLIENT_ID,
        xero_api_url=f"{stripe_sandbox.url}/xero",
    )


def asked(**choice: str) -> LinkRequest:
    return LinkRequest(redirect_url=REDIRECT, state="our-secret", user_id="ws_1", choice=choice)


def agreed(start: LinkStart, more: str = "") -> dict[str, str]:
    """What the provider sends back when its user agrees."""
    answer = httpx.get(start.url + more)
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(location).query))


def test_a_company_is_linked_by_its_users_consent(settings):
    start = quickbooks.FLOW.start(settings, asked())
    query = dict(parse_qsl(urlsplit(start.url).query))
    assert query == {
        "client_id": intuit.CLIENT_ID, "response_type": "code", "state": "our-secret",
        "scope": "com.intuit.quickbooks.accounting", "redirect_uri": REDIRECT,
    }  # fmt: skip
    answer = agreed(start, "&company=7")
    assert answer["state"] == "our-secret"
    linked = quickbooks.FLOW.finish(settings, start.kept, answer)
    assert (linked.account_id, linked.name) == (intuit.realm_of(7), "Northwind Analytics Inc")
    assert sorted(linked.credentials) == [
        "access_token", "expires_at", "realm_id", "refresh_token",
    ]  # fmt: skip
    with pytest.raises(CredentialsRefusedError, match="invalid refresh token"):
        quickbooks.FLOW.finish(settings, start.kept, answer)  # a code is used once


def test_a_refresh_token_ends_when_it_is_used_and_when_it_is_given_back(settings):
    url = settings.quickbooks_api_url
    first = quickbooks.FLOW.verify(
        settings, {"realm_id": intuit.realm_of(8), "refresh_token": "sandbox-company-8"}, ""
    ).credentials
    second = quickbooks.refreshed(settings, first, url)
    assert second["refresh_token"] != first["refresh_token"]
    assert second["realm_id"] == first["realm_id"]
    with pytest.raises(CredentialsRefusedError):
        quickbooks.refreshed(settings, first, url)
    quickbooks.FLOW.revoke(settings, second, url)
    quickbooks.FLOW.revoke(settings, second, url)  # gone already: no error
    with pytest.raises(CredentialsRefusedError):
        quickbooks.refreshed(settings, second, url)


def test_a_user_who_declines_is_told_so(settings):
    for flow in (quickbooks.FLOW, xero.FLOW):
        with pytest.raises(CredentialsRefusedError, match="access_denied"):
            flow.finish(settings, {"redirect_url": REDIRECT}, {"error": "access_denied"})


def test_an_organisation_is_linked_by_its_users_consent_and_a_secret_of_ours(settings):
    start = xero.FLOW.start(settings, asked())
    query = dict(parse_qsl(urlsplit(start.url).query))
    assert query["code_challenge_method"] == "S256"
    assert "offline_access" in query["scope"]
    assert start.kept["verifier"] not in start.url
    stolen = {**start.kept, "verifier": "somebody-elses"}
    with pytest.raises(CredentialsRefusedError):
        xero.FLOW.finish(settings, stolen, agreed(start))
    linked = xero.FLOW.finish(settings, start.kept, agreed(start, "&organisation=3"))
    assert (linked.account_id, linked.credentials["tenant_id"]) == (kiwi.tenant_of(3),) * 2


def test_of_several_organisations_one_is_chosen(settings):
    start = xero.FLOW.start(settings, asked())
    with pytest.raises(CredentialsRefusedError) as several:
        xero.FLOW.finish(settings, start.kept, agreed(start, "&organisations=2"))
    assert kiwi.tenant_of(2) in several.value.next_step
    start = xero.FLOW.start(settings, asked(tenant_id=kiwi.tenant_of(2)))
    linked = xero.FLOW.finish(settings, start.kept, agreed(start, "&organisations=2"))
    assert (linked.account_id, linked.name) == (kiwi.tenant_of(2), "Northwind Analytics GmbH 2")


def test_a_tenant_that_is_no_organisation_or_not_offered_is_refused():
    practice = {"tenantId": "p", "tenantType": "PRACTICE", "tenantName": "P"}
    one = {"tenantId": "a", "tenantType": "ORGANISATION", "tenantName": "A"}
    assert chosen_tenant([practice, one], "") == one
    with pytest.raises(CredentialsRefusedError, match="No organisation"):
        chosen_tenant([practice], "")
    with pytest.raises(CredentialsRefusedError, match="not let in"):
        chosen_tenant([one], "b")


def test_a_revoked_organisation_is_not_connected_any_more(settings):
    linked = xero.FLOW.verify(settings, {"refresh_token": "sandbox-organisation-9"}, "")
    xero.FLOW.revoke(settings, linked.credentials, linked.api_url)
    xero.FLOW.revoke(settings, linked.credentials, linked.api_url)  # gone already: no error
    with pytest.raises(CredentialsRefusedError):
        xero.refreshed(settings, linked.credentials, linked.api_url)


def test_without_an_application_of_ours_nothing_starts():
    for flow in (quickbooks.FLOW, xero.FLOW):
        with pytest.raises(NotConfiguredError):
            flow.start(Settings(), asked())


def test_a_wrong_secret_and_a_server_that_is_away_are_no_ones_consent(settings):
    wrong = settings.model_copy(update={"quickbooks_client_secret": SecretStr("wrong")})
    held = {"realm_id": "1", "refresh_token": "sandbox-company-1000"}
    with pytest.raises(ProviderError, match="invalid_client"):
        quickbooks.FLOW.verify(wrong, held, "")
    with pytest.raises(ProviderError, match="did not answer"):
        quickbooks.FLOW.verify(settings, held, "http://127.0.0.1:9")
    with pytest.raises(InvalidInputError, match="realm_id"):
        quickbooks.FLOW.verify(settings, {"refresh_token": "x"}, "")


def test_tokens_are_in_no_repr(settings):
    linked = xero.FLOW.verify(settings, {"refresh_token": "sandbox-organisation-11"}, "")
    assert linked.credentials["refresh_token"] not in repr(linked)
    start = xero.FLOW.start(settings, asked())
    assert start.kept["verifier"] not in repr(start)
