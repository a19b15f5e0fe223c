"""Do an Item's lines get in once each, whatever changes while they are read?"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import httpx
import pytest
from pydantic import SecretStr

from core.errors import ConfigurationError
from core.settings import Settings
from pipelines import plaid
from pipelines.ingest import backfill, incremental
from pipelines.plaid import pace as plaid_pace
from pipelines.plaid.pace import Pace
from pipelines.window import EVERYTHING
from sandbox.plaid import ACCESS_TOKEN, CLIENT_ID, SECRET
from sandbox.plaid.app import PER_MINUTE
from sandbox.plaid.institutions import BROKERAGE, CASCADE
from tests.pipelines.movable_bank import BEGINNING, Bank, Landed, connection, movable_bank

REACHED = ("usd_operating", "usd_card", "usd_loan")
SYNC = "/plaid/transactions/sync"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with movable_bank(tmp_path_factory.mktemp("plaid")) as found:
        yield found


@pytest.fixture
def application(bank: Bank) -> Settings:
    bank.move_to(BEGINNING)
    bank.admin("DELETE", "faults")
    return Settings(plaid_client_id=CLIENT_ID, plaid_secret=SecretStr(SECRET))


@pytest.fixture
def item(bank: Bank, application: Settings) -> Landed:
    """The Item that is there from the start, of which nothing is read yet."""
    return opened(bank, application, ACCESS_TOKEN)


def opened(bank: Bank, settings: Settings, token: str) -> Landed:
    return Landed(plaid, connection("plaid", f"{bank.sandbox.url}/plaid", token), settings)


def linked(bank: Bank, institution: str, *products: str) -> str:
    """Link a bank without Link and return the access token."""
    keys = {"client_id": CLIENT_ID, "secret": SECRET}
    wanted = {"institution_id": institution, "initial_products": products}
    with httpx.Client(base_url=f"{bank.sandbox.url}/plaid", trust_env=False) as client:
        public = client.post("/sandbox/public_token/create", json=keys | wanted).json()
        exchange = keys | {"public_token": public["public_token"]}
        return str(client.post("/item/public_token/exchange", json=exchange).json()["access_token"])


async def test_a_first_run_lands_what_the_bank_shows(bank: Bank, item: Landed) -> None:
    outcome = await item.run()
    truth = bank.lines("plaid", *REACHED)
    lines = item.live("transaction")
    assert set(lines) == set(truth)
    for name, line in lines.items():
        assert Decimal(str(line["amount"])).scaleb(2) == -truth[name]["amount"]
        assert line["pending"] == (truth[name]["state"] == "pending")
    assert 0 < sum(line["pending"] for line in lines.values()) < 20
    versions = {version for version, _, _ in item.objects["transaction"].values()}
    assert len(versions) == 1, "all lines of a loop carry one version"
    assert outcome.status == "active"
    assert outcome.complete
    assert dict(outcome.failed) == {}
    said = "PRODUCTS_NOT_SUPPORTED: the following products are not supported by this institution"
    assert set(outcome.skipped) == {"holding", "security", "investment_transaction"}
    assert all(reason.startswith(said) for reason in outcome.skipped.values())
    assert len(item.live("account")) == len(item.live("balance")) == 3
    assert {row["item"]["institution_name"] for row in item.live("account").values()} == {
        "Cascade National Bank"
    }
    assert set(item.live("balance")) == {f"{name}|2026-10-08" for name in item.live("account")}
    assert len(item.live("liability_credit")) == 1


async def test_changes_bring_what_a_whole_read_brings(bank: Bank, item: Landed) -> None:
    await item.run()
    before = item.live("transaction")
    was_pending = {name for name, line in before.items() if line["pending"]}
    bank.move_to(BEGINNING + timedelta(days=12))
    outcome = await item.run()
    assert 0 < outcome.rows["transaction"] < len(before) / 2
    now = item.live("transaction")
    assert set(now) == set(bank.lines("plaid", *REACHED))
    assert not was_pending & set(now), "a pending line that posted is gone"
    posted_from = {line["pending_transaction_id"] for line in now.values()}
    assert was_pending <= posted_from
    assert any(before[name] != now[name] for name in set(before) & set(now)), "some were modified"
    anew = opened(bank, item.settings, ACCESS_TOKEN)
    await anew.run(EVERYTHING)
    assert anew.live("transaction") == now


async def test_a_change_in_the_middle_takes_the_first_pages_back(bank: Bank, item: Landed) -> None:
    """Two days pass between two pages: pending lines of the first page never land."""
    shown = bank.lines("plaid", *REACHED)
    pending = {name for name, line in shown.items() if line["state"] == "pending"}
    assert len(shown) > 500, "a loop of one page cannot break"
    bank.fault("sync_mutation", SYNC, value=str(2 * 86_400))
    outcome = await item.run()
    truth = bank.lines("plaid", *REACHED)
    assert outcome.complete
    assert set(item.live("transaction")) == set(truth)
    assert pending - set(truth)
    assert not (pending - set(truth)) & item.every_id


async def test_a_bank_that_never_holds_still_is_left_for_the_next_run(
    bank: Bank, item: Landed
) -> None:
    bank.fault("sync_mutation", SYNC, next=8)
    outcome = await item.run()
    assert outcome.failed == {
        "transaction": "The bank's lines changed during each of 8 attempts to read them."
    }
    assert (outcome.status, outcome.complete) == ("degraded", False)
    assert item.live("transaction") == {}
    assert (await item.run()).complete
    assert set(item.live("transaction")) == set(bank.lines("plaid", *REACHED))


async def test_a_lost_login_waits_for_its_user_and_keeps_what_landed(
    bank: Bank, application: Settings
) -> None:
    item = opened(bank, application, linked(bank, CASCADE.id, "transactions"))
    await item.run()
    held = item.live("transaction")
    bank.fault("login_required", SYNC)
    outcome = await item.run()
    assert outcome.status == "reconsent_required"
    assert outcome.reason.startswith("ITEM_LOGIN_REQUIRED: the login details of this item have")
    assert item.live("transaction") == held
    assert (await item.run()).status == "reconsent_required"


async def test_trouble_on_the_way_costs_nothing(bank: Bank, item: Landed) -> None:
    bank.fault("rate_limit", SYNC)
    bank.fault("error", SYNC)
    bank.fault("cut", SYNC)
    outcome = await item.run(objects=["transaction"])
    assert outcome.complete
    assert set(item.live("transaction")) == set(bank.lines("plaid", *REACHED))


async def test_a_malformed_line_lands_like_any_other(bank: Bank, item: Landed) -> None:
    bank.fault("malformed_row", SYNC)
    outcome = await item.run()
    assert outcome.complete
    truth = set(bank.lines("plaid", *REACHED))
    assert len(item.live("transaction")) == len(truth)
    assert len(truth - set(item.live("transaction"))) <= 1


async def test_before_plaid_has_fetched_anything_the_cursor_stays_unset(
    bank: Bank, item: Landed
) -> None:
    bank.fault("not_ready", SYNC)
    await item.run()
    assert item.live("transaction") == {}
    await item.run()
    assert set(item.live("transaction")) == set(bank.lines("plaid", *REACHED))


async def test_a_holding_that_was_sold_is_gone(bank: Bank, application: Settings) -> None:
    item = opened(bank, application, linked(bank, BROKERAGE.id, "investments"))
    outcome = await item.run()
    assert set(outcome.skipped) == {
        "transaction", "liability_credit", "liability_mortgage", "liability_student",
    }  # fmt: skip
    assert [len(item.live(name)) for name in ("holding", "security", "investment_transaction")] == [
        3, 3, 3,
    ]  # fmt: skip
    assert {row["quantity"] for row in item.live("holding").values()} == {12.5, 40, 1500.75}
    bank.move_to(BEGINNING + timedelta(days=60))
    await item.run(EVERYTHING)
    assert {row["quantity"] for row in item.live("holding").values()} == {12.5, 40}
    assert sum(gone for _, gone, _ in item.objects["holding"].values()) == 1


async def test_requests_keep_to_what_plaid_publishes(bank: Bank, item: Landed) -> None:
    """Seen by the sandbox, which refuses what is beyond; both tables are Plaid's."""
    assert {path: PER_MINUTE[path] for path in plaid_pace.PER_MINUTE} == plaid_pace.PER_MINUTE
    bank.admin("DELETE", "requests")
    for _ in range(4):
        await item.run(EVERYTHING)
    (counted,) = bank.admin("GET", "requests")["providers"]["plaid"]["by_credential"].values()
    assert counted["total"] > 20
    assert set(counted["by_status"]) == {"200", "400"}, "no 429"


