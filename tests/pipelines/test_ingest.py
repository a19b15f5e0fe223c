"""Guards the whole way: Stripe's lists over HTTP, dlt, ClickHouse; kills, lost disks, bad keys."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest

from core.errors import ConflictError, InvalidInputError
from pipelines.ingest import backfill, incremental, ingest_pipeline, shard_of
from pipelines.stripe.client import API_VERSION
from pipelines.window import Window
from tests.pipelines.fake_stripe import FakeStripe, charge, connection, serving

START = 1_790_000_000
GOOD_KEY = "Basic c2tfdGVzdF8xOg=="  # sk_test_1


@contextmanager
def served(stripe: FakeStripe) -> Iterator[str]:
    """Serve a fake over HTTP to whoever has the good key."""

    def answer(path: str, query: dict[str, str], request: BaseHTTPRequestHandler):
        if request.headers["Authorization"] != GOOD_KEY:
            return 401, {}, b'{"error": {"message": "Invalid API Key provided: sk_test_****"}}'
        status, body = stripe.answer(path, query)
        return status, {}, body

    with serving(answer) as url:
        yield url


def small_account(charges: int = 250) -> FakeStripe:
    return FakeStripe({
        "/v1/charges": [charge(n, START + n) for n in range(charges)],
        "/v1/customers": [{"id": "cus_1", "object": "customer", "created": START}],
        "/v1/events": [],
    })  # fmt: skip


def test_a_backfill_lands_each_object_and_says_what_it_skipped(fresh, held):
    with served(small_account()) as url:
        report = backfill(fresh, [connection("ws_small", url=url)])
    (outcome,) = report.outcomes
    assert report.rows == {"charge": 250, "customer": 1}
    assert (outcome.status, outcome.complete, outcome.failed) == ("active", True, {})
    assert outcome.skipped["refund"] == "Unrecognized request URL"
    assert sorted(held("ws_small", "charge")) == [f"ch_{n:06d}" for n in range(250)]


def test_payloads_are_kept_byte_for_byte(fresh, held):
    """72.10 stays 72.10, and spaces, escapes and the order of keys stay as they came."""
    payload = (
        '{ "id":"ch_1" ,"object": "charge","created":1790000000, "rate":72.10,"big":1e2,'
        ' "name":"Zo\\u00eb \\u2028 é"}'
    )

    def answer(path, query, _):
        data = payload if path == "/v1/charges" and "starting_after" not in query else ""
        return 200, {}, f'{{"data": [{data}], "has_more": false}}'.encode()

    with serving(answer) as url:
        backfill(fresh, [connection("ws_bytes", url=url)], objects=["charge"])
    assert held("ws_bytes", "charge") == {"ch_1": (0, payload)}


def test_both_invoice_shapes_are_stored_as_they_come(fresh, held):
    before = {
        "id": "in_1",
        "object": "invoice",
        "created": START,
        "charge": "ch_1",
        "subscription": "sub_1",
    }
    since = {
        "id": "in_2",
        "object": "invoice",
        "created": START,
        "parent": {"subscription_details": {"subscription": "sub_1"}},
    }
    with served(FakeStripe({"/v1/invoices": [before, since]})) as url:
        backfill(fresh, [connection("ws_shapes", url=url)], objects=["invoice"])
    found = {id: json.loads(payload) for id, (_, payload) in held("ws_shapes", "invoice").items()}
    assert found == {"in_1": before, "in_2": since}


def test_a_second_backfill_changes_nothing(fresh, held):
    with served(small_account()) as url:
        mine = connection("ws_twice", url=url)
        backfill(fresh, [mine])
        before = held("ws_twice", "charge")
        report = backfill(fresh, [mine])
    assert report.rows["charge"] == 250
    assert held("ws_twice", "charge") == before


def test_a_bad_key_fails_alone_and_says_so(fresh, held):
    with served(small_account()) as url:
        good = connection("ws_alone", "conn_good", url)
        bad = connection("ws_alone", "conn_bad", url, key="sk_test_wrong")
        report = backfill(fresh, [bad, good])
    outcomes = {outcome.connection.id: outcome for outcome in report.outcomes}
    assert outcomes["conn_bad"].status == "reconsent_required"
    assert outcomes["conn_bad"].reason == "Invalid API Key provided: sk_test_****"
    assert [outcome.connection.id for outcome in report.failures] == ["conn_bad"]
    assert (outcomes["conn_good"].status, outcomes["conn_good"].complete) == ("active", True)
    assert len(held("ws_alone", "charge")) == 250


def test_what_is_read_below_a_list_fails_and_is_skipped_with_it(fresh):
    """Of a failed list's parents nobody knows all, so their children are not whole either."""
    invoices = [
        {"id": f"in_{n}", "object": "invoice", "created": START + n,
         "lines": {"data": [], "has_more": False}} for n in range(2)
    ]  # fmt: skip
    stripe = FakeStripe({"/v1/invoices": invoices, "/v1/events": []})
    stripe.tamper = lambda path, _, page: {**page, "data": page["data"][::-1]}
    asked = ["invoice", "line_item", "transfer", "transfer_reversal"]
    with served(stripe) as url:
        mine = connection("ws_below", url=url)
        (outcome,) = backfill(fresh, [mine], objects=asked).outcomes
    assert set(outcome.failed) == {"invoice", "line_item"}
    assert outcome.skipped == dict.fromkeys(
        ("transfer", "transfer_reversal"), "Unrecognized request URL"
    )


