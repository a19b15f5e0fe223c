"""Is every senseless request refused as Stripe does, never by a failure of the sandbox?"""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.process import RunningSandbox

REQUESTS = (
    ("POST", "/v1/customers", b"\xff\xfe"),
    ("POST", "/v1/customers", b"metadata=x"),
    ("POST", "/v1/customers", b"invoice_settings[default_payment_method][a]=1"),
    ("POST", "/v1/coupons", b"percent_off=abc"),
    ("POST", "/v1/invoiceitems", b"customer=x&pricing=1"),
    ("POST", "/v1/payment_intents", b"amount=1&currency[a]=x"),
    ("POST", "/v1/payment_methods", b"type=card&card[number][]=1"),
    ("POST", "/v1/prices", b"currency=eur&product=x&unit_amount=1&recurring=1"),
    ("POST", "/v1/subscriptions", b"customer[x]=1"),
    ("POST", "/v1/webhook_endpoints", b"url[]=1&enabled_events=x"),
    ("POST", "/v1/nothing", b""),
    ("DELETE", "/v1/charges/x", b""),
    ("GET", "/v1/charges?created[gt][x]=1", b""),
    ("GET", "/v1/charges?customer[a]=1", b""),
    ("GET", "/v1/charges?expand=x", b""),
    ("GET", "/v1/charges?limit[]=1", b""),
    ("GET", "/v1/charges?starting_after[]=x", b""),
    ("GET", "/v1/events?types=abc", b""),
)


@pytest.fixture(scope="module")
def client(live_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_sandbox.url, auth=(live_sandbox.api_key, "")) as found:
        yield found


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_senseless_request_is_a_client_error(
    client: httpx.Client, method: str, path: str, body: bytes
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.request(method, path, content=body, headers=headers)
    assert answer.status_code in (400, 402, 404), answer.text
    assert answer.json()["error"]["message"]


def test_sql_in_a_parameter_is_only_text(client: httpx.Client) -> None:
    answer = client.get("/v1/charges", params={"customer": "' or 1=1 --"})
    assert (answer.status_code, answer.json()["data"]) == (200, [])


@pytest.mark.parametrize("place", ["books/mrr", "books", "books/live"])
def test_an_account_that_is_not_simulated_is_not_found(client: httpx.Client, place: str) -> None:
    answer = client.get(f"/_sandbox/{place}", params={"account": "acct_unknown"})
    assert (answer.status_code, answer.json()) == (404, {"error": "no account acct_unknown"})


def test_a_day_that_is_none_is_a_client_error(client: httpx.Client) -> None:
    answer = client.get("/_sandbox/books/mrr/yesterday")
    assert (answer.status_code, "error" in answer.json()) == (400, True)
