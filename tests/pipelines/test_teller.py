"""Do an enrollment's lines get in once each, though no list says what is gone?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from core.settings import Settings
from linking.flow import NotConfiguredError
from pipelines import teller
from pipelines.ingest import backfill, incremental
from pipelines.window import EVERYTHING, Window
from sandbox.teller import ACCESS_TOKENS
from tests.pipelines.fake_stripe import serving
from tests.pipelines.movable_bank import BEGINNING, Bank, Landed, connection, movable_bank

CASCADE = ACCESS_TOKENS["Cascade National Bank"]
PRAIRIE = ACCESS_TOKENS["Prairie Credit Union"]
LINES = "/teller/accounts/[^/]+/transactions"
SIGNS = {"depository": 1, "credit": -1}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with movable_bank(tmp_path_factory.mktemp("teller")) as found:
        yield found


@pytest.fixture
def enrollment(bank: Bank) -> Landed:
    """The enrollment with a card, of which nothing is read yet."""
    bank.move_to(BEGINNING)
    bank.admin("DELETE", "faults")
    return opened(bank, PRAIRIE)


def opened(bank: Bank, token: str) -> Landed:
    return Landed(teller, connection("teller", f"{bank.sandbox.url}/teller", token), Settings())


def shown(bank: Bank) -> dict[str, dict[str, Any]]:
    return bank.lines("teller", "usd_savings", "usd_travel_card")


def pending(bank: Bank) -> set[str]:
    return {name for name, line in shown(bank).items() if line["state"] == "pending"}


async def test_a_first_run_lands_what_the_banks_show(bank: Bank, enrollment: Landed) -> None:
    outcome = await enrollment.run()
    truth = shown(bank)
    rows = enrollment.live("transaction")
    assert set(rows) == set(truth)
    for name, row in rows.items():
        sign = SIGNS[row["account"]["type"]]
        assert sign * Decimal(row["transaction"]["amount"]).scaleb(2) == truth[name]["amount"]
        assert row["transaction"]["status"] == truth[name]["state"]
    assert (outcome.status, outcome.complete, dict(outcome.skipped)) == ("active", True, {})
    assert {row["type"] for row in enrollment.live("account").values()} == set(SIGNS)
    balances = enrollment.live("balance")
    assert {name.partition("|")[2] for name in balances} == {BEGINNING.date().isoformat()}
    assert all(row["balance"]["account_id"] == row["account"]["id"] for row in balances.values())
    (detail,) = enrollment.live("detail").values()
    assert detail["account_number"] == "7720094418"


async def test_what_posted_or_changed_replaces_what_was_pending(
    bank: Bank, enrollment: Landed
) -> None:
    begun_at = next(
        moment
        for moment in (BEGINNING + timedelta(days=number) for number in range(30))
        if bank.move_to(moment) is None and pending(bank)
    )
    was_pending = pending(bank)
    await enrollment.run()
    assert was_pending <= set(enrollment.live("transaction"))
    whole = len(enrollment.live("transaction"))
    bank.move_to(begun_at + timedelta(days=9))
    outcome = await enrollment.run()
    assert outcome.rows["transaction"] < whole / 2, "only the last weeks were read again"
    assert "detail" not in outcome.rows, "numbers never change"
    now = enrollment.live("transaction")
    assert set(now) == set(shown(bank))
    assert not was_pending & set(now)
    anew = opened(bank, PRAIRIE)
    await anew.run(EVERYTHING)
    assert set(anew.live("transaction")) == set(now)


async def test_lines_of_weeks_in_which_nobody_read_are_not_lost(
    bank: Bank, enrollment: Landed
) -> None:
    bank.move_to(BEGINNING)
    await enrollment.run()
    bank.move_to(BEGINNING + timedelta(days=40))
    outcome = await enrollment.run()
    assert outcome.rows["transaction"] < len(enrollment.live("transaction"))
    assert set(enrollment.live("transaction")) == set(shown(bank))


@contextmanager
def long_account(count: int, *, is_stuck: bool = False) -> Iterator[str]:
    """Serve an account of so many lines, of one day, in pages as they are asked for."""
    lines = [{"id": f"t{number}", "date": "2026-10-01"} for number in range(count)]

    def answer(path: str, query: dict[str, str], _: BaseHTTPRequestHandler) -> Any:
        if path == "/accounts":
            return 200, {}, b'[{"id":"a","type":"depository","links":{"transactions":"x"}}]'
        begin = int(query["from_id"][1:]) + 1 if "from_id" in query and not is_stuck else 0
        return 200, {}, json.dumps(lines[begin : begin + int(query["count"])]).encode()

    with serving(answer) as url:
        yield url


async def test_long_lists_are_read_page_by_page() -> None:
    with long_account(1_200) as url:
        mine = Landed(teller, connection("teller", url, "t"), Settings())
        outcome = await mine.run()
    assert (outcome.complete, outcome.rows["transaction"]) == (True, 1_200)
    assert len(mine.live("transaction")) == 1_200


async def test_a_list_that_does_not_move_forward_is_no_whole_list() -> None:
    """A bank whose pages repeat: nothing of it is taken for gone, and the run says so."""
    with long_account(1_200, is_stuck=True) as url:
        mine = Landed(teller, connection("teller", url, "t"), Settings())
        outcome = await mine.run()
    assert outcome.failed == {"transaction": "Teller's list of lines does not move forward."}
    assert len(mine.live("transaction")) == 500


async def test_a_window_reads_its_days_alone_and_takes_nothing_away(
    bank: Bank, enrollment: Landed
) -> None:
    await enrollment.run()
    held = set(enrollment.live("transaction"))
    outcome = await enrollment.run(Window(BEGINNING - timedelta(days=5)))
    assert 0 < outcome.rows["transaction"] < len(held) / 4
    assert set(enrollment.live("transaction")) == held


async def test_a_disconnected_enrollment_waits_for_its_user(bank: Bank) -> None:
    bank.move_to(BEGINNING)
    mine = opened(bank, "test_token_disconnected")
    await mine.run()
    held = mine.live("transaction")
    bank.fault("disconnected", "/teller/accounts")
    outcome = await mine.run()
    assert outcome.status == "reconsent_required"
    assert outcome.reason == (
        "enrollment.disconnected.user_action.mfa_required: "
        "The enrollment is disconnected: the user must log in."
    )
    assert mine.live("transaction") == held


async def test_trouble_and_closed_accounts_cost_their_part_alone(
    bank: Bank, enrollment: Landed
) -> None:
    bank.fault("rate_limit", LINES, retry_after=0)
    bank.fault("error", LINES)
    bank.fault("cut", LINES)
    assert (await enrollment.run()).complete
    assert set(enrollment.live("transaction")) == set(shown(bank))
    closed = opened(bank, PRAIRIE)
    bank.fault("account_closed", LINES)
    outcome = await closed.run()
    assert outcome.complete
    assert 0 < len(closed.live("transaction")) < len(enrollment.live("transaction"))


async def test_a_malformed_line_lands_like_any_other(bank: Bank, enrollment: Landed) -> None:
    bank.fault("malformed_row", LINES)
    assert (await enrollment.run()).complete
    assert len(enrollment.live("transaction")) == len(shown(bank))


def test_a_certificate_that_cannot_be_used_stops_the_run_before_it_begins(tmp_path) -> None:
    settings = Settings(teller_certificate_file=tmp_path / "none.pem")
    with pytest.raises(NotConfiguredError, match=r"none\.pem"):
        teller.start(settings, [], window=None, objects=None, chunk_rows=1)


def test_what_was_listed_is_remembered_in_clickhouse(
    bank: Bank, fresh: Settings, warehouse_settings: Settings, warehouse: Any
) -> None:
    bank.move_to(BEGINNING)
    mine = connection("teller", f"{bank.sandbox.url}/teller", PRAIRIE, "ws_teller_load")
    assert backfill(warehouse_settings, [mine]).outcomes[0].complete
    bank.move_to(BEGINNING + timedelta(days=5))
    incremental(fresh, [mine])
    rows = warehouse.rows(
        "select id from raw.teller_transaction final where workspace_id = 'ws_teller_load'"
        " and not is_deleted"
    )
    assert {row["id"] for row in rows} == set(shown(bank))