def test_a_list_that_lies_fails_alone_and_is_read_by_the_next_run(fresh, held):
    stripe = small_account()
    stripe.tamper = lambda path, _, page: (
        {**page, "data": page["data"][::-1]} if "charges" in path else page
    )
    with served(stripe) as url:
        mine = connection("ws_liar", url=url)
        (outcome,) = backfill(fresh, [mine]).outcomes
        assert (outcome.status, outcome.complete, outcome.rows) == (
            "degraded",
            False,
            {"customer": 1},
        )
        assert "newer than" in outcome.failed["charge"]
        stripe.tamper = None
        stripe.requests.clear()
        (outcome,) = backfill(fresh, [mine]).outcomes
    assert (outcome.complete, outcome.rows) == (True, {"charge": 250})
    assert {path for path, _ in stripe.requests} == {"/v1/charges"}


def test_a_window_lands_only_what_was_created_in_it(fresh, held):
    window = Window(
        datetime.fromtimestamp(START + 10, UTC), datetime.fromtimestamp(START + 20, UTC)
    )
    with served(small_account()) as url:
        backfill(fresh, [connection("ws_window", url=url)], window=window, objects=["charge"])
    assert sorted(held("ws_window", "charge")) == [f"ch_{n:06d}" for n in range(10, 20)]


def test_an_incremental_run_brings_updates_creations_and_removals(fresh, held):
    stripe = small_account()
    with served(stripe) as url:
        mine = connection("ws_changes", url=url)
        assert incremental(fresh, [mine]).rows == {"charge": 250, "customer": 1}
        stripe.requests.clear()
        now = int(datetime.now(UTC).timestamp()) + 2  # noqa: TID251  (events lie after the backfill)
        stripe.lists["/v1/events"] = [
            {"id": f"evt_{n}", "object": "event", "created": now + n, "type": kind,
             "api_version": API_VERSION,
             "data": {"object": body}}
            for n, (kind, body) in enumerate([
                ("charge.refunded", charge(7, START + 7, refunded=True)),
                ("charge.succeeded", charge(900, now)),
                ("customer.deleted", {"id": "cus_1", "object": "customer"}),
            ])
        ]  # fmt: skip
        stripe.held_at = 1
        report = incremental(fresh, [mine])
    assert report.rows == {"charge": 2, "customer": 1, "event": 3}
    assert {path for path, _ in stripe.requests} >= {"/v1/events"}
    assert "/v1/charges" not in {path for path, _ in stripe.requests}
    charges = held("ws_changes", "charge")
    assert len(charges) == 251
    assert json.loads(charges["ch_000007"][1])["refunded"] is True
    assert held("ws_changes", "customer")["cus_1"][0] == 1


def test_state_comes_back_from_clickhouse_on_an_empty_disk(fresh, warehouse_settings, held):
    stripe = small_account()
    with served(stripe) as url:
        mine = connection("ws_disk", url=url)
        incremental(warehouse_settings, [mine])
        stripe.requests.clear()
        report = incremental(fresh, [mine])
    assert report.rows == {}
    assert "/v1/charges" not in {path for path, _ in stripe.requests}
    assert len(held("ws_disk", "charge")) == 250


def _backfill_in_a_process(settings, mine, landed) -> None:
    def first_load(rows) -> None:
        landed.put(sum(rows.values()))
        time.sleep(600)  # until it is killed: how far it would come is not the test's

    backfill(settings, [mine], chunk_rows=200, progress=first_load)
    landed.put(-1)


def test_a_backfill_killed_again_and_again_ends_complete_without_starting_over(fresh, held):
    """Killed right after its first committed load, three times; then left to finish."""
    stripe = small_account(charges=3000)
    mine_name = "ws_killed"
    context = multiprocessing.get_context("spawn")
    with served(stripe) as url:
        mine = connection(mine_name, url=url)
        for _ in range(3):
            landed = context.Queue()
            process = context.Process(target=_backfill_in_a_process, args=(fresh, mine, landed))
            process.start()
            assert landed.get(timeout=60) > 0
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        (outcome,) = backfill(fresh, [mine], chunk_rows=1000).outcomes
    assert outcome.complete
    assert sorted(held(mine_name, "charge")) == [f"ch_{n:06d}" for n in range(3000)]
    pages = [query for path, query in stripe.requests if path == "/v1/charges"]
    assert len(pages) < 30 + 3 * 16 + 10, "each kill may cost the pages of one chunk, not all"
    assert outcome.rows["charge"] < 3000 - 3 * 200


def test_two_processes_cannot_load_the_same_connections(fresh):
    import fcntl

    mine = connection("ws_locked", url="http://127.0.0.1:9")
    folder = fresh.data_dir / "dlt"
    folder.mkdir()
    with (folder / f"stripe_{shard_of(mine)}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConflictError):
            backfill(fresh, [mine])


def test_an_unknown_object_is_refused_before_anything_is_read(fresh):
    with pytest.raises(InvalidInputError, match="planet"):
        backfill(fresh, [connection("ws_typo")], objects=["planet"])


def test_dlt_tells_nobody(fresh):
    from dlt.common.runtime import anon_tracker

    ingest_pipeline(fresh, "stripe")
    assert anon_tracker._ANON_TRACKER_ENDPOINT is None
