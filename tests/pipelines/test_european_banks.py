"""Are European banks read whole, within four calls a day, whatever they and their consents do?

Readers run without dlt here, over what it would keep; the last test goes the whole way.
"""

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import httpx
import pytest

from core.clock import utc_now
from core.connections import Connection
from core.settings import Settings
from linking.enablebanking import FLOW as ENABLE
from linking.enablebanking_token import application_headers
from linking.flow import Flow
from linking.gocardless import FLOW as GOCARDLESS
from linking.gocardless_token import application_token
from pipelines import enablebanking, gocardless
from pipelines.ingest import incremental
from pipelines.window import EVERYTHING, Window
from tests.european_banks import (
    AMSTEL,
    CALLBACK,
    HANSA,
    HANSA_AT_ENABLE,
    KARTEN,
    EuropeanBanks,
    read,
    running_banks,
)

pytestmark = pytest.mark.usefixtures("banks_clock")

BOTH = [(gocardless, GOCARDLESS, KARTEN, "/accounts/"), (enablebanking, ENABLE, AMSTEL, "/acc")]

# The company's lines end some days after it does: on a later day none is pending any more.
WITH_PENDING_LINES = ("--clock", "2026-11-24T12:00:00+00:00")


@pytest.fixture
def settings(european_banks: EuropeanBanks) -> Settings:
    return european_banks.configure(Settings())


def ids(connection: Connection, state: dict[str, Any]) -> list[str]:
    """The provider's ids of a connection's accounts, as its reader remembers them."""
    return list(state["connections"][connection.key]["accounts"])


def purse(connection: Connection, state: dict[str, Any], scope: str) -> dict[str, Any]:
    memory = state["connections"][connection.key]
    (account,) = memory["accounts"].values()
    return dict(account["scopes"][scope])