async def test_the_pace_holds_back_what_would_be_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 10 a minute for an Item and 15 for all, nine tenths: 9 and 13 in any window."""
    import asyncio

    pace, seconds = Pace({"/x": (10, 15)}, seconds=0.4), 0.4
    left: list[tuple[float, str]] = []
    told: list[float] = []

    def clock() -> float:
        told.append(time.monotonic())
        return told[-1]

    monkeypatch.setattr("pipelines.plaid.pace.time", SimpleNamespace(monotonic=clock))

    async def ask(item: str) -> None:
        for _ in range(12):
            await pace.turn("/x", item)
            left.append((told[-1], item))

    await asyncio.gather(ask("one"), ask("two"))
    assert len(left) == 24
    for begin, _ in left:
        window = [item for at, item in left if begin <= at < begin + seconds * 0.95]
        assert len(window) <= 13
        assert max(window.count("one"), window.count("two")) <= 9


def test_without_an_application_nothing_begins(bank: Bank) -> None:
    with pytest.raises(ConfigurationError, match="no Plaid application"):
        plaid.start(Settings(), [], window=None, objects=None, chunk_rows=1)


def test_the_cursor_moves_with_the_load_and_comes_back_from_clickhouse(
    bank: Bank, application: Settings, fresh: Settings, warehouse_settings, warehouse
) -> None:
    keys = {"plaid_client_id": CLIENT_ID, "plaid_secret": application.plaid_secret}
    # An Item of its own: the other's requests of this minute are spent, and one would wait for it.
    token = linked(bank, CASCADE.id, "transactions")
    mine = connection("plaid", f"{bank.sandbox.url}/plaid", token, "ws_plaid_load")
    report = backfill(warehouse_settings.model_copy(update=keys), [mine])
    assert report.outcomes[0].complete
    bank.move_to(BEGINNING + timedelta(days=5))
    changes = incremental(fresh.model_copy(update=keys), [mine])
    assert 0 < changes.rows["transaction"] < report.rows["transaction"] / 2
    rows = warehouse.rows(
        "select payload from raw.plaid_transaction final where workspace_id = 'ws_plaid_load'"
        " and not is_deleted"
    )
    lines = [json.loads(row["payload"], parse_float=Decimal) for row in rows]
    # By what they are: of another Item, the same lines bear other ids.
    assert Counter((Decimal(line["amount"]).scaleb(2), line["pending"]) for line in lines) == (
        Counter(
            (Decimal(-line["amount"]), line["state"] == "pending")
            for line in bank.lines("plaid", *REACHED).values()
        )
    )
