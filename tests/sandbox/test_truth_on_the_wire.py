"""Does what the banks' providers show, each in its own words, add up to what the truth says?"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.plaid import ACCESS_TOKEN, CLIENT_ID, SECRET
from sandbox.process import RunningSandbox
from sandbox.teller import ACCESS_TOKENS

Shown = dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def truth(stripe_sandbox: RunningSandbox) -> dict[str, list[dict[str, Any]]]:
    """The lines posted by the company's end, by account."""
    found: dict[str, list[dict[str, Any]]] = {}
    at = stripe_sandbox.books.until
    for line in stripe_sandbox.truth("bank_lines", at=at):
        if line["state"] == "posted":
            found.setdefault(line["account_id"], []).append(line)
    return found


@pytest.fixture
def client(stripe_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stripe_sandbox.url, timeout=60) as found:
        yield found


def expected(lines: list[dict[str, Any]], provider: str) -> Shown:
    return {line["wire_ids"][provider]: (line["amount"], line["description"]) for line in lines}


def cents(text: str) -> int:
    return int(Decimal(text).scaleb(2))


def test_plaid_shows_every_line_with_its_sign_turned_around(
    client: httpx.Client, truth: dict[str, list[dict[str, Any]]]
) -> None:
    body = {"client_id": CLIENT_ID, "secret": SECRET, "access_token": ACCESS_TOKEN, "count": 500}
    shown: Shown = {}
    is_more, cursor = True, ""
    while is_more:
        answer = client.post("/plaid/transactions/sync", json={**body, "cursor": cursor}).json()
        for line in [*answer["added"], *answer["modified"]]:
            amount = -cents(str(line["amount"]))
            shown[line["transaction_id"]] = (amount, line["original_description"])
        is_more, cursor = answer["has_more"], answer["next_cursor"]
    for account_id in ("usd_operating", "usd_card", "usd_loan"):
        wanted = expected(truth[account_id], "plaid")
        assert {name: shown[name] for name in wanted if name in shown} == wanted


def test_teller_shows_every_line_with_cards_turned_around(
    client: httpx.Client, truth: dict[str, list[dict[str, Any]]]
) -> None:
    masks = {
        "7734": ("usd_operating", 1),
        "4418": ("usd_savings", 1),
        "6610": ("usd_travel_card", -1),
    }
    seen = set()
    for token in ACCESS_TOKENS.values():
        for account in client.get("/teller/accounts", auth=(token, "")).json():
            account_id, sign = masks[account["last_four"]]
            path = f"/teller/accounts/{account['id']}/transactions"
            lines = client.get(path, auth=(token, "")).json()
            shown = {
                line["id"]: (sign * cents(line["amount"]), line["description"]) for line in lines
            }
            wanted = expected(truth[account_id], "teller")
            assert {name: shown[name] for name in wanted if name in shown} == wanted
            seen.add(account_id)
    assert seen == {account_id for account_id, _ in masks.values()}
