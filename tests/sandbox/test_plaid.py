"""Does plaid-python, which is strict about shapes, take the sandbox's answers for Plaid's?"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import plaid
import pytest
from plaid.api.plaid_api import PlaidApi
from plaid.model.accounts_get_request import AccountsGetRequest
from plaid.model.liabilities_get_request import LiabilitiesGetRequest
from plaid.model.transactions_sync_request import TransactionsSyncRequest

from sandbox.plaid import ACCESS_TOKEN, CLIENT_ID, SECRET
from sandbox.plaid.app import PER_MINUTE
from sandbox.process import RunningSandbox

KEYS = {"client_id": CLIENT_ID, "secret": SECRET}


@pytest.fixture
def api(stripe_sandbox: RunningSandbox) -> Iterator[PlaidApi]:
    keys = {"clientId": CLIENT_ID, "secret": SECRET}
    configuration = plaid.Configuration(host=f"{stripe_sandbox.url}/plaid", api_key=keys)
    with plaid.ApiClient(configuration) as client:
        yield PlaidApi(client)


@pytest.fixture
def wire(live_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{live_sandbox.url}/plaid", trust_env=False) as found:
        yield found


def new_item(wire: httpx.Client) -> str:
    wanted = {"institution_id": "ins_900101", "initial_products": ["transactions"]}
    public = wire.post("/sandbox/public_token/create", json=KEYS | wanted).json()["public_token"]
    exchange = wire.post("/item/public_token/exchange", json=KEYS | {"public_token": public})
    return str(exchange.json()["access_token"])


def error_code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error_code"])


def test_the_official_client_reads_accounts_lines_and_liabilities(api: PlaidApi) -> None:
    accounts = api.accounts_get(AccountsGetRequest(access_token=ACCESS_TOKEN))
    kinds = {str(account.type): account.balances for account in accounts.accounts}
    assert set(kinds) == {"depository", "credit", "loan"}
    assert kinds["loan"].current > 0, "what is owed is positive at Plaid"
    page = api.transactions_sync(TransactionsSyncRequest(access_token=ACCESS_TOKEN, count=500))
    assert page.has_more
    assert len(page.added) == 500
    names = {account.account_id for account in accounts.accounts}
    assert {line.account_id for line in page.added} <= names
    liabilities = api.liabilities_get(LiabilitiesGetRequest(access_token=ACCESS_TOKEN))
    (card,) = liabilities.liabilities.credit
    assert card.account_id in names


def test_two_items_at_one_bank_share_nothing_but_the_money(wire: httpx.Client) -> None:
    def first_page(token: str) -> list[dict[str, Any]]:
        body = KEYS | {"access_token": token, "count": 500}
        return list(wire.post("/transactions/sync", json=body).json()["added"])

    one, two = first_page(ACCESS_TOKEN), first_page(new_item(wire))
    assert not {line["transaction_id"] for line in one} & {line["transaction_id"] for line in two}
    assert not {line["account_id"] for line in one} & {line["account_id"] for line in two}
    assert [line["amount"] for line in one] == [line["amount"] for line in two]


def test_a_cursor_belongs_to_its_item_and_counts_have_bounds(wire: httpx.Client) -> None:
    page = wire.post("/transactions/sync", json=KEYS | {"access_token": ACCESS_TOKEN}).json()
    assert len(page["added"]) == 100
    for more in (
        {"cursor": page["next_cursor"], "access_token": new_item(wire)},
        {"cursor": "nonsense", "access_token": ACCESS_TOKEN},
        {"count": 501, "access_token": ACCESS_TOKEN},
    ):
        answer = wire.post("/transactions/sync", json=KEYS | more)
        assert error_code(answer) == (400, "INVALID_FIELD")


def test_refusals_are_plaids(wire: httpx.Client) -> None:
    token = {"access_token": ACCESS_TOKEN}
    wrong = {"client_id": CLIENT_ID, "secret": "wrong"}
    cases = [
        ("/accounts/get", json.dumps(wrong | token), (400, "INVALID_API_KEYS")),
        ("/accounts/get", json.dumps(KEYS | {"access_token": 7}), (400, "INVALID_ACCESS_TOKEN")),
        ("/accounts/get", "not json", (400, "INVALID_BODY")),
        ("/accounts/get", "[]", (400, "INVALID_BODY")),
        ("/nothing", json.dumps(KEYS), (400, "NOT_FOUND")),
        ("/investments/holdings/get", json.dumps(KEYS | token), (400, "PRODUCTS_NOT_SUPPORTED")),
        ("/link/token/create", json.dumps(KEYS), (400, "MISSING_FIELDS")),
    ]
    for path, body, expected in cases:
        assert error_code(wire.post(path, content=body)) == expected, (path, body)


def test_an_item_is_refused_beyond_its_limit_and_others_are_not(wire: httpx.Client) -> None:
    body = KEYS | {"access_token": new_item(wire)}
    allowed, _ = PER_MINUTE["/accounts/get"]
    answers = [wire.post("/accounts/get", json=body) for _ in range(allowed + 1)]
    assert [answer.status_code for answer in answers] == [200] * allowed + [429]
    assert error_code(answers[-1]) == (429, "ACCOUNTS_LIMIT")
    other = KEYS | {"access_token": new_item(wire)}
    assert wire.post("/accounts/get", json=other).status_code == 200
