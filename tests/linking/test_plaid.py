"""Is a bank linked, renewed and let go through Plaid, by plaid-python against the sandbox?"""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from core.clock import utc_now
from core.errors import InvalidInputError, ProviderError
from core.settings import Settings
from linking.flow import CredentialsRefusedError, LinkRequest, NotConfiguredError
from linking.plaid import FLOW
from linking.webhook_address import address_of, register
from sandbox.plaid import ACCESS_TOKEN, CLIENT_ID, SECRET
from sandbox.plaid.institutions import BROKERAGE, CASCADE
from sandbox.process import RunningSandbox


@pytest.fixture
def plaid(stripe_sandbox: RunningSandbox) -> Settings:
    return Settings(
        plaid_client_id=CLIENT_ID,
        plaid_secret=SecretStr(SECRET),
        plaid_api_url=f"{stripe_sandbox.url}/plaid",
    )


def request(**choice: str) -> LinkRequest:
    return LinkRequest(
        redirect_url="http://127.0.0.1/back", state="s", user_id="ws_a", choice=choice
    )


def ask(settings: Settings, path: str, **body: object) -> dict[str, object]:
    keys = {"client_id": CLIENT_ID, "secret": SECRET}
    answer = httpx.post(f"{settings.plaid_api_url}{path}", json={**keys, **body}, trust_env=False)
    return dict(answer.json())


def public_token(settings: Settings) -> str:
    found = ask(
        settings, "/sandbox/public_token/create",
        institution_id=CASCADE.id, initial_products=["transactions"],
    )  # fmt: skip
    return str(found["public_token"])


def test_a_user_links_a_bank_on_plaids_own_page(plaid: Settings) -> None:
    started = FLOW.start(plaid, request(institution_id=BROKERAGE.id))
    assert started.token.startswith("link-sandbox-")
    assert timedelta(hours=3) < started.expires_at - utc_now() < timedelta(hours=6)
    with pytest.raises(CredentialsRefusedError, match="Nothing was linked"):
        FLOW.finish(plaid, started.kept, {})
    assert httpx.get(started.url, trust_env=False).status_code == 200
    linked = FLOW.finish(plaid, started.kept, {})
    assert (linked.name, linked.api_url) == ("Harbor Brokerage", plaid.plaid_api_url)
    assert linked.credentials["access_token"].startswith("access-sandbox-")
    assert linked.account_id == FLOW.verify(plaid, linked.credentials, "").account_id


def test_a_public_token_is_exchanged_once(plaid: Settings) -> None:
    token = public_token(plaid)
    linked = FLOW.finish(plaid, {}, {"public_token": token})
    assert linked.name == "Cascade National Bank"
    with pytest.raises(CredentialsRefusedError, match="INVALID_PUBLIC_TOKEN"):
        FLOW.finish(plaid, {}, {"public_token": token})


def test_renewing_a_login_keeps_the_item_and_its_token(plaid: Settings) -> None:
    linked = FLOW.finish(plaid, {}, {"public_token": public_token(plaid)})
    ask(plaid, "/sandbox/item/reset_login", **linked.credentials)
    assert ask(plaid, "/accounts/get", **linked.credentials)["error_code"] == "ITEM_LOGIN_REQUIRED"
    renewal = LinkRequest("", "s", "ws_a", credentials=linked.credentials)
    started = FLOW.start(plaid, renewal)
    httpx.get(started.url, trust_env=False)
    assert FLOW.finish(plaid, started.kept, {}) == linked
    assert "error_code" not in ask(plaid, "/accounts/get", **linked.credentials)


def test_an_item_is_removed_once_and_for_all(plaid: Settings) -> None:
    linked = FLOW.finish(plaid, {}, {"public_token": public_token(plaid)})
    FLOW.revoke(plaid, linked.credentials, linked.api_url)
    FLOW.revoke(plaid, linked.credentials, linked.api_url)
    with pytest.raises(CredentialsRefusedError, match="ITEM_NOT_FOUND"):
        FLOW.verify(plaid, linked.credentials, linked.api_url)


def test_refusals_say_what_to_do(plaid: Settings) -> None:
    with pytest.raises(NotConfiguredError, match="no Plaid application"):
        FLOW.start(Settings(), request())
    wrong = plaid.model_copy(update={"plaid_secret": SecretStr("wrong")})
    with pytest.raises(NotConfiguredError, match="INVALID_API_KEYS"):
        FLOW.verify(wrong, {"access_token": ACCESS_TOKEN}, "")
    with pytest.raises(InvalidInputError, match="no choice colour"):
        FLOW.start(plaid, request(colour="blue"))
    with pytest.raises(InvalidInputError, match="INVALID_FIELD"):
        FLOW.start(plaid, request(countries="Atlantis"))
    with pytest.raises(ProviderError, match="did not answer"):
        FLOW.verify(plaid, {"access_token": ACCESS_TOKEN}, "http://127.0.0.1:1")


def webhook_of(settings: Settings, access_token: str) -> str:
    item = ask(settings, "/item/get", access_token=access_token)["item"]
    assert isinstance(item, dict)
    return str(item["webhook"])


def test_an_item_is_told_where_its_webhooks_go(plaid: Settings) -> None:
    linked = FLOW.finish(plaid, {}, {"public_token": public_token(plaid)})
    token = linked.credentials["access_token"]
    assert webhook_of(plaid, token) == ""
    here = plaid.model_copy(update={"api_port": 8123, "host": "127.0.0.1"})
    assert register(here, "plaid", "conn_a", linked)
    assert webhook_of(plaid, token) == "http://127.0.0.1:8123/v1/webhooks/plaid/conn_a"
    named = plaid.model_copy(update={"public_url": "https://api.example/"})
    assert register(named, "plaid", "conn_a", linked)
    assert webhook_of(plaid, token) == "https://api.example/v1/webhooks/plaid/conn_a"


def test_a_renewed_login_takes_the_address_along(plaid: Settings) -> None:
    linked = FLOW.finish(plaid, {}, {"public_token": public_token(plaid)})
    address = "https://api.example/v1/webhooks/plaid/conn_b"
    renewal = LinkRequest("", "s", "ws_a", credentials=linked.credentials, webhook_url=address)
    started = FLOW.start(plaid, renewal)
    told = ask(plaid, "/link/token/get", link_token=started.token)["metadata"]
    assert isinstance(told, dict)
    assert told["webhook"] == address
    httpx.get(started.url, trust_env=False)
    assert webhook_of(plaid, linked.credentials["access_token"]) == address


def test_an_address_that_cannot_be_told_keeps_nobody_from_a_connection(plaid: Settings) -> None:
    linked = FLOW.finish(plaid, {}, {"public_token": public_token(plaid)})
    gone = replace(linked, credentials={"access_token": "access-sandbox-gone"})
    assert not register(plaid, "plaid", "conn_a", gone)
    assert not register(plaid, "stripe", "conn_a", linked)
    # Plaid's own servers could not reach an address without a public name.
    real = replace(linked, api_url="https://production.plaid.com")
    assert address_of(plaid, "plaid", "conn_a", real.api_url) == ""
    assert not register(plaid, "plaid", "conn_a", real)
