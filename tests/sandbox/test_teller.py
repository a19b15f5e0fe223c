"""Does the sandbox answer as Teller does: text amounts, pages backwards, its own words for no?"""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.process import RunningSandbox
from sandbox.teller import ACCESS_TOKENS

TOKEN = ACCESS_TOKENS["Prairie Credit Union"]


@pytest.fixture
def wire(live_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    url = f"{live_sandbox.url}/teller"
    with httpx.Client(base_url=url, auth=(TOKEN, ""), trust_env=False) as found:
        yield found


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error"]["code"])


def test_accounts_say_what_their_bank_offers(wire: httpx.Client) -> None:
    accounts = {account["subtype"]: account for account in wire.get("/accounts").json()}
    assert set(accounts) == {"savings", "credit_card"}
    assert "details" in accounts["savings"]["links"]
    card = accounts["credit_card"]
    assert "details" not in card["links"], "a card has no routing number"
    assert error_of(wire.get(f"/accounts/{card['id']}/details")) == (404, "not_found")
    balances = wire.get(f"/accounts/{card['id']}/balances").json()
    assert {type(balances[name]) for name in ("ledger", "available")} == {str}


def test_pages_go_backwards_and_cover_everything_once(wire: httpx.Client) -> None:
    account = wire.get("/accounts").json()[1]
    path = f"/accounts/{account['id']}/transactions"
    whole = wire.get(path).json()
    assert len(whole) > 50
    dates = [line["date"] for line in whole if line["status"] == "posted"]
    assert dates == sorted(dates, reverse=True)
    paged: list[str] = []
    while True:
        query = {"count": 20} | ({"from_id": paged[-1]} if paged else {})
        page = wire.get(path, params=query).json()
        paged += [line["id"] for line in page]
        if len(page) < 20:
            break
    assert paged == [line["id"] for line in whole]
    since = whole[30]["date"]
    later = wire.get(path, params={"start_date": since}).json()
    assert later == [line for line in whole if line["date"] >= since]


def test_refusals_are_tellers(wire: httpx.Client) -> None:
    account = wire.get("/accounts").json()[0]["id"]
    lines = f"/accounts/{account}/transactions"
    assert error_of(wire.get("/accounts", auth=("nobody", ""))) == (403, "forbidden")
    anonymous = httpx.get(f"{wire.base_url}accounts", trust_env=False)
    assert error_of(anonymous) == (401, "unauthorized")
    assert error_of(wire.get("/accounts/acc_none")) == (404, "not_found")
    assert error_of(wire.get("/nothing")) == (404, "not_found")
    for query in ({"count": "x"}, {"count": 0}, {"start_date": "yesterday"}):
        assert error_of(wire.get(lines, params=query)) == (422, "unprocessable_entity")
    assert error_of(wire.get(lines, params={"from_id": "txn_none"})) == (404, "not_found")
