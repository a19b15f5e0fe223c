"""Do the company's American accounts come out of the models as its banks have them, to the cent?

The whole way but the loading: the sandbox's banks through Plaid and Teller, the readers, the views.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.settings import Settings
from core.warehouse import Warehouse
from pipelines import plaid, teller
from sandbox.plaid import ACCESS_TOKEN, CLIENT_ID, SECRET
from sandbox.teller import ACCESS_TOKENS
from tests.pipelines.movable_bank import Bank, Landed, connection, movable_bank

WORKSPACE = "ws_american_banks"
NOW = datetime.fromisoformat("2026-11-18T12:00:00+00:00")
# Every line with the mask of its account.
MINE = """
    mine as (
        select lines.*, accounts.mask as mask
        from (select * from unified.transactions final where workspace_id = {ws:String}) as lines
        inner join (
            select id, mask from unified.accounts final where workspace_id = {ws:String}
        ) as accounts on accounts.id = lines.account_id
    )"""
PLAID, TELLER = ("usd_operating", "usd_card", "usd_loan"), ("usd_savings", "usd_travel_card")


@pytest.fixture(scope="module")
def told(built: Warehouse, land: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Land everything, and return what the banks hold, by the mask of each account."""
    settings = Settings(plaid_client_id=CLIENT_ID, plaid_secret=SecretStr(SECRET))
    folder: Path = tmp_path_factory.mktemp("american")
    with movable_bank(folder) as bank:
        url = bank.sandbox.url
        tokens = [(plaid, "plaid", ACCESS_TOKEN)]
        tokens += [(teller, "teller", token) for token in ACCESS_TOKENS.values()]
        readers = [
            (name, Landed(package, connection(name, f"{url}/{name}", token), settings))
            for package, name, token in tokens
        ]
        for days in (33, 9, 8, 4, 1, 0):  # read on several days, so that there are balances of each
            bank.move_to(NOW - timedelta(days))
            for _, mine in readers:
                for memory in mine.state.get("connections", {}).values():
                    for account in memory.get("accounts", {}).values():
                        account.pop("balance_at", None)  # by our clock no time has passed
                assert asyncio.run(mine.run()).complete
        for name, mine in readers:
            for table, rows in mine.objects.items():
                for is_gone in (0, 1):
                    states = [
                        (row_id, version, body)
                        for row_id, (version, gone, body) in rows.items()
                        if gone == is_gone
                    ]
                    land(f"{name}_{table}", WORKSPACE, states, is_deleted=is_gone)
        return truth_of(bank)


def truth_of(bank: Bank) -> dict[str, Any]:
    balances = bank.sandbox.truth("bank_balances")
    found = {}
    for account in bank.sandbox.truth("bank_accounts"):
        if account["id"] in (*PLAID, *TELLER):
            lines = bank.sandbox.truth("bank_lines", only=account["id"])
            found[account["mask"]] = account | balances[account["id"]] | {"lines": lines}
    return found


def by_mask(built: Warehouse, sql: str) -> dict[tuple[str, str], Any]:
    rows = built.rows(sql, {"ws": WORKSPACE})
    return {(row.pop("mask"), row.pop("provider")): row for row in rows}


def reached(told: dict[str, Any]) -> set[tuple[str, str]]:
    pairs = {(told_of["mask"], "plaid") for told_of in told.values() if told_of["id"] in PLAID}
    pairs |= {(told_of["mask"], "teller") for told_of in told.values() if told_of["id"] in TELLER}
    return pairs | {("7734", "teller")}  # one account, reached twice


def test_accounts_carry_what_makes_them_recognisable(built: Warehouse, told: Any) -> None:
    found = by_mask(built, """
        select mask, provider, type, subtype, currency, institution_name, official_name, name
        from unified.accounts final where workspace_id = {ws:String}""")  # fmt: skip
    assert set(found) == reached(told)
    for (mask, _), row in found.items():
        account = told[mask]
        assert (row["type"], row["subtype"]) == (account["kind"], account["subtype"])
        assert (row["currency"], row["institution_name"]) == ("USD", account["institution"])
        assert account["official_name"] in (row["official_name"], row["name"])


def test_posted_lines_add_up_to_every_change_of_balance(
    built: Warehouse, told: Any, broken: Any
) -> None:
    days = by_mask(built, """
        select mask, provider, uniqExact(reported_on) as days
        from (select * from unified.balances final where type = 'booked') as balances
        inner join (select id, mask from unified.accounts final) as accounts
            on accounts.id = account_id
        where workspace_id = {ws:String} group by mask, provider""")  # fmt: skip
    assert days == {place: {"days": 6} for place in reached(told)}
    found = broken("bank_lines_add_up_to_the_change_of_balance", WORKSPACE)
    assert found == []
    assert broken("every_bank_line_is_unified_once_or_rejected", WORKSPACE) == []


def test_posted_lines_add_up_to_the_booked_balance(built: Warehouse, told: Any) -> None:
    found = by_mask(built, f"""
        with {MINE}, held as (
            select account_id, argMaxIf(amount_minor, reported_on, type = 'booked') as booked,
                argMaxIf(amount_minor, reported_on, type = 'available') as available
            from unified.balances final where workspace_id = {{ws:String}} group by account_id
        )
        select mask, provider, any(booked) as booked, any(available) as available,
            sumIf(amount_minor, status = 'succeeded') as posted,
            countIf(status = 'succeeded') as lines, countIf(status = 'pending') as pending
        from mine inner join held on held.account_id = mine.account_id
        group by mask, provider""")  # fmt: skip
    assert set(found) == reached(told)
    for (mask, provider), row in found.items():
        account = told[mask]
        states = [line["state"] for line in account["lines"]]
        assert row["booked"] == account["balance"], (mask, provider)
        assert row["posted"] == account["balance"] - account["opening_balance"], (mask, provider)
        assert (row["lines"], row["pending"]) == (states.count("posted"), states.count("pending"))
        if account["kind"] != "loan":
            assert row["available"] == account["available"]
    sql = "select * from unified.rejected_rows where workspace_id = {ws:String}"
    assert built.rows(sql, {"ws": WORKSPACE}) == []


def test_a_purchase_and_its_refund_have_the_same_signs_everywhere(
    built: Warehouse, told: Any
) -> None:
    found = by_mask(built, f"""
        with {MINE}
        select mask, provider, arraySort(groupArray(amount_minor)) as amounts
        from mine where description like '%PAPERCHASE SAMPLE STORE 0042'
        group by mask, provider""")  # fmt: skip
    places = {("7734", "plaid"), ("5582", "plaid"), ("7734", "teller"), ("6610", "teller")}
    assert found == {place: {"amounts": [-4250, 4250]} for place in places}