def test_gocardless_lands_every_line_of_a_bank_once(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection = european_banks.connect(GOCARDLESS, HANSA)
    rows, (outcome,) = read(gocardless, settings, [connection], {})
    lines = [
        line.id
        for account in ("eur_operating", "jpy_current")
        for line in european_banks.bank.lines_at(account, _now())
    ]
    named = [row["id"].split("/") for row in rows["transaction"]]
    assert sorted(parts[2] for parts in named if not parts[2].startswith("h_")) == sorted(lines)
    savings = european_banks.bank.lines_at("eur_savings", _now())
    assert sum(parts[2].startswith("h_") for parts in named) == len(savings)
    assert {tuple(parts[1:2]) for parts in named} == {("HANSA_HANDELSBANK_HNSADEHH",)}
    assert (outcome.status, outcome.complete, outcome.skipped) == ("active", True, {})
    assert sorted(rows) == [
        "account", "account_detail", "agreement", "balance", "call_budget", "institution",
        "requisition", "transaction",
    ]  # fmt: skip
    assert {row["origin"] for row in rows["transaction"]} == {"backfill"}


def test_enable_banking_follows_pages_to_the_end_through_an_empty_one(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection = european_banks.connect(ENABLE, AMSTEL)
    rows, (outcome,) = read(enablebanking, settings, [connection], {})
    lines = sum(
        len(european_banks.bank.lines_at(name, _now())) for name in ("eur_reserve", "kwd_current")
    )
    assert len({row["id"] for row in rows["transaction"]}) == lines > 50
    assert (outcome.complete, dict(outcome.rows)["transaction"]) == (True, lines)


def test_a_list_that_fills_a_chunk_goes_on_where_it_was(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection = european_banks.connect(ENABLE, HANSA_AT_ENABLE)
    rows, (outcome,) = read(enablebanking, settings, [connection], {}, chunk_rows=60)
    found = [row["id"] for row in rows["transaction"]]
    assert (
        len(found) == len(set(found)) == len(european_banks.bank.lines_at("eur_operating", _now()))
    )
    assert outcome.complete


@pytest.mark.parametrize(("package", "flow", "bank", "_"), BOTH)
def test_reading_again_changes_no_name_and_a_day_has_four_reads(
    european_banks: EuropeanBanks, settings: Settings, package: ModuleType, flow: Flow,
    bank: dict[str, str], _: str,
) -> None:  # fmt: skip
    connection, state = european_banks.connect(flow, bank), dict[str, Any]()
    reads = [read(package, settings, [connection], state)[0]]
    for _number in range(5):
        reads.append(read(package, settings, [connection], state, window=EVERYTHING)[0])
    whole = [frozenset(row["id"] for row in rows.get("transaction", ())) for rows in reads]
    assert whole[:4] == [whole[0]] * 4
    assert whole[0]
    assert whole[4:] == [frozenset()] * 2
    rows, (outcome,) = read(package, settings, [connection], state, window=EVERYTHING)
    assert set(rows) <= {"call_budget"}
    assert (outcome.status, outcome.complete) == ("active", True)
    assert outcome.skipped["transaction"].startswith("The bank's daily calls are used; the next at")


def test_a_run_that_finds_nothing_due_asks_nothing(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection, state = european_banks.connect(GOCARDLESS, KARTEN), dict[str, Any]()
    read(gocardless, settings, [connection], state)
    nowhere = settings.model_copy(update={"gocardless_api_url": "http://127.0.0.1:9"})
    elsewhere = Connection(
        connection.tenant, connection.id, "gocardless", "", connection.provider_account_id, "",
        connection.credentials,
    )  # fmt: skip
    rows, (outcome,) = read(gocardless, nowhere, [elsewhere], state)
    assert (rows, outcome.status, outcome.complete) == ({}, "active", True)
    assert not outcome.was_read
    assert outcome.reason.startswith("Lines are read next at 20")
    assert outcome.reason.count("UTC") == 2
    assert sorted(outcome.skipped) == ["account_detail", "balance", "transaction"]


@pytest.mark.parametrize(("package", "flow", "bank", "_"), BOTH)
def test_a_run_that_is_killed_between_calls_and_load_never_asks_a_fifth_time(
    european_banks: EuropeanBanks, settings: Settings, package: ModuleType, flow: Flow,
    bank: dict[str, str], _: str,
) -> None:  # fmt: skip
    """The plan is stored, the calls are made, the load is lost: again and again."""
    connection, kept = european_banks.connect(flow, bank), dict[str, Any]()
    for _number in range(6):
        lost = copy.deepcopy(kept)
        run = package.start(settings, [connection], window=EVERYTHING, objects=None, chunk_rows=9)
        _, _ = _chunk_and_discard(run, kept)
        lost = copy.deepcopy(kept)
        _, outcomes = _chunk_and_discard(run, lost)
        refused = [o for o in outcomes if any("limit" in t.lower() for t in o.skipped.values())]
        assert not refused


def _chunk_and_discard(run: Any, state: dict[str, Any]) -> tuple[Any, Any]:
    import asyncio

    from pipelines.batches import Sink

    if not run.is_done:
        asyncio.run(run.work(Sink(), state))
    return None, run.outcomes()


@pytest.mark.parametrize(("package", "flow", "bank", "path"), BOTH)
def test_an_ended_consent_waits_for_its_user_in_the_providers_words(
    european_banks: EuropeanBanks, settings: Settings, package: ModuleType, flow: Flow,
    bank: dict[str, str], path: str,
) -> None:  # fmt: skip
    connection, state = european_banks.connect(flow, bank), dict[str, Any]()
    read(package, settings, [connection], state)
    european_banks.strike("consent_expired", f"/{ids(connection, state)[0]}/balances")
    _, (outcome,) = read(package, settings, [connection], state, window=EVERYTHING)
    assert (outcome.status, outcome.complete) == ("reconsent_required", False)
    assert "expired" in outcome.reason
    _, (outcome,) = read(package, settings, [connection], state, window=EVERYTHING)
    assert outcome.status == "reconsent_required"
    assert "UTC" in outcome.reason or "expired" in outcome.reason


def test_a_reconnect_with_new_ids_keeps_every_account_and_line(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    for package, flow, bank in (
        (gocardless, GOCARDLESS, KARTEN),
        (enablebanking, ENABLE, AMSTEL),
    ):
        before, state = european_banks.connect(flow, bank), dict[str, Any]()
        first, _ = read(package, settings, [before], state)
        old = ids(before, state)
        renewed = european_banks.connect(flow, bank, renews=before)
        assert renewed.key == before.key
        second, (outcome,) = read(package, settings, [renewed], state)
        assert not set(ids(renewed, state)) & set(old)
        assert outcome.complete
        names = {row["id"] for row in first["transaction"]}
        assert {row["id"] for row in second["account"]} == {row["id"] for row in first["account"]}
        assert {row["id"] for row in second["transaction"]} < names  # two weeks back
        whole, _ = read(package, settings, [renewed], state, window=EVERYTHING)
        assert {row["id"] for row in whole["transaction"]} == names
        assert not any(row["is_deleted"] for row in second["transaction"])


def test_the_end_of_a_consent_is_told_before_it_comes_and_noticed_when_it_has(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection, state = european_banks.connect(ENABLE, AMSTEL), dict[str, Any]()
    _, (outcome,) = read(enablebanking, settings, [connection], state)
    assert "The consent ends" not in outcome.reason
    memory = state["connections"][connection.key]
    memory["ends"] = _now() + 13 * 86_400
    _, (outcome,) = read(enablebanking, settings, [connection], state)
    assert (outcome.status, "The consent ends at 20" in outcome.reason) == ("active", True)
    european_banks.strike("consent_expired", f"/{ids(connection, state)[0]}/details")
    with httpx.Client(trust_env=False) as client:
        headers = application_headers(settings, utc_now())
        url = f"{settings.enablebanking_api_url}/accounts/{ids(connection, state)[0]}/details"
        assert client.get(url, headers=headers).status_code == 401
    memory["ends"] = _now()  # nothing is due, and still it is noticed
    _, (outcome,) = read(enablebanking, settings, [connection], state)
    assert outcome.status == "reconsent_required"
    assert outcome.reason.startswith("The session is EXPIRED. It was given until 20")


def test_a_token_that_ends_in_mid_run_is_renewed_and_nothing_is_lost(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection = european_banks.connect(GOCARDLESS, HANSA)
    whole, _ = read(gocardless, settings, [connection], {})
    state: dict[str, Any] = {}
    european_banks.strike("token_expired", "/gocardless/.*/transactions/$")
    rows, (outcome,) = read(
        gocardless, settings, [european_banks.connect(GOCARDLESS, HANSA)], state
    )
    assert (outcome.status, outcome.complete) == ("active", True)
    assert len(rows["transaction"]) == len(whole["transaction"])


def test_what_the_provider_says_is_left_outranks_what_was_counted(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    """Another application of the same user may have used the account's calls."""
    connection, state = european_banks.connect(GOCARDLESS, KARTEN), dict[str, Any]()
    read(gocardless, settings, [connection], state)
    european_banks.strike("budget_exhausted", f"/{ids(connection, state)[0]}/balances/")
    rows, (outcome,) = read(gocardless, settings, [connection], state, window=EVERYTHING)
    assert "balance" not in rows
    assert rows["transaction"]
    assert (outcome.status, outcome.complete) == ("active", True)
    assert "Rate limit exceeded" in outcome.skipped["balance"]
    blocked = purse(connection, state, "balances")["blocked"]
    assert abs(blocked - _now() - 86_400) < 120
    _, (outcome,) = read(gocardless, settings, [connection], state, window=EVERYTHING)
    assert "the next at" in outcome.skipped["balance"]


def test_a_bank_that_says_only_too_many_is_left_alone_for_hours(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection, state = european_banks.connect(ENABLE, HANSA_AT_ENABLE), dict[str, Any]()
    read(enablebanking, settings, [connection], state)
    european_banks.strike("budget_exhausted", f"/{ids(connection, state)[0]}/balances")
    _, (outcome,) = read(enablebanking, settings, [connection], state, window=EVERYTHING)
    assert outcome.skipped["balance"] == "ASPSP rate limit exceeded"
    assert abs(purse(connection, state, "balances")["blocked"] - _now() - 6 * 3_600) < 120


def test_a_failing_bank_costs_its_scope_no_call_and_an_answer_that_is_lost_does(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection, state = european_banks.connect(GOCARDLESS, KARTEN), dict[str, Any]()
    read(gocardless, settings, [connection], state)
    account = ids(connection, state)[0]
    european_banks.strike("institution_down", f"/{account}/balances/")
    european_banks.strike("cut", f"/{account}/transactions/")
    rows, (outcome,) = read(gocardless, settings, [connection], state, window=EVERYTHING)
    assert (outcome.status, outcome.complete) == ("degraded", False)
    assert outcome.failed["balance"] == (
        "Couldn't update account balances Institution service unavailable"
    )
    assert "1 attempts failed" in outcome.failed["transaction"]
    assert "transaction" not in rows
    assert len(purse(connection, state, "balances")["calls"]) == 1
    lost = purse(connection, state, "transactions")
    assert len(lost["calls"]) == 2
    assert lost["blocked"] > _now() + 3_000


def test_a_page_key_that_is_lost_begins_the_list_anew(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection, state = european_banks.connect(ENABLE, HANSA_AT_ENABLE), dict[str, Any]()
    whole, _ = read(enablebanking, settings, [connection], state)
    account = ids(connection, state)[0]
    european_banks.strike("continuation_lost", f"/{account}/transactions")
    again, (outcome,) = read(enablebanking, settings, [connection], state, window=EVERYTHING)
    assert outcome.complete
    names = {row["id"] for row in whole["transaction"]}
    assert {row["id"] for row in again["transaction"]} == names
    assert len(again["transaction"]) > len(names)


def test_a_bank_without_a_longest_history_gives_its_default_one(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    connection = european_banks.connect(ENABLE, HANSA_AT_ENABLE)
    european_banks.strike("longest_refused", "/enablebanking/accounts/.*/transactions")
    rows, (outcome,) = read(enablebanking, settings, [connection], {})
    since = (datetime.fromtimestamp(_now(), UTC) - timedelta(days=90)).date()
    shown = european_banks.bank.lines_at("eur_operating", _now())
    assert outcome.complete
    assert len(rows["transaction"]) == sum(line.booked_on >= since for line in shown) > 0


def test_an_account_without_details_is_named_by_its_number_and_read(
    european_banks: EuropeanBanks, settings: Settings
) -> None:
    token = application_token(settings).current()
    with httpx.Client(
        base_url=f"{settings.gocardless_api_url}/api/v2", trust_env=False,
        headers={"Authorization": f"Bearer {token}"},
    ) as client:  # fmt: skip
        scopes = {"access_scope": ["balances", "transactions"], "max_historical_days": 730}
        agreement = client.post("/agreements/enduser/", json=KARTEN | scopes).json()
        wanted = {"redirect": CALLBACK, "agreement": agreement["id"]}
        requisition = client.post("/requisitions/", json=KARTEN | wanted).json()
        assert client.get(requisition["link"]).status_code == 302
    connection = european_banks.connect(GOCARDLESS, KARTEN)
    whole, _ = read(gocardless, settings, [connection], {})
    narrow = replace(connection, credentials={"requisition_id": requisition["id"]})
    rows, (outcome,) = read(gocardless, settings, [narrow], {})
    assert "EUA doesn't allow access to account details" in outcome.skipped["account_detail"]
    assert (outcome.status, outcome.complete) == ("active", True)
    names = {row["id"] for row in rows["transaction"]}
    assert names == {row["id"].replace(".EUR/", "/") for row in whole["transaction"]}


def test_a_window_asks_for_its_days_alone_and_buries_no_pending_line(tmp_path) -> None:
    with running_banks(tmp_path, *WITH_PENDING_LINES) as banks:
        settings = banks.configure(Settings())
        connection, state = banks.connect(GOCARDLESS, KARTEN), dict[str, Any]()
        first, _ = read(gocardless, settings, [connection], state)
        window = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC))
        rows, _ = read(gocardless, settings, [connection], state, window=window)
    days = {json.loads(row["payload"])["bookingDate"] for row in rows["transaction"]}
    assert days
    assert min(days) >= "2026-06-01"
    assert max(days) <= "2026-06-30"
    assert "pending_transaction" not in rows
    assert first["pending_transaction"]


@pytest.mark.parametrize(("package", "flow", "bank", "path"), BOTH)
def test_a_malformed_row_lands_among_the_others(
    european_banks: EuropeanBanks, settings: Settings, package: ModuleType, flow: Flow,
    bank: dict[str, str], path: str,
) -> None:  # fmt: skip
    connection, state = european_banks.connect(flow, bank), dict[str, Any]()
    whole, _ = read(package, settings, [connection], state)
    european_banks.strike("malformed_row", f"/{ids(connection, state)[-1]}/balances")
    rows, (outcome,) = read(package, settings, [connection], state, window=EVERYTHING)
    assert outcome.complete
    assert len(rows["balance"]) == len(whole["balance"])
    assert sum("forty-two" in row["payload"] for row in rows["balance"]) == 1


def test_a_pending_line_becomes_the_booked_one_or_is_buried(tmp_path) -> None:
    """The clock moves: what was pending is booked, under its own id, another, or not at all."""
    with running_banks(tmp_path, *WITH_PENDING_LINES) as banks:
        settings = banks.configure(Settings())
        pairs = (
            (gocardless, banks.connect(GOCARDLESS, KARTEN), "pending_transaction"),
            (enablebanking, banks.connect(ENABLE, AMSTEL), "transaction"),
        )
        states: list[dict[str, Any]] = [{}, {}]
        before = [
            read(package, settings, [connection], state)[0]
            for (package, connection, _), state in zip(pairs, states, strict=True)
        ]
        banks.advance(5 * 86_400)
        for (package, connection, table), state, first in zip(pairs, states, before, strict=True):
            pending = _pending(first, table)
            rows, (outcome,) = read(package, settings, [connection], state, window=EVERYTHING)
            still = _pending(rows, table)
            booked = {row["id"] for row in rows["transaction"] if row["id"] not in still}
            buried = {row["id"] for row in rows.get(table, ()) if row["is_deleted"]}
            assert outcome.complete
            expected = pending - still - (booked if table == "transaction" else set())
            assert buried == expected
        assert _pending(before[0], "pending_transaction")


def _pending(rows: dict[str, list[dict[str, Any]]], table: str) -> set[str]:
    found = [row for row in rows.get(table, ()) if not row["is_deleted"]]
    if table == "transaction":
        found = [row for row in found if json.loads(row["payload"])["status"] == "PDNG"]
    return {row["id"] for row in found}


def test_the_whole_way_many_connections_land_side_by_side_and_one_fails_alone(
    european_banks: EuropeanBanks, fresh: Settings, warehouse: Any
) -> None:
    settings = european_banks.configure(fresh)
    good = [european_banks.connect(GOCARDLESS, HANSA, workspace="ws_euro") for _ in range(2)]
    gone = european_banks.connect(GOCARDLESS, KARTEN, workspace="ws_euro")
    GOCARDLESS.revoke(settings, gone.credentials, "")
    report = incremental(settings, [*good, gone])
    outcomes = {outcome.connection.id: outcome for outcome in report.outcomes}
    assert outcomes[gone.id].status == "reconsent_required"
    assert all(outcomes[connection.id].complete for connection in good)
    counts = warehouse.rows(
        "select connection_id, count() as lines, uniqExact(id) as names"
        " from raw.gocardless_transaction final where workspace_id = 'ws_euro' group by 1"
    )
    lines = len(
        [
            line
            for account in ("eur_operating", "eur_savings", "jpy_current")
            for line in european_banks.bank.lines_at(account, _now())
        ]
    )
    assert sorted(row["connection_id"] for row in counts) == sorted(c.id for c in good)
    assert {(row["lines"], row["names"]) for row in counts} == {(lines, lines)}
    again = incremental(settings, good)
    assert again.rows == {}
    assert all("Read next at" in o.skipped["transaction"] for o in again.outcomes)


def _now() -> int:
    return int(utc_now().timestamp())
